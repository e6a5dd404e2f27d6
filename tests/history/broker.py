"""A Redis server of the tests' own, with nothing on disk: what is killed has lost what it held."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field

import redis

from tests.processes import eventually, free_port
from tests.redis_server import binary


@dataclass
class Redis:
    """The server, on one port over all its lives."""

    port: int = field(default_factory=free_port)
    password: str = ""
    child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://{f':{self.password}@' if self.password else ''}127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it empty, and wait until it answers."""
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "requirepass": self.password}
        self.child = subprocess.Popen(
            [binary(), *(part for name, value in options.items() for part in (f"--{name}", str(value)))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._answers, "Redis answers")

    def _answers(self) -> bool:
        assert self.child and self.child.poll() is None, "Redis ended"
        try:
            with redis.Redis(port=self.port, password=self.password or None, socket_connect_timeout=1) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        """End it at once, and all that it held."""
        if self.child and self.child.poll() is None:
            self.child.kill()
            self.child.wait()
