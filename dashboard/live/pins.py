"""Viewed objects: while somebody looks at one, its newest whole JSON is kept."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Pins:
    """Whole objects by id, for ids that are pinned, and which ids have news for whoever pinned them."""

    def __init__(self) -> None:
        self._pins: Counter[str] = Counter()
        self._objects: dict[str, dict[str, Any]] = {}
        self._versions: dict[str, int] = {}
        self._touched: set[str] = set()

    def pin(self, id: str) -> None:
        """Keep the newest whole object of this id from now on. Counted: each pin needs its unpin."""
        self._pins[id] += 1

    def unpin(self, id: str) -> None:
        """Undo one `pin`."""
        self._pins[id] -= 1
        if self._pins[id] <= 0:
            del self._pins[id]
            self._objects.pop(id, None)
            self._versions.pop(id, None)

    def get(self, id: str) -> dict[str, Any] | None:
        """The newest whole object, None until one is known or when it is gone."""
        return self._objects.get(id)

    def version(self, id: str) -> int:
        """The newest version heard of a pinned id, its deletion's included; -1 for none."""
        return self._versions.get(id, -1)

    def offer(self, id: str, obj: dict[str, Any], version: int) -> None:
        """A newer whole object; kept when the id is pinned."""
        if id in self._pins:
            self._objects[id] = obj
            self._versions[id] = version
            self._touched.add(id)

    def gone(self, id: str, version: int) -> None:
        """The object was deleted, at this version."""
        if id in self._pins:
            self._objects.pop(id, None)
            self._versions[id] = version
            self._touched.add(id)

    def touch(self, id: str) -> None:
        """Something else about the object changed: its events."""
        if id in self._pins:
            self._touched.add(id)

    def touched(self) -> frozenset[str]:
        """Pinned ids with news since the last call."""
        touched = frozenset(self._touched)
        self._touched.clear()
        return touched
