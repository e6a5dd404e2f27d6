"""A PostgreSQL server of a benchmark's own, where one is installed: made, started and removed with the measurement."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

PATIENCE = 60.0
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_wal_size": "4GB",
    # The data is made and thrown away: nothing of it need survive a power cut.
    "fsync": "off",
}


@contextmanager
def databases() -> Iterator[Callable[[str], str]]:
    """The URL of a new database by its name, in a server that ends with the block; "" where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        yield lambda name: ""
        return
    folder = Path(tempfile.mkdtemp(prefix="viz-bench-postgres-"))
    try:
        with _server(found[-1].parent, folder) as port:
            yield lambda name: _made(port, name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(binaries: Path, folder: Path) -> Iterator[int]:
    user = _unprivileged()
    if user:
        shutil.chown(folder, user)
    data = str(folder / "data")
    initdb = [str(binaries / "initdb"), "-D", data, "-U", "viz", "-A", "trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, user=user)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = [str(binaries / "postgres"), "-D", data, "-p", str(port), *options]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, user=user, cwd=folder) as server:
        try:
            _await(server, port)
            yield port
        finally:
            server.terminate()


def _unprivileged() -> str | None:
    """PostgreSQL does not run as root: the user that it was packaged with, else nobody."""
    if os.getuid() != 0:
        return None
    return "postgres" if "postgres" in {each.pw_name for each in pwd.getpwall()} else "nobody"


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return psycopg.connect(_url(port, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                raise
        time.sleep(0.05)


def _made(port: int, name: str) -> str:
    with psycopg.connect(_url(port, "postgres"), autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    return _url(port, name)


def _url(port: int, name: str) -> str:
    return f"postgresql://viz@127.0.0.1:{port}/{name}"


class Meter:
    """CPU seconds of this process, and of the PostgreSQL server that answers it at `url`: "" for none."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True) if url else None
        self._ran: dict[Path, int] = {}

    def look(self) -> None:
        """Find who answers this process by now: one process of the server's for each connection."""
        if self._connection is not None:
            found = self._connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND datname = current_database() AND pid <> pg_backend_pid()"
            )
            self._ran = {Path(f"/proc/{pid}/schedstat"): 0 for (pid,) in found}

    def spent(self) -> float:
        """So far. Its differences count, as long as nobody new answers."""
        for file in self._ran:
            with contextlib.suppress(FileNotFoundError):  # it has ended: what it had run stands
                self._ran[file] = int(file.read_text().split()[0])
        return time.process_time() + sum(self._ran.values()) / 1e9

    def close(self) -> None:
        """Ask no more."""
        if self._connection is not None:
            self._connection.close()


def scans(url: str) -> dict[str, int]:
    """How often each of the large tables was read from its beginning to its end; nothing where it is no PostgreSQL."""
    if not url:
        return {}
    statement = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY(%s)"
    with psycopg.connect(url) as connection:
        return dict(connection.execute(statement, [["history_episode", "history_hop", "history_samples"]]).fetchall())
