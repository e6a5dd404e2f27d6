"""The chain: loops that drive each other, HPA → Deployment → ReplicaSet → Pod, in levels around one object."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dashboard.core.model import Row
from dashboard.live.entries import MAX_DEPTH, Entries, Entry
from dashboard.live.query import VERDICTS

PER_LEVEL = 50

Step = Callable[[Entries, Entry], Iterable[Entry]]


def chain(entries: Entries, id: str) -> tuple[tuple[Row, ...], ...]:
    """The levels around an object, from what drives it down to what it owns; empty when it is not on the board."""
    entry = entries.by_id.get(id)
    if entry is None:
        return ()
    seen = {id}
    above = _levels(entries, entry, _upward, seen)
    below = _levels(entries, entry, _downward, seen)
    return (*reversed(above), (entry.row,), *below)


def _levels(entries: Entries, entry: Entry, step: Step, seen: set[str]) -> list[tuple[Row, ...]]:
    levels: list[tuple[Row, ...]] = []
    current = [entry]
    for _ in range(MAX_DEPTH):
        found = {near.row.id: near for each in current for near in step(entries, each) if near.row.id not in seen}
        if not found:
            break
        seen.update(found)
        current = sorted(found.values(), key=_worst_first)[:PER_LEVEL]
        levels.append(tuple(each.row for each in current))
    return levels


def _worst_first(entry: Entry) -> tuple[int, str, str, str]:
    return (VERDICTS.index(entry.row.verdict), entry.row.kind, entry.row.namespace, entry.row.name)


def _upward(entries: Entries, entry: Entry) -> Iterable[Entry]:
    owner = entries.owner(entry)
    return [*entries.drivers(entry.row.id), *([owner] if owner is not None else [])]


def _downward(entries: Entries, entry: Entry) -> Iterable[Entry]:
    target = entries.by_id.get(entry.row.drives) if entry.row.drives else None
    children = list(entries.children(entry.row.uid))
    newest = max((_number(child) for child in children), default=0)
    kept = [child for child in children if not _is_history(entries, child, newest)]
    return [*([target] if target is not None else []), *kept]


def _number(entry: Entry) -> int:
    revision = entry.relative.revision
    return int(revision) if revision.isdecimal() and revision.isascii() and len(revision) < 20 else 0


def _is_history(entries: Entries, entry: Entry, newest: int) -> bool:
    """An old revision with nothing left: it wants nothing, has nothing, and a newer one exists."""
    if _number(entry) >= newest or entry.relative.replicas or entries.has_children(entry.row.uid):
        return False
    return entry.row.bar is None or not entry.row.bar.want
