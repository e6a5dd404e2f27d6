"""A process of ours beside this one: started, watched over, started again when it dies, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 20.0
STOP_SECONDS = 3.0
PAUSE_SECONDS = 1.0


class ChildError(Exception):
    """A child did not start; the message holds its last words."""


@dataclass
class ChildProcess:
    """`python -m MODULE OPTIONS`. It ends with its standard input, so that it outlives no parent, however that ends.

    `name` is what it is called in sentences; `ready` how the line begins that it prints once it serves, and
    `noticed` is told that line at each start. `options` are asked for at each start. `followers` are started anew
    after it was: what they knew of it has gone with it.
    """

    name: str
    module: str
    ready: str
    options: Callable[[], Sequence[str]]
    noticed: Callable[[str], None]
    say: Callable[[str], None]
    followers: list[ChildProcess] = field(default_factory=list)
    _child: asyncio.subprocess.Process | None = None

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """The child, serving for the length of the block, started again should it die. Raises ChildError."""
        try:
            await self.start()
            keeping = asyncio.create_task(self.keep(), name=self.module)
            try:
                yield
            finally:
                keeping.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await keeping
        finally:
            await self.stop()

    async def start(self) -> None:
        """Start it and return when it serves. Raises ChildError with its own words when it does not."""
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self.module,
            *self.options(),
            "--until-stdin-closes",
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
            raise ChildError(f"{self.name} did not serve within {START_SECONDS:.0f} s") from error
        if not line.startswith(self.ready):
            await self.stop()
            raise ChildError(f"{self.name} did not start: {line or 'it ended without a word'}")
        self.noticed(line)

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
            self.say(f"{self.name} ended ({code}); starting again")
            await self._again()
            for follower in self.followers:
                await follower.stop()

    async def _again(self) -> None:
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            try:
                await self.start()
            except ChildError as error:
                self.say(str(error))
            else:
                return

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
