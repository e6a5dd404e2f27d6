"""`manage.py sandbox`: the sandbox cluster alone, for `kubectl` or for `manage.py up` to talk to."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from dashboard.management.serving import kubeconfig
from dashboard.management.serving.command import ServingCommand
from dashboard.management.serving.options import add_sandbox_options, port
from dashboard.management.serving.process import interruptible, stop_signal
from dashboard.management.serving.sandbox_process import sandbox_from


class Command(ServingCommand):
    """Serve a sandbox until Ctrl-C or SIGTERM."""

    help = "Serve a sandbox cluster alone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where, and what it is like."""
        parser.add_argument("--port", type=port, default=0, help="port of its API (default: a free one)")
        add_sandbox_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the kubeconfig, serve, and take the kubeconfig back unless it was named."""
        interruptible()
        sandbox = sandbox_from(options, "port", self.say)

        async def run() -> None:
            async with stop_signal() as stopped, sandbox.serving():
                with kubeconfig.written(options["kubeconfig"], sandbox.server) as path:
                    self.say(f"\n  sandbox   {sandbox.server}\n  kubectl   export KUBECONFIG={path.absolute()}\n")
                    await stopped.wait()

        self.run_until_stopped(run())
