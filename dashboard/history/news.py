"""What is new in episodes that were just written, for whoever is told of such things: stalled, recovered, slow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from dashboard.core.forecast import slower
from dashboard.core.model import Ended, Episode
from dashboard.history import hooks, models, packing, reading_pasts
from dashboard.history.models_hooks import Rule
from dashboard.history.statements import Select

COMPARED = 20
"""How many of its workload's last episodes one is compared with."""

MOST_SLOW = 200
"""Open episodes that are compared at one time."""

RULES = Select(Rule, ["id"], among="enabled")


class Seen(NamedTuple):
    """What matters of an episode's row as it was before a batch."""

    id: int
    version: int
    ended: str
    recovered: float | None


def wanted() -> bool:
    """Whether anybody is told anything: looking for news has its price."""
    return bool(RULES.run([True]))


def tell(written: Iterable[tuple[Episode, models.Episode]], before: Mapping[str, Seen], at: float) -> None:
    """Say each thing that is new, in the transaction that writes it: what was said and what is kept go together."""
    for episode, row in written:
        for event in events(before.get(row.key), row, at):
            _hear(episode, row, event)


def tell_of_alive(cluster: str, keys: Iterable[str], at: float) -> None:
    """Say which of the open episodes that are there still have taken longer than usual by now."""
    found = models.Episode.objects.filter(cluster=cluster, ended="", key__in=list(keys)[:MOST_SLOW])
    for row in found.prefetch_related("hops"):
        if unusual(row, at):
            _hear(packing.episode_of(row, row.hops.all()), row, "slower")


def events(before: Seen | None, row: models.Episode, at: float) -> Iterator[str]:
    """`stalled`, `recovered`, `slower` (than usual): what this row says and the one before it did not.

    That it is slow is said while it is open, and said again at its end: whoever hears it takes it once.
    """
    if row.ended == Ended.STALLED and (before is None or before.ended != Ended.STALLED):
        yield "stalled"
    if row.recovered is not None and (before is None or before.recovered is None):
        yield "recovered"
    ends = row.ended == Ended.CONVERGED and (before is None or before.ended != Ended.CONVERGED)
    if (ends or not row.ended) and unusual(row, at):
        yield "slower"


def unusual(row: models.Episode, at: float) -> bool:
    """Whether it has taken longer, by its end or by now, than its workload's last ones let expect."""
    elapsed = at - row.opened if row.took is None else row.took
    return slower(reading_pasts.durations(row.cluster, COMPARED, row.opened, object=row.object), elapsed)


def _hear(episode: Episode, row: models.Episode, event: str) -> None:
    hooks.told(row.cluster, episode, event, namespace=row.namespace, kind=row.kind, name=row.name)
