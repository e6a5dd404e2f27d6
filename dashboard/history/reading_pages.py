"""Pages of the long list, each at the same price however much is kept. Blocks; `reading.py` asks in threads.

1. A filter walks an index of its own in the order of pages: a page of fifty reads fifty rows.
2. Of several filters one leads; along its index each episode is held against the others, LOOKED_THROUGH of them at
   most. A page that found less than it may show says how far it looked, and its cursor goes on from there.
3. 'Slower than' something that few were is read from the index of how long they took.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Q, QuerySet

from dashboard.history import models, values
from dashboard.history.filters import Filters
from dashboard.history.values import Kept

STEPS = (1_000, 4_000)
LOOKED_THROUGH = sum(STEPS)
"""Episodes that one page holds against its filters, in two steps: most find enough in the first."""

FEW = 500
"""So many that took long are few enough to be read all of them."""

NEWEST = ("-opened", "-id")
Cursor = tuple[float, int]
"""When an episode opened, and its id: what comes after it in a list is before it in time."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some episodes, newest first, and the cursor for those before them ("" where there are none).

    `looked` is how far back (Unix seconds) was looked where that was not far enough to fill the page, else None.
    """

    episodes: tuple[Kept, ...]
    before: str
    looked: float | None = None


def page(cluster: str, filters: Filters, limit: int, cursor: Cursor | None, now: float) -> Page:
    """Up to `limit` episodes after the cursor, with hops and without samples."""
    few = _few(cluster, filters, limit + 1, cursor, now)
    found, reached = _walk(cluster, filters, limit + 1, cursor, now) if few is None else (few, None)
    shown = found[:limit]
    if len(found) > limit:
        reached = (shown[-1].opened, shown[-1].pk)
    return Page(
        tuple(values.kept(row, row.hops.all()) for row in shown),
        f"{reached[0]!r}_{reached[1]}" if reached else "",
        reached[0] if reached and len(found) <= limit else None,
    )


def _walk(
    cluster: str, filters: Filters, limit: int, cursor: Cursor | None, now: float
) -> tuple[list[models.Episode], Cursor | None]:
    """Episodes along the index of the filter that leads, and where it stopped looking: None if not before the end."""
    lead, rest = filters.split()
    led = models.Episode.objects.filter(lead.query(now), cluster=cluster).order_by(*NEWEST)
    if rest == Filters():
        return list(led.filter(_after(cursor)).prefetch_related("hops")[:limit]), None
    rows: list[models.Episode] = []
    for step in STEPS:
        ahead = led.filter(_after(cursor))
        rows += _among(ahead[:step], rest.query(now), limit - len(rows))
        if len(rows) == limit:
            return rows, None
        cursor = ahead.values_list("opened", "id")[step - 1 : step].first()
        if cursor is None:
            return rows, None
    return rows, cursor


def _few(cluster: str, filters: Filters, limit: int, cursor: Cursor | None, now: float) -> list[models.Episode] | None:
    """Those among the few that took longer than wanted, or are open for longer; None where these are many."""
    if filters.slower is None:
        return None
    kept = models.Episode.objects.filter(cluster=cluster)
    slow = kept.filter(took__gt=filters.slower).order_by("-took")
    lasting = kept.filter(ended="", opened__lt=now - filters.slower).order_by(*NEWEST)
    if any(each[: FEW + 1].count() > FEW for each in (slow, lasting)):
        return None
    rest = _after(cursor) & replace(filters, slower=None).query(now)
    rows = [*_among(slow[:FEW], rest, limit), *_among(lasting[:FEW], rest, limit)]
    return sorted(rows, key=lambda row: (row.opened, row.pk), reverse=True)[:limit]


def _after(cursor: Cursor | None) -> Q:
    """What a list shows after the cursor: one stretch of the index, where `<` or `=` and `<` would be two."""
    return Q() if cursor is None else Q(opened__lte=cursor[0]) & ~Q(opened=cursor[0], id__gte=cursor[1])


def _among(some: QuerySet[models.Episode], rest: Q, limit: int) -> Iterable[models.Episode]:
    """The newest of `some`, a bounded stretch of an index, that `rest` lets through.

    The stretch stands in place of the table: left to itself, a planner that takes two filters for independent may
    choose the index of the other one, and read all of it.
    """
    table = connection.ops.quote_name(models.Episode._meta.db_table)
    inner, given = some.query.sql_with_params()
    outer, wanted = models.Episode.objects.filter(rest).order_by(*NEWEST)[:limit].query.sql_with_params()
    statement = outer.replace(f" FROM {table}", f" FROM ({inner}) AS {table}", 1)
    return models.Episode.objects.raw(statement, (*given, *wanted)).prefetch_related("hops")
