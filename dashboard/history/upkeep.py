"""Keeping house: episodes that nobody tells of any more, daily figures, and what is kept no longer.

Each of these may run twice at once, and be cut off at any point: the next run does the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Min, QuerySet

from dashboard.core.model import Ended
from dashboard.history import models
from dashboard.history.figures import percentile
from dashboard.history.writing import chunks

SILENT = 15 * 60
"""Seconds without a word after which an open episode, or a run, is taken for gone. Both are told of each minute."""

ABANDONED = 2 * 86400
"""Seconds after which an open episode is closed although nobody watches its cluster: until then whoever watches next
takes it up again."""

BATCHES_KEPT = 6 * 3600
ROLLUPS_KEPT_DAYS = 400
MOST_EPISODES = 1_000_000
"""The oldest beyond so many go, however young: a disk is bounded too."""


def sweep(now: float) -> int:
    """Close as `lost` what is open and has not been told of for SILENT seconds, though its cluster was watched.

    The end is the last moment that it was told of. Somebody has been telling for as long as that, else what is silent
    is only waiting to be taken up. Should it be told of after all, that is newer and replaces this. How many.
    """
    open_ones = models.Episode.objects.filter(ended="")
    heard = models.Run.objects.filter(watches=True, ended=False, seen__gte=now - SILENT, started__lt=now - SILENT)
    clusters = list(heard.values_list("cluster", flat=True).distinct())
    gone = _lose(open_ones.filter(cluster__in=clusters, told__lt=now - SILENT))
    return gone + _lose(open_ones.filter(cluster__in=_clusters(), told__lt=now - ABANDONED))


def _lose(episodes: QuerySet[models.Episode]) -> int:
    return episodes.update(closed=F("told"), took=F("told") - F("opened"), ended=Ended.LOST)


def _clusters() -> list[str]:
    """All that anybody told of: naming them lets the index of what is open be used."""
    return list(models.Book.objects.values_list("cluster", flat=True))


def roll_up(now: float) -> int:
    """Bring the daily figures up to `now`: each day since the last that has any, that day again. How many rows."""
    today = _day(now)
    last = models.Rollup.objects.aggregate(last=Max("day"))["last"]
    first = models.Episode.objects.aggregate(first=Min("closed"))["first"]
    if first is None:
        return 0
    # A day again because episodes may have ended in it since: they are written late when a database was away.
    start = max(last - timedelta(days=1), _day(first)) if last else _day(first)
    start = max(start, today - timedelta(days=ROLLUPS_KEPT_DAYS))
    return sum(_roll_up_day(start + timedelta(days=number)) for number in range((today - start).days + 1))


def _roll_up_day(day: date) -> int:
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    ended: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    found = models.Episode.objects.filter(closed__gte=begin, closed__lt=begin + 86400)
    for cluster, id, how, took in found.values_list("cluster", "object", "ended", "took").iterator():
        ended[cluster, id].append((how, took or 0.0))
    rows = [_figures(cluster, id, day, each) for (cluster, id), each in ended.items()]
    fields = ["converged", "stalled", "superseded", "lost", "p50", "p90", "p95"]
    models.Rollup.objects.bulk_create(
        rows, batch_size=100, update_conflicts=True, unique_fields=["cluster", "object", "day"], update_fields=fields
    )
    return len(rows)


def _figures(cluster: str, id: str, day: date, ended: Iterable[tuple[str, float]]) -> models.Rollup:
    took: dict[str, list[float]] = defaultdict(list)
    for how, seconds in ended:
        took[how].append(seconds)
    durations = sorted(took[Ended.CONVERGED])
    return models.Rollup(
        cluster=cluster,
        object=id,
        day=day,
        **{how.value: len(took[how]) for how in Ended},
        **{f"p{part}": percentile(durations, part) for part in (50, 90, 95)},
    )


def retain(now: float, days: int) -> int:
    """Remove episodes and edits older than `days`, the oldest beyond MOST_EPISODES, and old accounts. How many went."""
    limit = now - days * 86400
    count = _remove(models.Episode.objects.filter(closed__lt=limit)) + _remove(models.Edit.objects.filter(at__lt=limit))
    newest = models.Episode.objects.order_by("-id").values_list("id", flat=True)
    for beyond in newest[MOST_EPISODES : MOST_EPISODES + 1]:
        count += _remove(models.Episode.objects.filter(id__lte=beyond))
    models.Batch.objects.filter(at__lt=now - BATCHES_KEPT).delete()
    models.Rollup.objects.filter(day__lt=_day(now) - timedelta(days=ROLLUPS_KEPT_DAYS)).delete()
    _forget_runs(limit)
    return count


def _remove(found: QuerySet[models.Episode] | QuerySet[models.Edit]) -> int:
    """In parts, each a transaction of its own: whoever writes waits for one part at most."""
    model = found.model
    count = 0
    keys: list[Any] = list(found.values_list("pk", flat=True)[: MOST_EPISODES // 10])
    for ids in chunks(keys):
        if model is models.Episode:
            models.Hop.objects.filter(episode_id__in=ids).delete()
            models.Samples.objects.filter(episode_id__in=ids).delete()
        count += model.objects.filter(pk__in=ids).delete()[0]
    return count


def _forget_runs(limit: float) -> None:
    """Enter what old runs lost in their cluster's book, and forget them."""
    for run in models.Run.objects.filter(seen__lt=limit):
        with transaction.atomic():
            models.Book.objects.get_or_create(cluster=run.cluster)
            if models.Run.objects.filter(id=run.id).delete()[0]:
                models.Book.objects.filter(cluster=run.cluster).update(lost=F("lost") + run.missing)


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()
