"""Viewed objects: while somebody looks at one, its newest whole JSON is kept."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Pins:
    """Whole objects by id, for ids that are pinned, and which ids have news for whoever pinned them."""

    def __init__(self) -> None:
        self._pins: Counter[str] = Counter()
        self._objects: dict[str, dict[str, Any]] = {}
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

    def get(self, id: str) -> dict[str, Any] | None:
        """The newest whole object, None until one is known or when it is gone."""
        return self._objects.get(id)

    def offer(self, id: str, obj: dict[str, Any]) -> None:
        """A newer whole object; kept when the id is pinned."""
        if id in self._pins:
            self._objects[id] = obj
            self._touched.add(id)

    def gone(self, id: str) -> None:
        """The object was deleted."""
        if id in self._pins:
            self._objects.pop(id, None)
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
