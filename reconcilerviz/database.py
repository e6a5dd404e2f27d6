"""How Django reaches the database that an URL names: with short patience, for whoever waits has other work to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from environ import Env

BUSY_SECONDS = 5
"""How long SQLite waits for another writer; one batch takes some milliseconds."""

CONNECT_SECONDS = 3
STATEMENT_SECONDS = 20
"""How long PostgreSQL may take to let us in, and for one statement: a batch or a page of history."""


KEPT_SECONDS = 60
"""How long a connection is used again. Making one costs as much as a small batch does, and a task or a question to the
accounts comes every second."""


def database(url: str, file: Path) -> dict[str, Any]:
    """Django's settings for `url`, or for the SQLite `file` where it is ""."""
    found: dict[str, Any] = Env.db_url_config(url or f"sqlite:///{file}")
    options = dict(found.get("OPTIONS", {}))
    if "sqlite" in found["ENGINE"]:
        # Readers never wait for the writer (WAL); a writer takes its lock at the start of its transaction, so that it
        # waits for the one before it instead of failing half-way. A power cut may cost the last commits, not the file.
        options = {
            "timeout": BUSY_SECONDS,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            **options,
        }
    else:
        options = {
            "connect_timeout": CONNECT_SECONDS,
            "options": f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={STATEMENT_SECONDS}s",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            **options,
        }
    return {"CONN_MAX_AGE": KEPT_SECONDS, "CONN_HEALTH_CHECKS": True, **found, "OPTIONS": options}
