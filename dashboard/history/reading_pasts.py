"""How long episodes took before: of a workload, or of its kind in its namespace. From an index alone. Blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import QuerySet

from dashboard.core.model import Ended
from dashboard.history import models
from dashboard.history.figures import percentile
from dashboard.history.values import Distribution

LAST = 20
LOOKED_AT = 200
"""How many of the last episodes are looked at: a distribution is made of them, and LAST are found among them."""

AT_ONCE = 100
"""Workloads in one statement: SQLite takes five hundred parts."""

Past = tuple[str, float | None]
"""How an episode ended, and the seconds that it took."""


def durations(cluster: str, limit: int, before: float | None = None, **where: str) -> tuple[float, ...]:
    """Seconds that the last ones took that converged, newest first, among the last LOOKED_AT that fit.

    With `before`, among those that opened earlier than that.
    """
    earlier = {} if before is None else {"opened__lt": before}
    return _converged(_last(cluster, **where, **earlier).values_list("ended", "took"))[:limit]


def distributions(cluster: str, objects: Sequence[str]) -> dict[str, Distribution]:
    """Of each object, by id: one short stretch of an index each, many of them in one statement."""
    found: dict[str, list[Past]] = defaultdict(list)
    for start in range(0, len(objects), AT_ONCE):
        for id, ended, took in _pasts(cluster, objects[start : start + AT_ONCE]):
            found[id].append((ended, took))
    return {id: _distribution(id, found[id]) for id in objects}


def _last(cluster: str, **where: str | float) -> QuerySet[models.Episode]:
    return models.Episode.objects.filter(cluster=cluster).filter(**where).order_by("-opened", "-id")[:LOOKED_AT]


def _pasts(cluster: str, objects: Sequence[str]) -> list[tuple[str, str, float | None]]:
    """Object, end and seconds, of each object newest first."""
    one = _last(cluster, object="").values_list("object", "ended", "took", "opened", "id")
    statement = f"SELECT * FROM ({one.query.sql_with_params()[0]}) AS past"  # noqa: S608 - Django's own, no values
    whole = " UNION ALL ".join([statement] * len(objects))
    with connection.cursor() as cursor:
        cursor.execute(whole, [given for id in objects for given in (cluster, id)])
        rows = cursor.fetchall()
    # The order of the parts, and in them, is kept by both databases and promised by neither.
    rows.sort(key=lambda row: row[3:], reverse=True)
    return [row[:3] for row in rows]


def _distribution(id: str, past: Sequence[Past]) -> Distribution:
    took = _converged(past)
    ordered = sorted(took)
    stalled = sum(ended == Ended.STALLED for ended, _ in past)
    p50, p90, p95 = (percentile(ordered, part) for part in (50, 90, 95))
    return Distribution(id, len(past), len(took), stalled, p50, p90, p95, took[:LAST])


def _converged(past: Iterable[Past]) -> tuple[float, ...]:
    return tuple(took for ended, took in past if ended == Ended.CONVERGED and took is not None)
