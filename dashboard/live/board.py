"""The board: all rows of a cluster in memory, kept current by the reflectors, never a source of truth.

An object is judged when its event comes. Its owner, and what drives it, are judged again at the next tick,
once however many of their children changed, and so on upward until nothing changes. Full objects are not
kept: only the trimmed JSON of what may be judged again, and the newest whole object of pinned ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from dashboard.core.model import EventNote, Relative, Row
from dashboard.core.objects import ResourceType, field, text
from dashboard.core.relatives import event_note
from dashboard.live.chain import chain
from dashboard.live.entries import Entries
from dashboard.live.judging import Judging, Kind, is_text, version_of
from dashboard.live.notes import Notes, Source
from dashboard.live.pins import Pins
from dashboard.live.query import Query, Window
from dashboard.live.results import Result, Results

EVENTS = frozenset({("", "Event"), ("events.k8s.io", "Event")})


class Board:
    """Rows by id, with a revision. Implements the reflectors' sink: begin, page, end, apply, drop.

    `clock` gives Unix seconds. `on_change`, when set, is called whenever something may have changed, so that
    whoever ticks the board need not poll; it must only take note.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.revision = 0
        self.on_change: Callable[[], None] | None = None
        self._clock = clock
        self._entries = Entries()
        self._notes = Notes()
        self._pins = Pins()
        self._judging = Judging(self._entries, self._notes, self._pins)
        self.results = Results(self._entries)
        self._listing: dict[Kind, set[str]] = {}
        self._listing_events: dict[Kind, set[Source]] = {}

    # The reflectors' side

    def begin(self, resource: ResourceType) -> None:
        """A list, or another list, of this kind starts; rows of before stay until it ends."""
        kind = (resource.group, resource.kind)
        if kind in EVENTS:
            self._listing_events[kind] = set()
            return
        self._judging.has_status[kind] = resource.has_status
        self._listing[kind] = set()

    def page(self, resource: ResourceType, objects: list[dict[str, Any]]) -> None:
        """A part of the list: what the API holds, whatever newer version was known of these objects."""
        for obj in objects:
            self._put((resource.group, resource.kind), obj, listed=True)
        self._wake()

    def end(self, resource: ResourceType) -> None:
        """The list is complete: what was not in it is gone."""
        kind = (resource.group, resource.kind)
        events = self._listing_events.pop(kind, None)
        if events is not None:
            self._forget_events(self._notes.sources() - events)
        listed = self._listing.pop(kind, None)
        if listed is not None:
            self._remove(self._entries.of_kind(*kind) - listed)
        self._wake()

    def apply(self, resource: ResourceType, type: str, obj: dict[str, Any]) -> None:
        """One watch event: ADDED, MODIFIED or DELETED; others change nothing."""
        kind = (resource.group, resource.kind)
        if type in ("ADDED", "MODIFIED"):
            self._put(kind, obj, listed=False)
        elif type == "DELETED" and kind in EVENTS:
            self._forget_events({_source(obj)})
        elif type == "DELETED":
            self._judging.delete(obj)
        self._wake()

    def drop(self, resource: ResourceType) -> None:
        """The kind vanished, or is no longer watched: its rows go."""
        kind = (resource.group, resource.kind)
        self._listing.pop(kind, None)
        self._listing_events.pop(kind, None)
        self._remove(self._entries.of_kind(*kind))
        if kind in EVENTS:
            self._forget_events(self._notes.sources())
        self._wake()

    def _put(self, kind: Kind, obj: dict[str, Any], *, listed: bool) -> None:
        if kind in EVENTS:
            self._put_event(kind, obj)
            return
        id = self._judging.put(obj, self._clock(), listed=listed)
        if id is not None and kind in self._listing:
            self._listing[kind].add(id)

    def _put_event(self, kind: Kind, obj: dict[str, Any]) -> None:
        source = _source(obj)
        if kind in self._listing_events:
            self._listing_events[kind].add(source)
        note = event_note(obj)
        if note is not None and is_text(note.about):
            self._judging.noted(self._notes.put(source, note))

    def _forget_events(self, sources: set[Source]) -> None:
        for source in sources:
            self._judging.noted(self._notes.discard(source))

    def _remove(self, ids: set[str]) -> None:
        for id in ids:
            self._judging.remove(id)

    def _wake(self) -> None:
        if self.on_change is not None:
            self.on_change()

    # Time

    def tick(self, now: float) -> frozenset[str]:
        """Judge again what is due and the owners of what changed; the ids of rows that changed since the last tick."""
        self._judging.due(now)
        self._settle(now)
        changed = frozenset(self._judging.changed)
        self._judging.changed.clear()
        if changed:
            self.revision += 1
        return changed

    def _settle(self, now: float) -> None:
        self._judging.settle(now)
        self.results.update(self._judging.changed | self._judging.look)
        self._judging.look.clear()

    @property
    def next_due(self) -> float | None:
        """When time alone will next change something, in Unix seconds; None for never."""
        return self._judging.next_due

    # The readers' side

    def __len__(self) -> int:
        return len(self._entries.by_id)

    @property
    def refused(self) -> int:
        """Objects that came without a name or a kind: they can be neither shown nor addressed."""
        return self._judging.refused

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
        return (*self._judging.related(id, entry.row.uid, entry.row.drives), *(each.relative for each in around))

    def has_status(self, group: str, kind: str) -> bool | None:
        """Whether a kind's schema has a status; None where nothing says."""
        return self._judging.has_status.get((group, kind))

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

    def fetched(self, id: str, obj: dict[str, Any]) -> None:
        """An object that was read for a pinned id: taken unless the watch has said as much or more of it."""
        entry = self._entries.by_id.get(id)
        version = version_of(obj)
        if version > self._pins.version(id) and (entry is None or version >= entry.version):
            self._pins.offer(id, obj, version)

    def touched(self) -> frozenset[str]:
        """Pinned ids whose object or events changed since the last call, whether or not their rows did."""
        return self._pins.touched()


def _source(obj: Mapping[str, Any]) -> Source:
    return text(field(obj, "metadata.namespace")), text(field(obj, "metadata.name"))
