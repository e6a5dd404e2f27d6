"""What is read of the past, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dashboard.core.model import Change, Ended, Episode
from dashboard.history import models, packing


@dataclass(frozen=True, slots=True)
class Kept:
    """An episode and where it belongs. `kind` is its object's, `episode.kind` is change, loss or fight.

    `told` is when its teller last said that it is there: what is known of an open one is as old as that.
    """

    cluster: str
    group: str
    kind: str
    namespace: str
    name: str
    told: float
    episode: Episode

    @property
    def took(self) -> float | None:
        """Seconds from opened to closed; None while it is open."""
        closed = self.episode.closed
        return None if closed is None else closed - self.episode.opened


@dataclass(frozen=True, slots=True)
class EditMade:
    """A change that was made through the pages: by whom, and from which address."""

    id: str
    cluster: str
    at: float
    object: str
    do: str
    who: str
    remote: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Distribution:
    """How long a workload's last episodes took that converged. `last` are up to 20 durations in seconds, newest first;
    `count` how many of its episodes were looked at, `converged` and `stalled` how many of those ended so.
    """

    object: str
    count: int
    converged: int
    stalled: int
    p50: float | None
    p90: float | None
    p95: float | None
    last: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A workload's day (UTC): how many episodes ended how, and how long those took that converged."""

    day: date
    ended: dict[Ended, int]
    p50: float | None
    p90: float | None
    p95: float | None


def kept(row: models.Episode, hops: Iterable[models.Hop] = (), packed: bytes = b"") -> Kept:
    """The value of a row."""
    episode = packing.episode_of(row, hops, packed)
    return Kept(row.cluster, row.group, row.kind, row.namespace, row.name, row.told, episode)


def edit_made(row: models.Edit) -> EditMade:
    """The value of a row."""
    changes = tuple(Change(path, before, after) for path, before, after in row.changes)
    return EditMade(row.id, row.cluster, row.at, row.object, row.do, row.who, row.remote, changes)


def day(row: models.Rollup) -> Day:
    """The value of a row."""
    return Day(row.day, {how: getattr(row, how.value) for how in Ended}, row.p50, row.p90, row.p95)
