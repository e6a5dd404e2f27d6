"""The board: all rows of a cluster in memory, kept current by the reflectors, never a source of truth.

An object is judged when its event comes. Its owner, and what drives it, are judged again at the next tick,
once however many of their children changed, and so on upward until nothing changes. Full objects are not
kept: only the trimmed JSON of what may be judged again, and the newest whole object of pinned ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dashboard.core.model import Episode, EventNote
from dashboard.core.objects import ResourceType, field, text
from dashboard.core.relatives import event_note
from dashboard.live.judging import Judging, Kind, is_text
from dashboard.live.notes import Source
from dashboard.live.picture import Picture
from dashboard.live.recorder import Recorder

EVENTS = frozenset({("", "Event"), ("events.k8s.io", "Event")})


class Board(Picture):
    """A picture that judges what the reflectors bring. Implements their sink: begin, page, end, apply, drop.

    `recorder` tells the episodes; None where none are followed.
    """

    def __init__(self, clock: Callable[[], float], *, episodes: bool = True) -> None:
        super().__init__(clock)
        self._judging = Judging(self._entries, self._notes, self._pins, self._has_status)
        self.recorder = Recorder(self._entries, self._notes, self._pins.touch, self._has_status) if episodes else None
        if self.recorder is not None:
            self.recorder.tally = self.tally.take
        self._judging.recorder = self.recorder
        self.listed: set[Kind] = set()
        """Kinds that are known whole: a list of them was complete."""
        self._listing: dict[Kind, set[str]] = {}
        self._listing_events: dict[Kind, dict[Source, EventNote | None]] = {}  # a note: outdone by one not listed yet

    # The reflectors' side

    def begin(self, resource: ResourceType) -> None:
        """A list, or another list, of this kind starts; rows of before stay until it ends."""
        kind = (resource.group, resource.kind)
        if kind in EVENTS:
            self._listing_events[kind] = {}
            return
        self._has_status[kind] = resource.has_status
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
            self._forget_events(self._notes.sources() - events.keys())
            for source, note in events.items():
                if note is not None:
                    self._judging.noted(self._notes.put(source, note))
        listed = self._listing.pop(kind, None)
        if listed is not None:
            self._remove(self._entries.of_kind(*kind) - listed)
        self.listed.add(kind)
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
        self.listed.discard(kind)
        self._has_status.pop(kind, None)
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
        source, note = _source(obj), event_note(obj)
        listed = self._listing_events.get(kind)
        if listed is not None:
            listed[source] = None
        if note is None or not is_text(note.about):
            return
        self._judging.noted(self._notes.put(source, note))
        if listed is not None and self._notes.source_of(note) not in listed:
            # A newer Event says the same, but it may be one of a history that was taken back.
            listed[source] = note

    def _forget_events(self, sources: set[Source]) -> None:
        for source in sources:
            self._judging.noted(self._notes.discard(source))

    def _remove(self, ids: set[str]) -> None:
        for id in ids:
            self._judging.remove(id)

    # Time

    def tick(self, now: float) -> frozenset[str]:
        """Judge again what is due and the owners of what changed; the ids of rows that changed since the last tick."""
        self._judging.due(now)
        self._settle(now)
        if self.recorder is not None:
            self.recorder.tick(now)
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

    def episode(self, id: str) -> Episode | None:
        """The object's open episode, or the last that closed, for ten minutes; None where none is known."""
        return self.recorder.episode(id, self._clock()) if self.recorder is not None else None

    @property
    def refused(self) -> int:
        """Objects that came without a name or a kind: they can be neither shown nor addressed."""
        return self._judging.refused


def _source(obj: Mapping[str, Any]) -> Source:
    return text(field(obj, "metadata.namespace")), text(field(obj, "metadata.name"))
