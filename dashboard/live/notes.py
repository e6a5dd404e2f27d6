"""Events, bounded: the newest of each reason about each object, and no more than so many per cluster.

Events are the one kind that grows without limit; what a screen needs of them is the latest word on each thing
that happened to an object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.core.model import EventNote

PER_CLUSTER = 20_000
PER_OBJECT = 24

Source = tuple[str, str]
"""The Event object a note came from: namespace and name."""


@dataclass(frozen=True, slots=True)
class _Kept:
    note: EventNote
    source: Source


class Notes:
    """EventNotes by the id of the object they are about.

    `news`, where somebody keeps a set there, is given the ids about which something else is known than before.
    """

    def __init__(self, limit: int = PER_CLUSTER) -> None:
        self.news: set[str] | None = None
        self._limit = limit
        self._about: dict[str, dict[str, _Kept]] = {}
        self._sources: dict[Source, tuple[str, str]] = {}  # oldest first: what goes when there are too many

    def __len__(self) -> int:
        return len(self._sources)

    def put(self, source: Source, note: EventNote) -> str | None:
        """Keep `note` unless a newer one of its reason is kept; returns the id it is about when something changed."""
        about = note.about.id
        if self._sources.get(source, (about, note.reason)) != (about, note.reason):
            self.discard(source)
        reasons = self._about.setdefault(about, {})
        held = reasons.get(note.reason)
        if held is not None:
            # Of two in the same second the later name: a watch and a list must not differ.
            if held.source != source and (held.note.last or 0.0, held.source) > (note.last or 0.0, source):
                return None
            self._sources.pop(held.source, None)
        elif len(reasons) >= PER_OBJECT:
            oldest = min(reasons.values(), key=lambda kept: kept.note.last or 0.0)
            self.discard(oldest.source)
            reasons = self._about.setdefault(about, {})
        reasons[note.reason] = _Kept(note, source)
        self._sources[source] = (about, note.reason)
        if len(self._sources) > self._limit:
            self.discard(next(iter(self._sources)))
        if held is not None and held.note == note:
            return None
        if self.news is not None:
            self.news.add(about)
        return about

    def replace(self, about: str, notes: Iterable[EventNote]) -> None:
        """Keep these notes about an id and no others."""
        for kept in tuple(self._about.get(about, {}).values()):
            self.discard(kept.source)
        for note in notes:
            self.put((about, note.reason), note)

    def discard(self, source: Source) -> str | None:
        """Forget the note that came from this Event; returns the id it was about, None when none was kept."""
        place = self._sources.pop(source, None)
        if place is None:
            return None
        about, reason = place
        reasons = self._about[about]
        del reasons[reason]
        if not reasons:
            del self._about[about]
        if self.news is not None:
            self.news.add(about)
        return about

    def subjects(self) -> tuple[str, ...]:
        """Every id that there is a note about."""
        return tuple(self._about)

    def any(self, about: str) -> bool:
        """Whether there is a note about this id."""
        return about in self._about

    def source_of(self, note: EventNote) -> Source | None:
        """The Event that is kept of this one's reason and object."""
        held = self._about.get(note.about.id, {}).get(note.reason)
        return held.source if held is not None else None

    def sources(self) -> set[Source]:
        """Every Event a kept note came from."""
        return set(self._sources)

    def of(self, about: str, uid: str = "") -> tuple[EventNote, ...]:
        """The notes about an object, newest first; those about an earlier object of that name are left out.

        The kubelet writes a Node's name where its uid belongs.
        """
        reasons = self._about.get(about)
        if not reasons:
            return ()
        notes = [
            kept.note for kept in reasons.values() if not uid or kept.note.about_uid in ("", uid, kept.note.about.name)
        ]
        notes.sort(key=lambda note: note.last or 0.0, reverse=True)
        return tuple(notes)
