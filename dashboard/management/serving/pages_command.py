"""What the commands that serve pages of one cluster have in common: bind, connect, serve, and undo it all."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AsyncExitStack
from typing import Any

from django.core.management.base import CommandParser

from dashboard.cluster.connection import Connection
from dashboard.management.serving import ports
from dashboard.management.serving.command import ServingCommand
from dashboard.management.serving.options import (
    FIRST_PORT,
    add_cluster_options,
    add_web_options,
    page_address,
    policy_for,
)
from dashboard.management.serving.process import allow_host, interruptible, serve, stop_signal
from dashboard.management.serving.web_server import address
from dashboard.web import vendor
from dashboard.web.clusters import Cluster


class PagesCommand(ServingCommand):
    """Serves the pages of one cluster; a subclass says where its picture comes from."""

    @abstractmethod
    def cluster(self, connection: Connection, stack: AsyncExitStack, *, allow_edits: bool) -> Cluster:
        """The cluster to show. What must be closed after it goes on the stack."""

    @abstractmethod
    def greet(self, cluster: Cluster, connection: Connection, page: str) -> None:
        """Say that pages are answered; `page` is the address to open."""

    def require(self) -> None:
        """Raise CommandError where something is missing that no cluster could make up for."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Which cluster, where to serve, and whether to let people change things."""
        add_cluster_options(parser)
        add_web_options(parser)
        parser.add_argument("--allow-edits", action="store_true", help="let holders of the access token change things")

    def handle(self, *args: Any, **options: Any) -> None:
        """Bind first, so that a busy port stops it before anything runs."""
        self.require()
        interruptible()
        host: str = options["host"]
        policy_for(host, 0, open_on_loopback=False)
        listener = ports.bind(host, options["port"], FIRST_PORT, "--port")
        policy = policy_for(host, listener.getsockname()[1], open_on_loopback=False)
        allow_host(host)

        async def run() -> None:
            async with AsyncExitStack() as stack:
                connection = await Connection.find(options["kubeconfig"], options["context"])
                stack.push_async_callback(connection.close)
                cluster = self.cluster(connection, stack, allow_edits=options["allow_edits"])
                page = page_address(address(listener, host), policy)
                async with stop_signal() as stopped:
                    await serve(
                        cluster, listener, policy, stopped=stopped, ready=lambda: self.greet(cluster, connection, page)
                    )

        try:
            vendor.ensure(self.say)
            self.run_until_stopped(run())
        finally:
            listener.close()
