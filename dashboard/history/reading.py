"""The past, for pages and programs: asynchronous, in threads of its own, and never waited for long.

Every function raises HistoryError where the database does not answer: nothing else of a page needs it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from django.db import Error

from dashboard.history import accounts, models, reading_pages, reading_pasts, values
from dashboard.history.aside import Aside
from dashboard.history.filters import Filters
from dashboard.history.reading_pages import Cursor, Page
from dashboard.history.reading_pasts import LAST
from dashboard.history.values import Day, Distribution, EditMade, Kept

T = TypeVar("T")
PATIENCE = 5.0
"""Seconds that a page waits for its history."""

MOST = 500
"""Rows of one page, whatever is asked for."""

NEWEST = 8
"""Batches whose names say whether anything was written: more than are on their way at one time, for they overtake."""

EVERYTHING = Filters()
_readers = Aside("history-reader", threads=3)


class HistoryError(Exception):
    """What is kept cannot be read now. The text names no host, user or statement."""


class CursorError(ValueError):
    """A cursor that no page gave."""


async def episodes(cluster: str, filters: Filters = EVERYTHING, limit: int = 50, before: str = "") -> Page:
    """A page of episodes, newest first, with hops and without samples. Raises CursorError."""
    limit = min(max(limit, 1), MOST)
    cursor = _cursor(before)
    return await _read(lambda: reading_pages.page(cluster, filters, limit, cursor, time.time()))


async def episode(cluster: str, key: str) -> Kept | None:
    """The episode of that key with hops and samples; None for none."""

    def read() -> Kept | None:
        found = models.Episode.objects.filter(cluster=cluster, key=key).select_related("samples")
        row = found.prefetch_related("hops").first() if "\x00" not in key else None
        return values.kept(row, row.hops.all(), accounts.packed_of(row)) if row else None

    return await _read(read)


async def durations(
    cluster: str,
    object: str = "",
    *,
    kind: str = "",
    namespace: str = "",
    before: float | None = None,
    limit: int = LAST,
) -> tuple[float, ...]:
    """Seconds that the last episodes took that converged, newest first: of one object, or of a kind in a namespace.

    With `before`, of those that opened earlier than that.
    """
    where = {"object": object} if object else {"kind": kind, "namespace": namespace}
    return await _read(lambda: reading_pasts.durations(cluster, limit, before, **where))


async def distribution(cluster: str, object: str) -> Distribution:
    """How long the last episodes of an object took."""
    return (await distributions(cluster, [object]))[object]


async def distributions(cluster: str, objects: Sequence[str]) -> Mapping[str, Distribution]:
    """The same of several objects, by id."""
    return await _read(lambda: reading_pasts.distributions(cluster, list(dict.fromkeys(objects[:MOST]))))


async def edits(cluster: str, object: str = "", limit: int = 50, before: float | None = None) -> tuple[EditMade, ...]:
    """Changes made through the pages, newest first: all of a cluster's, or one object's; those before a time."""

    def read() -> tuple[EditMade, ...]:
        found = models.Edit.objects.filter(cluster=cluster, **({"object": object} if object else {}))
        if before is not None:
            found = found.filter(at__lt=before)
        return tuple(values.edit_made(row) for row in found.order_by("-at")[: min(limit, MOST)])

    return await _read(read)


async def days(cluster: str, object: str, limit: int = 90) -> tuple[Day, ...]:
    """An object's daily figures, newest first."""

    def read() -> tuple[Day, ...]:
        found = models.Rollup.objects.filter(cluster=cluster, object=object).order_by("-day")
        return tuple(values.day(row) for row in found[: min(limit, MOST)])

    return await _read(read)


async def open_episodes(cluster: str) -> list[Kept]:
    """What a teller takes up when it begins: open episodes, and stalled ones that may recover; oldest first."""
    return await _read(lambda: accounts.unfinished(cluster, time.time()))


async def written() -> str:
    """A word that is another one once a batch was written, whichever process told of it and whichever wrote it."""

    def read() -> str:
        return " ".join(models.Batch.objects.order_by("-at", "-id").values_list("id", flat=True)[:NEWEST])

    return await _read(read)


async def lost(cluster: str) -> int:
    """How many episodes and edits runs that have ended told of, and nobody wrote."""
    return await _read(lambda: accounts.lost(cluster, time.time()))


async def _read(question: Callable[[], T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE):
            return await _readers.do(lambda: accounts.answer(question))
    except TimeoutError:
        raise HistoryError(f"the database does not answer within {PATIENCE:g} seconds") from None
    except Error as error:
        raise HistoryError(f"the database does not answer ({type(error).__name__})") from None


def _cursor(before: str) -> Cursor | None:
    if not before:
        return None
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,17})?)_(\d{1,18})", before, re.ASCII)
    if found is None:
        raise CursorError("before is no cursor that a page gave")
    return float(found[1]), int(found[2])
