"""What a controller has just done and not yet seen in its cache (controller.ControllerExpectations).

A ReplicaSet that has asked for three Pods must not ask again because the watch has not shown them yet.
"""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.sandbox.clock import Clock
from dashboard.sandbox.controllers.meta import Key

LIFETIME = 300.0
"""Seconds after which a missed watch event no longer blocks the controller."""


class Expectations:
    """Creations by number and deletions by uid, per owner."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._creations: dict[Key, int] = {}
        self._deletions: dict[Key, set[str]] = {}
        self._since: dict[Key, float] = {}

    def satisfied(self, key: Key) -> bool:
        """Whether everything asked for has been seen, or is too long ago to wait for."""
        if self._creations.get(key, 0) <= 0 and not self._deletions.get(key):
            return True
        return (self._clock.now() - self._since.get(key, 0.0)) * self._clock.speed > LIFETIME

    def expect_creations(self, key: Key, number: int) -> None:
        """`number` objects are about to be created."""
        self._creations[key] = number
        self._deletions.pop(key, None)
        self._since[key] = self._clock.now()

    def expect_deletions(self, key: Key, uids: Iterable[str]) -> None:
        """The objects with these uids are about to be deleted."""
        self._creations.pop(key, None)
        self._deletions[key] = set(uids)
        self._since[key] = self._clock.now()

    def created(self, key: Key, number: int = 1) -> None:
        """The watch has shown a new object (or its creation was refused)."""
        if key in self._creations:
            self._creations[key] -= number

    def deleted(self, key: Key, uid: str) -> None:
        """The watch has shown a deletion (or it was refused)."""
        self._deletions.get(key, set()).discard(uid)

    def forget(self, key: Key) -> None:
        """The owner has gone."""
        for table in (self._creations, self._deletions, self._since):
            table.pop(key, None)
