"""The sandbox as a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.management.serving import ports
from dashboard.management.serving.child_process import ChildProcess

LOOPBACK = "127.0.0.1"


@dataclass
class SandboxProcess:
    """One sandbox child.

    `port` 0 takes a free one; from the first start on it is the one taken, so that a new child serves there too.
    """

    host: str
    port: int
    speed: float
    empty: bool
    say: Callable[[str], None]
    state: Path | None = None
    child: ChildProcess = field(init=False)

    def __post_init__(self) -> None:
        self.child = ChildProcess(
            "the sandbox", "dashboard.sandbox", "sandbox ready", self._options, self._noticed, self.say
        )

    @property
    def server(self) -> str:
        """Where its API is served."""
        return f"http://{self.host}:{self.port}"

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """A sandbox that serves for the length of the block, started again should it die. Raises ChildError."""
        async with self.child.serving():
            yield

    def _options(self) -> list[str]:
        options = ["--host", self.host, "--port", str(self.port), "--speed", str(self.speed)]
        if self.state is not None:
            options += ["--state", str(self.state.absolute())]
        return [*options, "--empty"] if self.empty else options

    def _noticed(self, line: str) -> None:
        self.port = int(line.rpartition(":")[2])


def sandbox_from(options: Mapping[str, Any], port_option: str, say: Callable[[str], None]) -> SandboxProcess:
    """The sandbox that a command's options ask for. Raises CommandError for a named port that is busy."""
    port: int = options[port_option]
    if port:
        ports.check(LOOPBACK, port, f"--{port_option.replace('_', '-')}")
    return SandboxProcess(LOOPBACK, port, options["speed"], options["empty"], say, options["state"])
