"""A batch into the database: one transaction, and the same however often and in whatever order batches come.

1. A batch that is written already is left alone.
2. The cluster's book is locked, so that batches of a cluster are written one after another.
3. Episodes are written where none newer is there; hops and samples with them.
4. The run's account says which of its numbers are written. What is missing there is what was lost.

When the database refuses a value, the batch is written entry by entry: what is refused by itself stays a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
from django.db import DataError, IntegrityError, transaction

from dashboard.history import models, news, packing
from dashboard.history.ranges import Ranges
from dashboard.history.wire import Batch, Made, RunState, Told

T = TypeVar("T")
MANY = 400
"""Values in one statement: SQLite takes some hundred parameters in older builds."""

_SAME = ("id", "cluster", "key")
_CHANGING = [each.name for each in models.Episode._meta.fields if each.name not in _SAME]
_REFUSED = (DataError, IntegrityError, ValueError, OverflowError)

logger = logging.getLogger(__name__)


def write(batch: Batch) -> None:
    """Write it. Raises django.db.Error where the database does not answer; nothing is written then."""
    try:
        _write(batch)
    except _REFUSED:
        _write_apart(batch)


def _write_apart(batch: Batch) -> None:
    """Each entry in a batch of its own, then the rest under the batch's own name."""
    empty = msgspec.structs.replace(batch, episodes=(), edits=())
    single = [{"episodes": (each,)} for each in batch.episodes] + [{"edits": (each,)} for each in batch.edits]
    for place, entry in enumerate(single):
        part = msgspec.structs.replace(empty, id=f"{batch.id[:24]}-{place:x}", **entry)
        try:
            _write(part)
        except _REFUSED as error:
            # The words of a database repeat the value, which may be anything: its kind has to do.
            logger.warning("an entry is left out: the database refuses it (%s)", type(error).__name__)
    _write(empty)


def _write(batch: Batch) -> None:
    with transaction.atomic():
        models.Book.objects.get_or_create(cluster=batch.cluster)
        models.Book.objects.select_for_update().get(cluster=batch.cluster)
        if models.Batch.objects.filter(id=batch.id).exists():
            return
        _episodes(batch)
        _edits(batch)
        for keys in chunks(batch.alive):
            models.Episode.objects.filter(cluster=batch.cluster, key__in=keys, told__lt=batch.at).update(told=batch.at)
        if batch.alive and news.wanted():
            news.tell_of_alive(batch.cluster, batch.alive, batch.at)
        _account(batch)
        models.Batch.objects.create(id=batch.id, at=batch.at)


def _episodes(batch: Batch) -> None:
    """Write what is newer than what is there, and tell whoever wants to hear of what is new in it."""
    newest = _newest(batch.episodes)
    before = _known(batch.cluster, newest)
    rows = {
        key: packing.columns(told, batch.cluster, batch.at)
        for key, told in newest.items()
        if key not in before or before[key].version < told.version
    }
    if not rows:
        return
    models.Episode.objects.bulk_create(
        rows.values(),
        batch_size=200,
        update_conflicts=True,
        unique_fields=["cluster", "key"],
        update_fields=_CHANGING,
    )
    _hops_and_samples([(newest[key], row) for key, row in rows.items()])
    if news.wanted():
        news.tell([(newest[key].episode, row) for key, row in rows.items()], before, batch.at)


def _newest(episodes: Iterable[Told]) -> dict[str, Told]:
    """One of each key: a statement may not write a row twice."""
    found: dict[str, Told] = {}
    for told in episodes:
        other = found.get(told.episode.key)
        if other is None or other.version < told.version:
            found[told.episode.key] = told
    return found


def _known(cluster: str, keys: Iterable[str]) -> dict[str, models.Episode]:
    found: dict[str, models.Episode] = {}
    for some in chunks(list(keys)):
        found.update((row.key, row) for row in models.Episode.objects.filter(cluster=cluster, key__in=some))
    return found


def _hops_and_samples(written: Sequence[tuple[Told, models.Episode]]) -> None:
    for some in chunks(written):
        models.Hop.objects.filter(episode_id__in=[row.pk for _, row in some]).delete()
    models.Hop.objects.bulk_create(
        (hop for told, row in written for hop in packing.hops(told.episode, row)), batch_size=MANY // 4
    )
    samples = (packing.samples(told.episode, row) for told, row in written)
    models.Samples.objects.bulk_create(
        [each for each in samples if each is not None],
        batch_size=MANY // 4,
        update_conflicts=True,
        unique_fields=["episode"],
        update_fields=["packed", "count"],
    )


def _edits(batch: Batch) -> None:
    models.Edit.objects.bulk_create(
        [_edit(made, batch.cluster) for made in batch.edits], batch_size=MANY // 8, ignore_conflicts=True
    )


def _edit(made: Made, cluster: str) -> models.Edit:
    return models.Edit(
        id=packing.text(made.id, 32),
        cluster=cluster,
        at=made.at,
        object=packing.text(made.object, models.OBJECT),
        do=packing.text(made.do, 32),
        changes=packing.pack_changes(made.changes),
        who=packing.text(made.who),
        remote=packing.text(made.remote, 64),
    )


def _account(batch: Batch) -> None:
    """Enter the numbers of what is written now, and what is known of runs that have ended."""
    numbers = [*(each.number for each in batch.episodes), *(each.number for each in batch.edits)]
    _enter(batch.cluster, batch.run, batch.at, numbers)
    for left in batch.left:
        _enter(batch.cluster, left, batch.at, ())


def _enter(cluster: str, state: RunState, at: float, numbers: Iterable[int]) -> None:
    run, _ = models.Run.objects.get_or_create(
        id=state.id, defaults={"cluster": cluster, "started": state.started or at, "seen": at}
    )
    written = Ranges(run.written)
    written.add(numbers)
    run.written = written.stretches()
    run.told = max(run.told, state.told)
    run.missing = written.missing(run.told)
    run.ended = run.ended or state.ended
    run.watches = run.watches or state.watches
    run.lost = state.lost
    if not state.ended:
        run.seen = max(run.seen, at)
    run.save()


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """In parts that fit into one statement."""
    return (values[start : start + MANY] for start in range(0, len(values), MANY))
