"""`manage.py sandbox`: the sandbox cluster alone, for `kubectl` or for `manage.py up` to talk to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.management.serving import kubeconfig, ports
from dashboard.management.serving.options import add_sandbox_options, port
from dashboard.management.serving.process import interruptible, stop_signal
from dashboard.management.serving.sandbox_process import FIRST_SANDBOX_PORT, SandboxError, SandboxProcess


class Command(BaseCommand):
    """Serve a sandbox until Ctrl-C or SIGTERM."""

    help = "Serve a sandbox cluster alone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where, and what it is like."""
        parser.add_argument("--port", type=port, default=None, help="port of its API")
        add_sandbox_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the kubeconfig, serve, and take the kubeconfig back unless it was named."""
        interruptible()
        number = ports.free("127.0.0.1", options["port"], FIRST_SANDBOX_PORT, "--port")
        sandbox = SandboxProcess("127.0.0.1", number, options["speed"], options["empty"], self.say)
        named: Path | None = options["kubeconfig"]
        path = kubeconfig.write(named, sandbox.server)

        async def run() -> None:
            async with stop_signal() as stopped, sandbox.serving():
                self.say(f"\n  sandbox   {sandbox.server}\n  kubectl   export KUBECONFIG={path.absolute()}\n")
                await stopped.wait()

        try:
            asyncio.run(run())
        except SandboxError as error:
            raise CommandError(str(error)) from error
        finally:
            if named is None:
                kubeconfig.remove(path)

    def say(self, text: str) -> None:
        """A line for whoever started it, at once."""
        self.stdout.write(text)
        self.stdout.flush()
