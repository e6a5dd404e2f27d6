"""What judging an object reads besides itself."""

from __future__ import annotations

from dashboard.core.model import EventNote, Relative
from dashboard.live.entries import Entries
from dashboard.live.notes import Notes


def related(entries: Entries, notes: Notes, id: str, uid: str, drives: str) -> tuple[Relative | EventNote, ...]:
    """Digests of an object's children and of what it drives, and the events about it."""
    if not entries.has_children(uid) and not drives and not notes.any(id):
        return ()
    found: list[Relative | EventNote] = [child.relative for child in entries.children(uid)]
    target = entries.by_id.get(drives) if drives else None
    if target is not None:
        found.append(target.relative)
    found.extend(notes.of(id, uid))
    return tuple(found)
