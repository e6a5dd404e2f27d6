"""Keeping house: episodes that nobody tells of any more, daily figures, and what is kept no longer.

Each of these may run twice at once, and be cut off at any point: the next run does the rest.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import F, Max, Min, QuerySet

from dashboard.core.model import Ended
from dashboard.history import models, upkeep_tally
from dashboard.history.figures import percentile
from dashboard.history.statements import chunks

SILENT = 15 * 60
"""Seconds without a word after which an open episode, or a run, is taken for gone. Both are told of each minute."""

ABANDONED = 2 * 86400
"""Seconds after which an open episode is closed although nobody watches its cluster: until then whoever watches next
takes it up again."""

BATCHES_KEPT = 6 * 3600
ROLLUPS_KEPT_DAYS = 400
MOST_EPISODES = 1_000_000
"""The oldest beyond so many go, however young: a disk is bounded too."""

SLICE, AT_ONCE = 200, 2_000
"""Episodes or edits that are removed in one transaction, and in one call: a writer waits for no more than that."""
PAUSE = 0.2
"""Seconds at most between two slices: SQLite's next writer looks that often whether it is its turn."""

TOLD = [*(how.value for how in Ended), "p50", "p90", "p95"]
"""What a daily figure says."""


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
    """Bring the daily figures up to `now`: each day since the last that has any, that day again. How many changed."""
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
    there = {(row.cluster, row.object): _told(row) for row in models.Rollup.objects.filter(day=day)}
    rows = [_figures(cluster, id, day, each) for (cluster, id), each in ended.items()]
    changed = [row for row in rows if there.get((row.cluster, row.object)) != _told(row)]
    for some in chunks(changed):  # each a transaction of its own
        models.Rollup.objects.bulk_create(
            some, batch_size=100, update_conflicts=True, unique_fields=["cluster", "object", "day"], update_fields=TOLD
        )
    return len(changed)


def _told(row: models.Rollup) -> list[float | None]:
    return [getattr(row, name) for name in TOLD]


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
    """Remove episodes and edits older than `days`, the oldest beyond MOST_EPISODES, and old accounts.

    How many went; AT_ONCE or more: there may be more of them, for another call.
    """
    limit = now - days * 86400
    beyond = upkeep_tally.advance() - MOST_EPISODES
    count = _remove(models.Episode.objects.filter(closed__lt=limit).order_by("closed"), AT_ONCE)
    count += _remove(models.Episode.objects.order_by("id"), min(beyond, AT_ONCE) - count)
    count += _remove(models.Edit.objects.filter(cluster__in=_clusters(), at__lt=limit), AT_ONCE)
    models.Batch.objects.filter(at__lt=now - BATCHES_KEPT).delete()
    models.Rollup.objects.filter(day__lt=_day(now) - timedelta(days=ROLLUPS_KEPT_DAYS)).delete()
    _forget_runs(limit)
    return count


def _remove(found: QuerySet[models.Episode] | QuerySet[models.Edit], most: int) -> int:
    """In slices, and after each as long a rest: others who write get their turn."""
    count = 0
    while count < most:
        began = time.monotonic()
        many = min(SLICE, most - count)
        gone = _remove_slice(found, many)
        count += gone
        if gone < many:
            break
        time.sleep(min(time.monotonic() - began, PAUSE))
    return count


@transaction.atomic
def _remove_slice(found: QuerySet[models.Episode] | QuerySet[models.Edit], many: int) -> int:
    tally = upkeep_tally.hold()
    keys: list[Any] = list(found.values_list("pk", flat=True)[:many])
    if found.model is models.Edit:
        return models.Edit.objects.filter(pk__in=keys).delete()[0]
    models.Hop.objects.filter(episode_id__in=keys).delete()
    models.Samples.objects.filter(episode_id__in=keys).delete()
    # Nothing hangs on them any more: Django would read them whole, and look for what might.
    models.Episode.objects.filter(pk__in=keys)._raw_delete(DEFAULT_DB_ALIAS)
    tally.count -= sum(key <= tally.upto for key in keys)
    tally.save(update_fields=["count"])
    return len(keys)


def _forget_runs(limit: float) -> None:
    """Enter what old runs lost in their cluster's book, and forget them."""
    for run in models.Run.objects.filter(seen__lt=limit):
        with transaction.atomic():
            # The book first, as whoever writes does: two locks taken in two orders may wait for each other.
            models.Book.objects.get_or_create(cluster=run.cluster)
            models.Book.objects.select_for_update().get(cluster=run.cluster)
            if models.Run.objects.filter(id=run.id).delete()[0]:
                models.Book.objects.filter(cluster=run.cluster).update(lost=F("lost") + run.missing)


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()
