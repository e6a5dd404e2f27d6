"""A tally of episodes as they end, for counters that only ever grow: how many, how, and how long they took."""

from __future__ import annotations

from bisect import bisect_left

from dashboard.core.model import Ended, Episode, Row

BOUNDS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Seconds: the upper ends of the histogram's buckets; a last one has none."""

MAX_PLACES = 200
"""Pairs of kind and namespace that are counted by themselves; further ones count as OTHER."""

OTHER = ("other", "other")

MAX_KEYS = 20_000
"""Episodes that are remembered to have been counted."""

Place = tuple[str, str]


class Spread:
    """A histogram: how many fell into each bucket, and their sum in seconds."""

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class Tally:
    """Counts each episode once for each way in which it ends: a stalled one that recovers is both."""

    def __init__(self) -> None:
        self.ends: dict[str, int] = dict.fromkeys([*map(str, (Ended.CONVERGED, Ended.STALLED, Ended.SUPERSEDED))], 0)
        self.ends["recovered"] = 0
        self.took: dict[Place, Spread] = {}
        self._counted: dict[tuple[str, str], None] = {}  # oldest first

    def take(self, episode: Episode, row: Row) -> None:
        """Take note of what is told of an episode."""
        if episode.ended is not None:
            first = self._count(episode.key, str(episode.ended))
            if first and episode.ended is Ended.CONVERGED and episode.closed is not None:
                self._spread(row).add(episode.closed - episode.opened)
        if episode.recovered is not None:
            self._count(episode.key, "recovered")

    def _count(self, key: str, how: str) -> bool:
        if (key, how) in self._counted:
            return False
        self._counted[key, how] = None
        if len(self._counted) > MAX_KEYS:
            del self._counted[next(iter(self._counted))]
        self.ends[how] = self.ends.get(how, 0) + 1
        return True

    def _spread(self, row: Row) -> Spread:
        place = (row.kind, row.namespace)
        if place not in self.took and len(self.took) >= MAX_PLACES:
            place = OTHER
        return self.took.setdefault(place, Spread())
