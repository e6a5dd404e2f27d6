"""What was told and is not known to be written: bounded, the newest of each episode, and dropped in a stated order.

When it is full, samples go first, oldest first; then what was told anew of open episodes that are written already
(they will be told of again, so nothing is lost); then the oldest episodes themselves, which are counted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import islice
from math import inf

import msgspec

from dashboard.history.wire import Made, Told

MOST_ENTRIES = 5_000
MOST_SAMPLES = 100_000
"""Samples, about 100 bytes each."""

_LOOK = 200
"""How many of the oldest entries are looked through for one that can be spared."""


@dataclass(slots=True)
class Entry:
    """The newest telling of one thing. `due` is when it may be sent; `spare` that losing it loses nothing for good;
    `samples` how many it carries.
    """

    item: Told | Made
    due: float
    spare: bool = False
    samples: int = field(init=False)

    def __post_init__(self) -> None:
        self.samples = len(self.item.episode.samples) if isinstance(self.item, Told) else 0


class Buffer:
    """Entries by key, oldest first. `dropped_samples`, `dropped_episodes` and `dropped_edits` only grow."""

    def __init__(self, entries: int = MOST_ENTRIES, samples: int = MOST_SAMPLES) -> None:
        self._most_entries = entries
        self._most_samples = samples
        self._entries: dict[str, Entry] = {}
        self._sampled: dict[str, None] = {}
        self._samples = 0
        self._soonest = inf  # nothing is due before
        self.away = 0
        """Entries that are sent and not yet known to be written: they count as held."""
        self.dropped_samples = 0
        self.dropped_episodes = 0
        self.dropped_edits = 0

    def __len__(self) -> int:
        return len(self._entries) + self.away

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def put(self, key: str, entry: Entry) -> None:
        """Take in the newest of `key`, in the place of what was told before it; due when the earlier of both was."""
        before = self._entries.get(key)
        if before is not None:
            self._forget(key, before)
            entry.due, entry.spare = min(before.due, entry.due), before.spare and entry.spare
        self._entries[key] = entry
        self._soonest = min(self._soonest, entry.due)
        if entry.samples:
            self._samples += entry.samples
            self._sampled[key] = None
        while self._samples > self._most_samples and self._strip():
            pass
        while len(self) > self._most_entries and self._entries:
            self._drop()

    def back(self, key: str, entry: Entry) -> None:
        """Take back what was sent and not written, unless something newer was told since."""
        if key not in self._entries:
            self.put(key, entry)

    def take(self, now: float, most: int) -> dict[str, Entry]:
        """Up to `most` entries that are due, oldest first; they are away until `home` is called for as many."""
        if self._soonest > now:
            return {}
        due = islice(((key, entry) for key, entry in self._entries.items() if entry.due <= now), most)
        taken = dict(due)
        for key, entry in taken.items():
            del self._entries[key]
            self._forget(key, entry)
        self._soonest = min((entry.due for entry in self._entries.values()), default=inf)
        self.away += len(taken)
        return taken

    def home(self, count: int) -> None:
        """So many are written, or are about to be put back."""
        self.away -= count

    def numbers(self) -> list[int]:
        """The numbers of all that is held here (not of what is away)."""
        return [entry.item.number for entry in self._entries.values() if entry.item.number]

    def due_now(self) -> None:
        """Let all of it be sent: it is the last chance."""
        for entry in self._entries.values():
            entry.due = 0.0
        self._soonest = 0.0

    def _forget(self, key: str, entry: Entry) -> None:
        self._samples -= entry.samples
        self._sampled.pop(key, None)

    def _strip(self) -> bool:
        key = next(iter(self._sampled), None)
        if key is None:
            return False
        entry = self._entries[key]
        self.dropped_samples += entry.samples
        self._forget(key, entry)
        if isinstance(entry.item, Told):
            entry.item = msgspec.structs.replace(entry.item, episode=replace(entry.item.episode, samples=()))
            entry.samples = 0
        return True

    def _drop(self) -> None:
        oldest: Collection[tuple[str, Entry]] = list(islice(self._entries.items(), _LOOK))
        key, entry = next(((key, entry) for key, entry in oldest if entry.spare), next(iter(oldest)))
        del self._entries[key]
        self._forget(key, entry)
        self.dropped_samples += entry.samples
        if isinstance(entry.item, Made):
            self.dropped_edits += 1
        elif not entry.spare:
            self.dropped_episodes += 1
