"""`manage.py up`: the pages for a cluster of your own, read-only unless `--allow-edits`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
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
    url_name,
)
from dashboard.management.serving.process import allow_host, interruptible, serve, stop_signal
from dashboard.management.serving.web_server import address
from dashboard.web import clusters, vendor


class Command(ServingCommand):
    """Watch the cluster of a kubeconfig context, or the one that this Pod runs in, and serve its pages."""

    help = "Serve the pages for the current kubeconfig context, or for the cluster that this runs in."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which cluster, where to serve, and whether to let people change things."""
        add_cluster_options(parser)
        add_web_options(parser)
        parser.add_argument("--allow-edits", action="store_true", help="let holders of the access token change things")

    def handle(self, *args: Any, **options: Any) -> None:
        """Bind first, so that a busy port stops it before anything runs."""
        interruptible()
        host: str = options["host"]
        policy_for(host, 0, open_on_loopback=False)
        listener = ports.bind(host, options["port"], FIRST_PORT, "--port")
        policy = policy_for(host, listener.getsockname()[1], open_on_loopback=False)
        allow_host(host)

        async def run() -> None:
            connection = await Connection.find(options["kubeconfig"], options["context"])
            name = url_name(connection.name)
            cluster = clusters.assemble(
                name, connection, kinds=settings.RECONCILERVIZ_KINDS, allow_edits=options["allow_edits"]
            )

            def ready() -> None:
                mode = "edits allowed" if cluster.allow_edits else "read-only"
                self.say(f"\n  ReconcilerViz  {page_address(address(listener, host), policy)}")
                self.say(f"  cluster        {connection.name} at {connection.server}, {mode}")
                self.say("\n  The address holds the access token. Ctrl-C stops.\n")

            try:
                async with stop_signal() as stopped:
                    await serve(cluster, listener, policy, stopped=stopped, ready=ready)
            finally:
                await connection.close()

        try:
            vendor.ensure(self.say)
            self.run_until_stopped(run())
        finally:
            listener.close()
