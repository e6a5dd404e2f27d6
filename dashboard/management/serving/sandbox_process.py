"""The sandbox as a process of its own: started, watched over, started again when it dies, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.management.serving import ports

ROOT = Path(__file__).resolve().parents[3]
LOOPBACK = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = 3.0


class SandboxError(Exception):
    """The sandbox did not start; the message holds its last words."""


@dataclass
class SandboxProcess:
    """One sandbox child. It ends with its standard input, so that it outlives no parent, however that ends.

    `port` 0 takes a free one; from the first start on it is the one taken, so that a new child serves there too.
    """

    host: str
    port: int
    speed: float
    empty: bool
    say: Callable[[str], None]
    _child: asyncio.subprocess.Process | None = None

    @property
    def server(self) -> str:
        """Where its API is served."""
        return f"http://{self.host}:{self.port}"

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """A sandbox that serves for the length of the block, started again should it die. Raises SandboxError."""
        try:
            await self.start()
            keeping = asyncio.create_task(self.keep(), name="sandbox")
            try:
                yield
            finally:
                keeping.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await keeping
        finally:
            await self.stop()

    async def start(self) -> None:
        """Start it and return when it serves. Raises SandboxError with its own words when it does not."""
        options = ["--host", self.host, "--port", str(self.port), "--speed", str(self.speed), "--until-stdin-closes"]
        if self.empty:
            options.append("--empty")
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "dashboard.sandbox",
            *options,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # A Ctrl-C in the terminal goes to the parent, which stops the child in its own time.
            start_new_session=True,
        )
        try:
            line = await asyncio.wait_for(self._line(), START_SECONDS)
        except TimeoutError as error:
            await self.stop()
            raise SandboxError(f"the sandbox did not serve within {START_SECONDS:.0f} s") from error
        if not line.startswith("sandbox ready"):
            await self.stop()
            raise SandboxError(f"the sandbox did not start: {line or 'it ended without a word'}")
        self.port = int(line.rpartition(":")[2])

    def _running(self) -> asyncio.subprocess.Process:
        if self._child is None:
            raise RuntimeError("start() comes first")
        return self._child

    async def _line(self) -> str:
        """Its next line of output, "" at the end."""
        stdout = self._running().stdout
        return (await stdout.readline()).decode(errors="replace").rstrip() if stdout else ""

    async def keep(self) -> None:
        """Pass on what it prints, and start it again whenever it ends, until cancelled."""
        while True:
            while line := await self._line():
                self.say(line)
            code = await self._running().wait()
            self.say(f"the sandbox ended ({code}); starting a new one on the same port")
            await asyncio.sleep(1)
            await self.start()

    async def stop(self) -> None:
        """End it: first by closing its input, then by force."""
        child = self._child
        if child is None or child.returncode is not None:
            return
        if child.stdin:
            child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), STOP_SECONDS)
        except TimeoutError:
            child.kill()
            await child.wait()


def sandbox_from(options: Mapping[str, Any], port_option: str, say: Callable[[str], None]) -> SandboxProcess:
    """The sandbox that a command's options ask for. Raises CommandError for a named port that is busy."""
    port: int = options[port_option]
    if port:
        ports.check(LOOPBACK, port, f"--{port_option.replace('_', '-')}")
    return SandboxProcess(LOOPBACK, port, options["speed"], options["empty"], say)
