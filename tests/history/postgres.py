"""A PostgreSQL server of the tests' own: started, killed, stopped and continued as a test likes."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.processes import eventually, free_port

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # The machine does not lose power between two tests, and what is killed here has written to the kernel.
    "fsync": "off",
    "max_connections": "50",
    "shared_buffers": "16MB",
}


def binaries() -> Path | None:
    """Where PostgreSQL's server is installed: Debian keeps it off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    other = shutil.which("initdb")
    return Path(other).resolve().parent if other else None


def _unprivileged() -> str | None:
    """The server refuses to run as root: the user that it was packaged with, or anybody."""
    if os.getuid() != 0:
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@dataclass
class Postgres:
    """The server. `url` names its template database, `database(name)` another one."""

    bin: Path
    port: int = field(default_factory=free_port)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="viz-postgres-")))
    user: str | None = field(default_factory=_unprivileged)
    child: subprocess.Popen[bytes] | None = None

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://viz:a-password@127.0.0.1:{self.port}/{name}"

    def make(self) -> None:
        """Make the cluster's files."""
        if self.user:
            shutil.chown(self.folder, self.user)
        command = ["initdb", "-D", self.folder / "data", "-U", "viz", "-A", "trust", "--no-sync", "-E", "UTF8"]
        subprocess.run([self.bin / command[0], *command[1:]], check=True, stdout=subprocess.DEVNULL, user=self.user)

    def start(self) -> None:
        """Start it, and wait until it lets somebody in."""
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self.child = subprocess.Popen(
            [self.bin / "postgres", "-D", self.folder / "data", "-p", str(self.port), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.user,
            cwd=self.folder,
        )
        eventually(self._answers, "PostgreSQL answers")

    def kill(self) -> None:
        """End it as a crash would: nothing is written, whoever is connected is cut off."""
        assert self.child
        self.child.send_signal(signal.SIGQUIT)
        self.child.wait(timeout=30)

    def run(self, *statements: str) -> None:
        """Run statements on their own, such as CREATE DATABASE."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _answers(self) -> bool:
        assert self.child and self.child.poll() is None, "PostgreSQL ended"
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def close(self) -> None:
        """End it and remove its files."""
        if self.child and self.child.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def make() -> Postgres:
    """A running server, or a skip that says what is missing."""
    found = binaries()
    if found is None:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql)")
    server = Postgres(found)
    server.make()
    server.start()
    return server
