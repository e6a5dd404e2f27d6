"""How long episodes took before: of a workload, or of its kind in its namespace. From an index alone. Blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from dashboard.core.model import Ended
from dashboard.history import models
from dashboard.history.figures import percentile
from dashboard.history.values import Distribution

LAST = 20
LOOKED_AT = 200
"""How many of the last episodes are looked at: a distribution is made of them, and LAST are found among them."""

PAST = """
    SELECT CASE ended WHEN 'converged' THEN took WHEN 'stalled' THEN -1 END FROM history_episode
    WHERE cluster = %s AND object = {id} ORDER BY opened DESC, id DESC LIMIT %s
"""
"""What came of an object's last episodes, newest first: seconds of one that converged, -1 for stalled, else nothing."""

PAST_OF_ONE = PAST.format(id="%s")
PASTS = f"SELECT wanted.id, ARRAY({PAST.format(id='wanted.id')}) FROM unnest(%s::text[]) AS wanted (id)"  # noqa: S608 - no values
"""Of many at once, for PostgreSQL: it would plan each statement by itself, which takes longer than to carry it out."""


def durations(cluster: str, limit: int, before: float | None = None, **where: str) -> tuple[float, ...]:
    """Seconds that the last ones took that converged, newest first, among the last LOOKED_AT that fit.

    With `before`, among those that opened earlier than that.
    """
    earlier = {} if before is None else {"opened__lt": before}
    return _converged(_last(cluster, **where, **earlier).values_list("ended", "took"))[:limit]


def distributions(cluster: str, objects: Sequence[str]) -> dict[str, Distribution]:
    """Of each object, by id: one short stretch of an index each."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(PASTS, [cluster, LOOKED_AT, list(objects)])
            found = dict(cursor.fetchall())
        else:
            found = {id: _past(cursor, cluster, id) for id in objects}
    return {id: _distribution(id, found[id]) for id in objects}


def _past(cursor: CursorWrapper, cluster: str, id: str) -> list[float | None]:
    cursor.execute(PAST_OF_ONE, [cluster, id, LOOKED_AT])
    return [each for (each,) in cursor.fetchall()]


def _last(cluster: str, **where: str | float) -> QuerySet[models.Episode]:
    return models.Episode.objects.filter(cluster=cluster).filter(**where).order_by("-opened", "-id")[:LOOKED_AT]


def _distribution(id: str, past: Sequence[float | None]) -> Distribution:
    took = tuple(seconds for seconds in past if seconds is not None and seconds >= 0)
    ordered = sorted(took)
    p50, p90, p95 = (percentile(ordered, part) for part in (50, 90, 95))
    return Distribution(id, len(past), len(took), past.count(-1), p50, p90, p95, took[:LAST])


def _converged(past: Iterable[tuple[str, float | None]]) -> tuple[float, ...]:
    return tuple(took for ended, took in past if ended == Ended.CONVERGED and took is not None)
