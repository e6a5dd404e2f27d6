"""Tables filled with made episodes by COPY (PostgreSQL) or large statements (SQLite): eight hops, forty samples each.

Import it where Django knows its settings.
"""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction

from dashboard.history import models
from dashboard.management.benchmarks import historymade
from dashboard.management.benchmarks.historymade import CLUSTER, COLUMNS, EDITS, HOPS, NOW, PACKED, SAMPLES

ADD_HOPS = """
INSERT INTO history_hop (episode_id, place, name, "at", took, object, detail)
SELECT id, place, hop.name, opened + COALESCE(took, 0) * place / 8, COALESCE(took, 0) / 8, object, '3 of 3 Pods'
FROM history_episode, ({hops}) AS hop WHERE id > %s AND id <= %s
"""
ADD_SAMPLES = """
INSERT INTO history_samples (episode_id, packed, count)
SELECT id, %s, %s FROM history_episode WHERE id > %s AND id <= %s
"""


def part(begin: int, end: int, kept: int) -> int:
    """Make these episodes; the tables before the first, and what follows after the last. Bytes of the database."""
    if begin == 0:
        make()
    fill(begin, end, kept)
    if end == kept:
        settle()
    taken = size()
    connection.close()
    return taken


def make() -> None:
    """The tables, and what stands beside the episodes: the cluster's book, edits, a run that watches."""
    call_command("migrate", verbosity=0)
    models.Book.objects.create(cluster=CLUSTER)
    models.Run.objects.create(id="run", cluster=CLUSTER, started=NOW - 86_400, seen=NOW, told=EDITS, watches=True)
    models.Edit.objects.bulk_create(
        models.Edit(
            id=f"edit-{number}", cluster=CLUSTER, at=NOW - number, object="-", do="edit", who="edit", remote="::1"
        )
        for number in range(EDITS)
    )


def fill(begin: int, end: int, kept: int) -> None:
    """Episodes `begin` to `end` of `kept`, with all that hangs on them."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL statement_timeout = 0")
            _copy(cursor, begin, end, kept)
        else:
            names, places = ", ".join(f'"{name}"' for name in COLUMNS), ", ".join(["%s"] * len(COLUMNS))
            statement = f"INSERT INTO history_episode ({names}) VALUES ({places})"  # noqa: S608 - names of our own
            cursor.executemany(statement, list(historymade.rows(begin, end, kept)))
        hops = " UNION ALL ".join(f"SELECT {place} AS place, '{name}' AS name" for place, name in enumerate(HOPS))
        cursor.execute(ADD_HOPS.format(hops=hops), [begin, end])
        cursor.execute(ADD_SAMPLES, [PACKED, len(SAMPLES), begin, end])


def _copy(cursor: Any, begin: int, end: int, kept: int) -> None:
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    with cursor.copy(f"COPY history_episode ({names}) FROM STDIN") as copy:
        for row in historymade.rows(begin, end, kept):
            copy.write_row(row)


def settle() -> None:
    """What a database does by itself in the course of a month: figures for the planner, ids that go on."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [models.Episode]):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("VACUUM (ANALYZE)")


def size() -> int:
    """Bytes that the database takes."""
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())" if postgres else "PRAGMA page_count")
        pages = int(cursor.fetchone()[0])
        if postgres:
            return pages
        cursor.execute("PRAGMA page_size")
        return pages * int(cursor.fetchone()[0])
