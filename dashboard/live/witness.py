"""What is known of an object besides itself: what those that it caused were at, and what it was before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.core.evidence import AUTOSCALER, Before, Evidence
from dashboard.core.marks import Marks, marks
from dashboard.core.model import Verdict
from dashboard.live.calm import Calm
from dashboard.live.entries import Entries, Entry
from dashboard.live.followed import Followed
from dashboard.live.marked import Marked
from dashboard.live.notes import Notes

YOUNG = 120.0
"""Seconds after its creation for which an object's steps are kept though nobody has asked for them yet."""


class Witness:
    """Marks of what lately changed, and what was calm. The rest is read from the board's entries and Events."""

    def __init__(self, entries: Entries, notes: Notes) -> None:
        self.calm = Calm()
        self._marked = Marked()
        self._entries = entries
        self._notes = notes

    def saw(self, entry: Entry, obj: Mapping[str, Any], now: float, *, listed: bool) -> bool:
        """Keep the steps of an object where they may belong to an episode; whether they are kept."""
        if not self._is_news(entry, now, listed=listed):
            return False
        self._marked.put(marks(obj, entry.row.id, entry.relative.owner_uid))
        return True

    def _is_news(self, entry: Entry, now: float, *, listed: bool) -> bool:
        """Whether an object's steps may belong to an episode: what has long been as it is tells of none."""
        if entry.row.verdict is not Verdict.CONVERGED or entry.relative.deleting:
            return True
        if entry.row.created is None and listed:
            return False
        young = entry.row.created is None or now - entry.row.created < YOUNG
        return young or self._marked.get(entry.row.uid) is not None

    def evidence(self, followed: Followed, now: float) -> Evidence:
        """All that is known of an object now."""
        found = self._marks_of(followed)
        return Evidence(followed.own, found, self._pulled(found), self._earlier(followed, now), followed.gone)

    def _earlier(self, followed: Followed, now: float) -> Before | None:
        """What the object was before what it is now: at the last look if that was another generation."""
        last, own = followed.before, followed.own
        if last is not None and last.generation != own.generation:
            return last
        calm = self.calm.get(followed.row.id, own.uid, now)
        if calm is not None or own.generation is not None or own.kind == AUTOSCALER[1]:
            return calm  # what a new autoscaler decides is no other wish: it is how the first one is done
        return last

    def _marks_of(self, followed: Followed) -> tuple[Marks, ...]:
        """Of what it owns, and of what that owns; a Pod by itself is its own."""
        uid = followed.own.uid
        if not uid:
            return ()
        below = [child.row.uid for child in self._entries.children(uid) if child.row.kind != "Pod"]
        itself = self._marked.get(uid) if followed.own.kind == "Pod" else None
        return (*((itself,) if itself is not None else ()), *self._marked.of([uid, *below]))

    def _pulled(self, found: Iterable[Marks]) -> dict[str, float]:
        """When the last image was there, by Pod."""
        pulled: dict[str, float] = {}
        for each in found:
            if each.kind == "Pod":
                notes = (note.last for note in self._notes.of(each.id, each.uid) if note.reason == "Pulled")
                pulled.update((each.uid, at) for at in notes if at is not None)
        return pulled
