"""The past, for pages and programs: asynchronous, in threads of its own, and never waited for long.

Every function raises HistoryError where the database does not answer: nothing else of a page needs it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import Error

from dashboard.core.model import Ended
from dashboard.history import accounts, models, values
from dashboard.history.aside import Aside
from dashboard.history.figures import percentile
from dashboard.history.filters import Filters
from dashboard.history.values import Day, Distribution, EditMade, Kept

T = TypeVar("T")
PATIENCE = 5.0
"""Seconds that a page waits for its history."""

LAST = 20
LOOKED_AT = 200
"""How many of a workload's last episodes its distribution is made of."""

MOST = 500
"""Rows of one page, whatever is asked for."""

EVERYTHING = Filters()
_readers = Aside("history-reader", threads=3)


class HistoryError(Exception):
    """What is kept cannot be read now. The text names no host, user or statement."""


class CursorError(ValueError):
    """A cursor that no page gave."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some episodes, newest first, and the cursor for those before them ("" where there are none)."""

    episodes: tuple[Kept, ...]
    before: str


async def episodes(cluster: str, filters: Filters = EVERYTHING, limit: int = 50, before: str = "") -> Page:
    """A page of episodes, newest first, with hops and without samples. Raises CursorError."""
    limit = min(max(limit, 1), MOST)
    cursor = _cursor(before)

    def read() -> Page:
        found = models.Episode.objects.filter(filters.query(time.time()), cluster=cluster)
        if cursor is not None:
            # As a row of two, this is one stretch of the index; as `<` or `=` and `<` it would be two.
            found = found.filter(opened__lte=cursor[0]).exclude(opened=cursor[0], id__gte=cursor[1])
        rows = list(found.order_by("-opened", "-id").prefetch_related("hops")[: limit + 1])
        more = len(rows) > limit
        shown = rows[:limit]
        return Page(
            tuple(values.kept(row, row.hops.all()) for row in shown),
            f"{shown[-1].opened!r}_{shown[-1].pk}" if more else "",
        )

    return await _read(read)


async def episode(cluster: str, key: str) -> Kept | None:
    """The episode of that key with hops and samples; None for none."""

    def read() -> Kept | None:
        found = models.Episode.objects.filter(cluster=cluster, key=key).select_related("samples")
        row = found.prefetch_related("hops").first() if "\x00" not in key else None
        return values.kept(row, row.hops.all(), accounts.packed_of(row)) if row else None

    return await _read(read)


async def durations(
    cluster: str, object: str = "", *, kind: str = "", namespace: str = "", limit: int = LAST
) -> tuple[float, ...]:
    """Seconds that the last episodes took that converged, newest first: of one object, or of a kind in a namespace."""

    def read() -> tuple[float, ...]:
        where = {"object": object} if object else {"kind": kind, "namespace": namespace}
        found = models.Episode.objects.filter(cluster=cluster, ended=Ended.CONVERGED, **where)
        return _took(found.order_by("-opened", "-id").values_list("took", flat=True)[: min(limit, MOST)])

    return await _read(read)


async def distribution(cluster: str, object: str) -> Distribution:
    """How long the last LOOKED_AT episodes of an object took."""
    return (await distributions(cluster, [object]))[object]


async def distributions(cluster: str, objects: Sequence[str]) -> Mapping[str, Distribution]:
    """The same of several objects, by id: one short reading of an index each."""

    def read() -> dict[str, Distribution]:
        return {id: _distribution(cluster, id) for id in dict.fromkeys(objects[:MOST])}

    return await _read(read)


def _distribution(cluster: str, id: str) -> Distribution:
    found = models.Episode.objects.filter(cluster=cluster, object=id).order_by("-opened", "-id")
    rows = list(found.values_list("ended", "took")[:LOOKED_AT])
    took = _took(seconds for ended, seconds in rows if ended == Ended.CONVERGED)
    ordered = sorted(took)
    stalled = sum(ended == Ended.STALLED for ended, _ in rows)
    p50, p90, p95 = (percentile(ordered, part) for part in (50, 90, 95))
    return Distribution(id, len(rows), len(took), stalled, p50, p90, p95, took[:LAST])


def _took(found: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(seconds for seconds in found if seconds is not None)


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


def _cursor(before: str) -> tuple[float, int] | None:
    if not before:
        return None
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,17})?)_(\d{1,18})", before, re.ASCII)
    if found is None:
        raise CursorError("before is no cursor that a page gave")
    return float(found[1]), int(found[2])
