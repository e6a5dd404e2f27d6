"""Marks of what lately changed, by owner: kept whether or not anybody has asked for them yet.

A Pod's events may come before those of the Deployment that made it: watches of different kinds are not in step.
"""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.core.marks import Marks

LIMIT = 20_000


class Marked:
    """The newest marks by uid, the lately changed last; the oldest go when there are too many."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._marks: dict[str, Marks] = {}
        self._owned: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._marks)

    def put(self, new: Marks) -> None:
        """Take in an object's marks."""
        old = self._marks.pop(new.uid, None)
        if old is not None and old.owner_uid != new.owner_uid:
            self._unlink(old)
            old = None
        self._marks[new.uid] = new.after(old)
        if old is None:
            self._owned.setdefault(new.owner_uid, {})[new.uid] = None
        if len(self._marks) > self._limit:
            self.forget(next(iter(self._marks)))

    def forget(self, uid: str) -> None:
        """Keep nothing of an object."""
        old = self._marks.pop(uid, None)
        if old is not None:
            self._unlink(old)

    def of(self, owners: Iterable[str]) -> tuple[Marks, ...]:
        """The marks of all that these uids own."""
        return tuple(self._marks[uid] for owner in owners for uid in self._owned.get(owner, ()))

    def get(self, uid: str) -> Marks | None:
        """One object's marks."""
        return self._marks.get(uid)

    def _unlink(self, old: Marks) -> None:
        owned = self._owned[old.owner_uid]
        del owned[old.uid]
        if not owned:
            del self._owned[old.owner_uid]
