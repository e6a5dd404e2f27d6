"""What a teller asks the database: what is written, what was lost before, what is left to be taken up.

Nothing here is called in an event loop's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import close_old_connections, connection
from django.db.models import QuerySet

from dashboard.core.model import Ended
from dashboard.history import models
from dashboard.history.ranges import Ranges
from dashboard.history.statements import MANY, Select
from dashboard.history.upkeep import SILENT
from dashboard.history.values import Kept, kept

T = TypeVar("T")
MOST_UNFINISHED = 5_000
STALLED_FOR = 7 * 86400
"""Seconds for which a stalled episode may still be said to have recovered after its teller began anew."""

DONE = Select(models.Batch, ["id"], among="id")
WRITTEN = Select(models.Run, ["written"], among="id")
BOOK = Select(models.Book, ["lost"], among="cluster")
LOST = """
    SELECT coalesce(sum(CASE WHEN ended OR seen < %s THEN missing ELSE lost END), 0)
    FROM history_run WHERE cluster = %s AND id <> %s
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Which of the batches asked about are written, which numbers of the run are, and what other runs have lost."""

    batches: tuple[str, ...] = ()
    written: Ranges = field(default_factory=Ranges)
    lost_before: int = 0


def answer(question: Callable[[], T]) -> T:
    """Ask with a connection that is worth something, and leave none behind that is not."""
    close_old_connections()
    try:
        return question()
    finally:
        close_old_connections()


def standing(cluster: str, run_id: str, batches: Sequence[str], now: float) -> Standing:
    """How the accounts of a run stand. Asked several times a second while anything is under way."""
    done = tuple(id for (id,) in DONE.run(batches))
    written = WRITTEN.run([run_id])
    return Standing(done, Ranges(written[0][0] if written else ()), lost(cluster, now, without=run_id))


def lost(cluster: str, now: float, *, without: str = "") -> int:
    """How many episodes and edits were told of and will never be written.

    Of a run that has ended (or fell silent) that is all that is not written; one that goes on knows what it gave up.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOST, [now - SILENT, cluster, without])
        (of_runs,) = cursor.fetchone()
    return int(of_runs) + sum(int(of_book) for (of_book,) in BOOK.run([cluster]))


def unfinished(cluster: str, now: float) -> list[Kept]:
    """Open episodes, and those that stalled lately and may recover; with hops and samples, oldest first."""
    kept_ = models.Episode.objects.filter(cluster=cluster).order_by("-opened", "-id")
    lately = {"ended": Ended.STALLED, "opened__gte": now - STALLED_FOR}
    found = [*_whole(kept_.filter(ended="")), *_whole(kept_.filter(**lately, recovered=None, superseded_by=""))]
    newest = sorted(found, key=lambda row: (row.opened, row.pk))[-MOST_UNFINISHED:]
    return [kept(row, row.hops.all(), packed_of(row)) for row in newest]


def _whole(found: QuerySet[models.Episode]) -> Iterator[models.Episode]:
    # In parts: asked for the hops of thousands of episodes at once, PostgreSQL reads the whole table.
    return found.prefetch_related("hops").select_related("samples")[:MOST_UNFINISHED].iterator(chunk_size=MANY)


def packed_of(row: models.Episode) -> bytes:
    """The packed samples of a row that was read with them."""
    try:
        return bytes(row.samples.packed)
    except models.Samples.DoesNotExist:
        return b""
