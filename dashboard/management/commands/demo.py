"""`manage.py demo`: a sandbox cluster, the watch and the pages in one go, with nothing else at hand."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from dashboard.cluster.connection import Connection
from dashboard.management.serving import kubeconfig, ports
from dashboard.management.serving.command import ServingCommand
from dashboard.management.serving.operators import operate
from dashboard.management.serving.options import (
    FIRST_PORT,
    add_sandbox_options,
    add_web_options,
    page_address,
    policy_for,
    port,
)
from dashboard.management.serving.process import allow_host, interruptible, running, serve, stop_signal
from dashboard.management.serving.sandbox_process import sandbox_from
from dashboard.management.serving.web_server import address
from dashboard.web import clusters, vendor


class Command(ServingCommand):
    """Start everything, say where it is, and stop cleanly on Ctrl-C or SIGTERM."""

    help = "Start a sandbox cluster, the watch and the pages in one go."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to serve, and what the sandbox is like."""
        add_web_options(parser)
        parser.add_argument("--sandbox-port", type=port, default=0, help="port of its API (default: a free one)")
        add_sandbox_options(parser)
        parser.add_argument(
            "--operators",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="run the database and the bucket operator, with one object of each beside the shop",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Bind first, so that a busy port stops it before anything runs."""
        interruptible()
        host: str = options["host"]
        listener = ports.bind(host, options["port"], FIRST_PORT, "--port")
        policy = policy_for(host, listener.getsockname()[1], open_on_loopback=ports.is_loopback(host))
        allow_host(host)
        sandbox = sandbox_from(options, "sandbox_port", self.say)

        async def run() -> None:
            async with stop_signal() as stopped, sandbox.serving():
                with kubeconfig.written(options["kubeconfig"], sandbox.server) as path:
                    await show(stopped, path)

        async def show(stopped: asyncio.Event, path: Path) -> None:
            shown = asyncio.Event()

            def ready() -> None:
                self.say(f"\n  ReconcilerViz  {page_address(address(listener, host), policy)}")
                self.say(f"  kubectl        export KUBECONFIG={path.absolute()}")
                self.say("\n  A sandbox cluster, on this machine only. Ctrl-C stops all of it.\n")
                if options["operators"]:
                    shown.set()

            connection = await Connection.from_kubeconfig(path)
            kinds = settings.RECONCILERVIZ_KINDS
            cluster = clusters.assemble("sandbox", connection, kinds=kinds, sandbox=True, allow_edits=True)
            try:
                async with running(operate(sandbox, path, shown, self.say), "operators"):
                    await serve(cluster, listener, policy, stopped=stopped, ready=ready)
            finally:
                await connection.close()

        try:
            vendor.ensure(self.say)
            self.run_until_stopped(run())
        finally:
            listener.close()
