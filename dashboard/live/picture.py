"""The picture of a cluster: rows by id with a revision, and all that is read from them, whoever keeps them current."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import islice
from typing import Any

from dashboard.core.model import Episode, EventNote, Relative, Row, Verdict
from dashboard.live.chain import chain
from dashboard.live.entries import Entries, version_of
from dashboard.live.notes import Notes
from dashboard.live.pins import Pins
from dashboard.live.query import Query, Window
from dashboard.live.relations import related
from dashboard.live.results import Result, Results
from dashboard.live.tally import Tally

Kind = tuple[str, str]
"""Group and kind."""


class Picture(ABC):
    """What hubs, panels and pages read.

    `clock` gives Unix seconds. `on_change`, when set, is called whenever something may have changed, so that
    whoever ticks the picture need not poll; it must only take note.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.revision = 0
        self.on_change: Callable[[], None] | None = None
        self._clock = clock
        self._entries = Entries()
        self._notes = Notes()
        self._pins = Pins()
        self._has_status: dict[Kind, bool | None] = {}
        self.results = Results(self._entries)
        self.tally = Tally()

    @abstractmethod
    def tick(self, now: float) -> frozenset[str]:
        """Bring everything to `now`; the ids of rows that changed or went since the last tick."""

    @property
    @abstractmethod
    def next_due(self) -> float | None:
        """When time alone will next change something, in Unix seconds; None for never."""

    @abstractmethod
    def _settle(self, now: float) -> None:
        """Bring rows and results to `now`, without taking note of what changed from the next tick."""

    def _wake(self) -> None:
        if self.on_change is not None:
            self.on_change()

    # What is read

    @property
    def entries(self) -> Entries:
        """All that is held of objects, for whoever passes it on; to be read only."""
        return self._entries

    @property
    def notes(self) -> Notes:
        """All that is held of events, for whoever passes it on; to be read only."""
        return self._notes

    def __len__(self) -> int:
        return len(self._entries.by_id)

    def row(self, id: str) -> Row | None:
        """The row of this id, None when there is none."""
        entry = self._entries.by_id.get(id)
        return entry.row if entry is not None else None

    def rows(self) -> tuple[Row, ...]:
        """Every row, in no order."""
        return tuple(entry.row for entry in self._entries.by_id.values())

    def select(self, query: Query, start: int = 0, count: int = 200) -> Window:
        """A part of what a query finds, now: changes that no tick has shown yet are in it."""
        self._settle(self._clock())
        result = self.results.get(query)
        result.finish()
        return result.window(self.revision, query.verdict, start, count)

    def hold(self, query: Query) -> Result:
        """The result of a query as of now, kept current until it is released as often as held.

        Of a large board it may not be `ready` yet: `results.fill` goes on with it.
        """
        self._settle(self._clock())
        return self.results.hold(query)

    def chain(self, id: str) -> tuple[tuple[Row, ...], ...]:
        """The loops that drive each other, in levels: what drives and owns it, itself, what it owns and so on down.

        Old revisions with nothing left are left out, and each level is cut to 50 rows, worst first.
        """
        return chain(self._entries, id)

    def below(self, id: str, limit: int = 1000) -> tuple[Row, ...]:
        """What the object owns, and what that owns, and so on; at most `limit` rows, in no order."""
        entry = self._entries.by_id.get(id)
        if entry is None:
            return ()
        found = islice(self._entries.descendants(entry.row.uid), limit)
        return tuple(self._entries.by_id[each].row for each in found)

    def events(self, id: str) -> tuple[EventNote, ...]:
        """Events about the object, newest first."""
        entry = self._entries.by_id.get(id)
        return self._notes.of(id, entry.row.uid if entry is not None else "")

    def relatives(self, id: str) -> tuple[Relative | EventNote, ...]:
        """Digests of everything related: children, what it drives, events, then what drives it and its owners."""
        entry = self._entries.by_id.get(id)
        if entry is None:
            return self._notes.of(id)
        around = [*self._entries.drivers(id), *self._entries.ancestors(entry)]
        own = related(self._entries, self._notes, id, entry.row.uid, entry.row.drives)
        return (*own, *(each.relative for each in around))

    def episode(self, id: str) -> Episode | None:
        """The object's open episode, or the last that closed, for ten minutes; None where none is known."""
        return None

    def has_status(self, group: str, kind: str) -> bool | None:
        """Whether a kind's schema has a status; None where nothing says."""
        return self._has_status.get((group, kind))

    def counts(self) -> dict[Verdict, int]:
        """How many objects have each verdict, folded ones included."""
        found = dict.fromkeys(Verdict, 0)
        for entry in self._entries.by_id.values():
            found[entry.row.verdict] += 1
        return found

    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that rows are in, in order."""
        return tuple(sorted(self._entries.namespaces))

    def kinds(self) -> tuple[str, ...]:
        """The names of the kinds that rows are of, in order."""
        return tuple(sorted({kind for _, kind in self._entries.kinds}))

    # Viewed objects

    def pin(self, id: str) -> None:
        """Keep the newest whole object of this id from now on. Counted: each pin needs its unpin."""
        self._pins.pin(id)

    def unpin(self, id: str) -> None:
        """Undo one `pin`."""
        self._pins.unpin(id)

    def pinned(self, id: str) -> dict[str, Any] | None:
        """The newest whole object of a pinned id, None until one is known and when it is gone."""
        return self._pins.get(id)

    def outdated(self, id: str) -> bool:
        """Whether a pinned object that was read has changed since, and nobody but the API can say into what."""
        return False

    def fetched(self, id: str, obj: dict[str, Any]) -> None:
        """An object that was read for a pinned id: taken unless the watch has said as much or more of it."""
        entry = self._entries.by_id.get(id)
        version = version_of(obj)
        if version > self._pins.version(id) and (entry is None or version >= entry.version):
            self._pins.offer(id, obj, version)

    def touched(self) -> frozenset[str]:
        """Pinned ids whose object or events changed since the last call, whether or not their rows did."""
        return self._pins.touched()
