"""Databases for what is kept: a SQLite file and a real PostgreSQL server, tables made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from dashboard.history import reading
from dashboard.history.aside import Aside
from reconcilerviz.database import database
from tests.history import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    server = postgres.make()
    yield server
    server.close()


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    file = tmp_path_factory.mktemp("tables") / "history.sqlite3"
    with django_db_blocker.unblock():
        _use(database("", file))
        call_command("migrate", verbosity=0)
        connections["default"].close()
    return file


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: postgres.Postgres, django_db_blocker: Any) -> str:
    postgres_server.run("CREATE DATABASE tables")
    with django_db_blocker.unblock():
        _use(database(postgres_server.url("tables"), Path()))
        call_command("migrate", verbosity=0)
        connections["default"].close()
    return "tables"


@pytest.fixture
def sqlite(sqlite_tables: Path, tmp_path: Path) -> str:
    """The URL of a SQLite database with tables."""
    file = tmp_path / "history.sqlite3"
    shutil.copy(sqlite_tables, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgresql(postgres_server: postgres.Postgres, postgres_tables: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with tables."""
    postgres_server.run("DROP DATABASE IF EXISTS kept WITH (FORCE)", f"CREATE DATABASE kept TEMPLATE {postgres_tables}")
    yield postgres_server.url("kept")
    postgres_server.run("DROP DATABASE IF EXISTS kept WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Django's database is one of each kind in turn; its URL."""
    yield from _installed(request.getfixturevalue(request.param), django_db_blocker, monkeypatch)


@pytest.fixture
def kept(sqlite: str, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Django's database is a SQLite file; its URL."""
    yield from _installed(sqlite, django_db_blocker, monkeypatch)


@pytest.fixture
def empty(tmp_path: Path, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Django's database is a SQLite file that is not there yet, in a folder that is not; its URL."""
    yield from _installed(f"sqlite:///{tmp_path}/data/history.sqlite3", django_db_blocker, monkeypatch)


def _installed(url: str, blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    # Threads keep the connection that they had: readers of the test before have the wrong one.
    readers = Aside("history-reader", threads=2)
    monkeypatch.setattr(reading, "_readers", readers)
    with blocker.unblock():
        _use(database(url, Path()))
        yield url
        connections["default"].close()
        readers.stop()


def _use(settings: dict[str, Any]) -> None:
    """From now on `settings` are those of the default database, in every thread that has not asked yet."""
    before = connections.settings["default"]
    connections.settings["default"] = {**before, **settings}
    if hasattr(connections._connections, "default"):
        connections["default"].close()
        del connections["default"]
