"""What the board holds of one object, and how objects are related: by owner uid and by what drives what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from dashboard.core.model import Relative, Row, Verdict
from dashboard.live.blocks import Key
from dashboard.live.query import order_key

K = TypeVar("K")

Index = dict[str, dict[str, None]]
"""Ids by what they belong to. Of twenty strings, a dict of nothing takes a third of a set's memory."""

MAX_DEPTH = 8
"""Owners of owners that are followed; ownerReferences may form a circle."""

FOLDING = frozenset({Verdict.STALLED, Verdict.CONVERGING, Verdict.TERMINATING})
"""Verdicts of an owner that speak for its children, and carry their cause. A suspended or unknown owner does not."""


@dataclass(slots=True)
class Entry:
    """One object: its row, its digest, and what judging it again needs.

    `version` is its resourceVersion as a number, 0 where it is not one; `body` the object, as it came when that was
    lately, or its trimmed JSON; None for what will not be judged again before its next event.
    """

    row: Row
    relative: Relative
    version: int
    body: Mapping[str, Any] | bytes | None
    recheck_at: float | None
    order: Key | None = None

    def order_key(self) -> Key:
        """The row's place, computed once however many queries hold it."""
        if self.order is None:
            self.order = order_key(self.row)
        return self.order


class Entries:
    """All entries by id, with the indexes that relations are read from.

    `news`, where somebody keeps a set there, is given the ids that were put or taken out.
    """

    def __init__(self) -> None:
        self.by_id: dict[str, Entry] = {}
        self.news: set[str] | None = None
        self.kinds: Counter[tuple[str, str]] = Counter()
        self.namespaces: Counter[str] = Counter()
        self._children: Index = {}  # owner uid → ids
        self._drivers: Index = {}  # id → ids of what drives it

    def add(self, entry: Entry) -> None:
        """Put an entry whose id is new, or replace the one of that id with its relations."""
        id = entry.row.id
        old = self.by_id.get(id)
        self.by_id[id] = entry
        if self.news is not None:
            self.news.add(id)
        if old is None:
            self.kinds[entry.row.group, entry.row.kind] += 1
            if entry.row.namespace:
                self.namespaces[entry.row.namespace] += 1
        old_owner, old_drives = (old.relative.owner_uid, old.row.drives) if old else ("", "")
        if entry.relative.owner_uid != old_owner:
            _unlink(self._children, old_owner, id)
            _link(self._children, entry.relative.owner_uid, id)
        if entry.row.drives != old_drives:
            _unlink(self._drivers, old_drives, id)
            _link(self._drivers, entry.row.drives, id)

    def remove(self, id: str) -> Entry | None:
        """Take an entry and its relations out."""
        entry = self.by_id.pop(id, None)
        if entry is not None:
            if self.news is not None:
                self.news.add(id)
            _count_down(self.kinds, (entry.row.group, entry.row.kind))
            _unlink(self._children, entry.relative.owner_uid, id)
            _unlink(self._drivers, entry.row.drives, id)
            _count_down(self.namespaces, entry.row.namespace)
        return entry

    def of_kind(self, group: str, kind: str) -> set[str]:
        """The ids of one kind's objects. Looked for among all: asked for after a list, which took far longer."""
        if not self.kinds[group, kind]:
            return set()
        return {id for id, entry in self.by_id.items() if entry.row.kind == kind and entry.row.group == group}

    def children(self, uid: str) -> Iterable[Entry]:
        """What the object of this uid owns."""
        return (self.by_id[id] for id in self._children.get(uid, ())) if uid else ()

    def has_children(self, uid: str) -> bool:
        return bool(uid) and uid in self._children

    def drivers(self, id: str) -> Iterable[Entry]:
        """What drives this object: an HPA its target."""
        return (self.by_id[driver] for driver in self._drivers.get(id, ()))

    def owner(self, entry: Entry) -> Entry | None:
        """The owner, when it is on the board and is the same object, not a later one of its name."""
        if not entry.row.owner:
            return None
        found = self.by_id.get(entry.row.owner)
        return found if found is not None and found.row.uid == entry.relative.owner_uid else None

    def ancestors(self, entry: Entry) -> Iterator[Entry]:
        """The owner, its owner, and so on; each once."""
        seen = {entry.row.id}
        for _ in range(MAX_DEPTH):
            owner = self.owner(entry)
            if owner is None or owner.row.id in seen:
                return
            yield owner
            seen.add(owner.row.id)
            entry = owner

    def descendants(self, uid: str) -> set[str]:
        """The ids of children, their children, and so on."""
        found: set[str] = set()
        uids = {uid}
        for _ in range(MAX_DEPTH):
            level = {id for owner in uids for id in self._children.get(owner, ())} - found if uids else set()
            if not level:
                break
            found |= level
            uids = {self.by_id[id].row.uid for id in level} - {""}
        return found

    def folded(self, entry: Entry) -> bool:
        """Whether an unfiltered list leaves the row to its owners: it has converged and has an owner on the
        board, or one of its owners has not converged and says why."""
        owners = self.ancestors(entry)
        first = next(owners, None)
        if first is None:
            return False
        if entry.row.verdict is Verdict.CONVERGED or first.row.verdict in FOLDING:
            return True
        return any(owner.row.verdict in FOLDING for owner in owners)


def version_of(obj: Mapping[str, Any]) -> int:
    """The resourceVersion as a number, 0 where it is not one. Compared within one kind's watch only."""
    meta = obj.get("metadata")
    version = meta.get("resourceVersion") if isinstance(meta, dict) else None
    if not isinstance(version, str):
        return 0
    return int(version) if version.isdecimal() and version.isascii() and len(version) < 20 else 0


def _link(index: Index, at: str, id: str) -> None:
    if at:
        index.setdefault(at, {})[id] = None


def _unlink(index: Index, at: str, id: str) -> None:
    ids = index.get(at)
    if ids is not None:
        ids.pop(id, None)
        if not ids:
            del index[at]


def _count_down(counter: Counter[K], at: K) -> None:
    counter[at] -= 1
    if counter[at] <= 0:
        del counter[at]
