"""A batch into the database: one transaction, and the same however often and in whatever order batches come.

1. A batch that is written already is left alone.
2. The cluster's book is locked, so that batches of a cluster are written one after another.
3. Episodes are written where none newer is there; hops and samples with them.
4. The run's account says which of its numbers are written. What is missing there is what was lost.

When the database refuses a value, the batch is written entry by entry: what is refused by itself stays a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable, Sequence

import msgspec
from django.db import DataError, IntegrityError, connection, transaction

from dashboard.core.model import Episode
from dashboard.history import models, news, packing, wire
from dashboard.history.ranges import Ranges
from dashboard.history.statements import MANY, Insert, Select, chunks
from dashboard.history.wire import Batch, Made, RunState, Told

EPISODE_FIELDS = [each.name for each in models.Episode._meta.fields if each.name != "id"]
RUN_FIELDS = [each.name for each in models.Run._meta.fields]
LOCK = Insert(models.Book, ["cluster", "lost"], unique=["cluster"], update=["cluster"])
"""A book that is there stays as it is, and is locked until the transaction ends."""
BATCH = Insert(models.Batch, ["id", "at"], unique=["id"])
SEEN = Select(models.Episode, ["key", *news.Seen._fields], among="key", within="cluster")
EPISODES = Insert(models.Episode, EPISODE_FIELDS, unique=["cluster", "key"], update=EPISODE_FIELDS[2:])
HOPS = Insert(models.Hop, packing.HOP, unique=packing.HOP[:2], update=packing.HOP[2:])
HOPS_BEYOND = "DELETE FROM history_hop WHERE episode_id = %s AND place >= %s"
SAMPLES = Insert(models.Samples, ["episode", "packed", "count"], unique=["episode"], update=["packed", "count"])
KNOWN_RUN = Select(models.Run, RUN_FIELDS, among="id")
RUN = Insert(models.Run, RUN_FIELDS, unique=["id"], update=RUN_FIELDS[1:])

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
        LOCK.run([(batch.cluster, 0)])
        if not BATCH.run([(batch.id, batch.at)]):
            return
        _episodes(batch)
        _edits(batch)
        for keys in chunks(batch.alive):
            models.Episode.objects.filter(cluster=batch.cluster, key__in=keys, told__lt=batch.at).update(told=batch.at)
        if batch.alive and news.wanted():
            news.tell_of_alive(batch.cluster, batch.alive, batch.at)
        _account(batch)


def _episodes(batch: Batch) -> None:
    """Write what is newer than what is there, and tell whoever wants to hear of what is new in it."""
    newest = _newest(batch.episodes)
    before = _seen(batch.cluster, newest)
    rows = {
        key: packing.columns(told, batch.cluster, batch.at)
        for key, told in newest.items()
        if key not in before or before[key].version < told.version
    }
    if not rows:
        return
    EPISODES.run([row[name] for name in EPISODE_FIELDS] for row in rows.values())
    ids = {key: seen.id for key, seen in {**before, **_seen(batch.cluster, rows.keys() - before.keys())}.items()}
    _hops([(newest[key].episode, ids[key]) for key in rows], before.keys())
    _samples([(newest[key], ids[key]) for key in rows])
    if news.wanted():
        told = [(newest[key].episode, models.Episode(id=ids[key], **row)) for key, row in rows.items()]
        news.tell(told, before, batch.at)


def _newest(episodes: Iterable[Told]) -> dict[str, Told]:
    """One of each key: a statement may not write a row twice."""
    found: dict[str, Told] = {}
    for told in episodes:
        other = found.get(told.episode.key)
        if other is None or other.version < told.version:
            found[told.episode.key] = told
    return found


def _seen(cluster: str, keys: Iterable[str]) -> dict[str, news.Seen]:
    """What is there of these keys."""
    return {key: news.Seen(*rest) for key, *rest in SEEN.run(list(keys), cluster)}


def _hops(written: Sequence[tuple[Episode, int]], before: Container[str]) -> None:
    """Hops in their places; where there are fewer of an episode than before, those beyond go."""
    HOPS.run(hop for episode, id in written for hop in packing.hops(episode, id))
    known = [(id, len(episode.hops)) for episode, id in written if episode.key in before]
    if known:
        with connection.cursor() as cursor:
            cursor.executemany(HOPS_BEYOND, known)


def _samples(written: Iterable[tuple[Told, int]]) -> None:
    """Where there are none none are written: dropped ones do not erase what was kept before."""
    found = ((id, wire.samples_of(told)) for told, id in written)
    SAMPLES.run((id, samples.blob, samples.count) for id, samples in found if samples is not None)


def _edits(batch: Batch) -> None:
    if batch.edits:
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
    found = KNOWN_RUN.run([state.id])
    run = models.Run(**dict(zip(RUN_FIELDS, found[0], strict=True))) if found else _new_run(cluster, state, at)
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
    RUN.run([[getattr(run, name) for name in RUN_FIELDS]])


def _new_run(cluster: str, state: RunState, at: float) -> models.Run:
    return models.Run(id=state.id, cluster=cluster, started=state.started or at, seen=at)
