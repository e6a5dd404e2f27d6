"""Versioned objects in memory: one global revision, a bounded history per resource, watchers.

The store knows nothing of kinds. An object put in is never changed again, by anybody: readers share
it. Every change gets the next revision, is kept in its resource's history (for watches and for
reading the past), and is offered once, in order, to every watcher of that resource.

History answers from `floor` upwards: a watch from a version below the floor, or a read of one, is
refused as `410 Gone` by the layers above.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Object = dict[str, Any]
Key = tuple[str, str]
"""(namespace, name); namespace is "" for cluster-scoped objects."""

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]

Journal = Callable[[str, Key, Object | None, int], None]
"""journal(resource, key, object or None, revision): told of a change before it is made; what it raises prevents it."""

WINDOW = 20_000
"""Changes kept per resource before the oldest are forgotten."""


@dataclass(slots=True)
class Change:
    """One change: `object` is the state after it (the last state for DELETED), `previous` before it."""

    revision: int
    type: ChangeType
    key: Key
    object: Object
    previous: Object | None
    lines: dict[str, bytes] = field(default_factory=dict)
    """Serialised once per representation, for all watchers of it."""


@dataclass(slots=True)
class _Shelf:
    objects: dict[Key, Object] = field(default_factory=dict)
    history: deque[Change] = field(default_factory=deque)
    floor: int = 0
    watchers: set[Subscription] = field(default_factory=set)
    ordered: list[Key] | None = None


class Subscription:
    """What one watcher has not yet read. `wait()` returns when there is something, or it is closed."""

    def __init__(self) -> None:
        self.pending: deque[Change] = deque()
        self.closed = False
        self._wake = asyncio.Event()

    def offer(self, change: Change) -> None:
        """Hand over a change (called by the store)."""
        self.pending.append(change)
        self._wake.set()

    def close(self) -> None:
        """End the subscription: the kind has gone, or the server stops."""
        self.closed = True
        self._wake.set()

    async def wait(self) -> None:
        """Until something is pending or the subscription is closed."""
        while not self.pending and not self.closed:
            self._wake.clear()
            await self._wake.wait()

    def drain(self) -> list[Change]:
        """Everything pending, in order."""
        taken = list(self.pending)
        self.pending.clear()
        return taken


class Store:
    """All objects of the cluster. Not thread-safe: one asyncio loop owns it."""

    def __init__(self, window: int = WINDOW) -> None:
        self.revision = 0
        self._window = window
        self._base = 0
        self._shelves: dict[str, _Shelf] = {}
        self.journal: Journal | None = None

    def _shelf(self, resource: str) -> _Shelf:
        shelf = self._shelves.get(resource)
        if shelf is None:
            shelf = self._shelves[resource] = _Shelf(floor=self._base)
        return shelf

    def get(self, resource: str, key: Key) -> Object | None:
        """The current object, shared: do not change it."""
        return self._shelf(resource).objects.get(key)

    def objects(self, resource: str) -> dict[Key, Object]:
        """All current objects of a resource, shared: do not change them."""
        return self._shelf(resource).objects

    def keys(self, resource: str) -> list[Key]:
        """Keys in the API's order of listing (by namespace, then name)."""
        shelf = self._shelf(resource)
        if shelf.ordered is None:
            # A real server orders by the etcd path "ns/name", in which "/" sorts below letters and digits.
            shelf.ordered = sorted(shelf.objects, key=lambda key: f"{key[0]}/{key[1]}")
        return shelf.ordered

    def put(self, resource: str, key: Key, obj: Object) -> Object:
        """Write `obj` at the next revision, set its resourceVersion, tell watchers. Returns it."""
        shelf = self._shelf(resource)
        previous = shelf.objects.get(key)
        obj["metadata"]["resourceVersion"] = str(self.revision + 1)
        if self.journal is not None:
            self.journal(resource, key, obj, self.revision + 1)
        self.revision += 1
        shelf.objects[key] = obj
        if previous is None:
            shelf.ordered = None
        self._record(shelf, Change(self.revision, "MODIFIED" if previous else "ADDED", key, obj, previous))
        return obj

    def remove(self, resource: str, key: Key, last: Object) -> Object:
        """Remove the object; `last` is what watchers see, at the next revision. Returns it."""
        shelf = self._shelf(resource)
        last["metadata"]["resourceVersion"] = str(self.revision + 1)
        if self.journal is not None:
            self.journal(resource, key, None, self.revision + 1)
        self.revision += 1
        previous = shelf.objects.pop(key)
        shelf.ordered = None
        self._record(shelf, Change(self.revision, "DELETED", key, last, previous))
        return last

    def _record(self, shelf: _Shelf, change: Change) -> None:
        shelf.history.append(change)
        while len(shelf.history) > self._window:
            shelf.floor = shelf.history.popleft().revision
        for watcher in shelf.watchers:
            watcher.offer(change)

    def restore(self, resource: str, key: Key, obj: Object | None) -> None:
        """Put back what was there before a restart, None for nothing: no revision, no history, nobody is told."""
        shelf = self._shelf(resource)
        shelf.ordered = None
        if obj is None:
            shelf.objects.pop(key, None)
        else:
            shelf.objects[key] = obj

    def subscribe(self, resource: str) -> Subscription:
        """Changes from now on. Give it back with `unsubscribe`."""
        subscription = Subscription()
        self.attach(resource, subscription)
        return subscription

    def attach(self, resource: str, subscription: Subscription) -> None:
        """Offer changes from now on to a subscription that the caller made."""
        self._shelf(resource).watchers.add(subscription)

    def unsubscribe(self, resource: str, subscription: Subscription) -> None:
        """Stop offering changes to it."""
        self._shelf(resource).watchers.discard(subscription)

    def floor(self, resource: str) -> int:
        """The oldest version from which history is complete."""
        return self._shelf(resource).floor

    def since(self, resource: str, revision: int) -> list[Change]:
        """Changes after `revision`, oldest first; complete only if `revision >= floor`."""
        history = self._shelf(resource).history
        if not history or history[-1].revision <= revision:
            return []
        if revision < history[0].revision:
            return list(history)
        revisions = [change.revision for change in history]
        return list(history)[bisect_right(revisions, revision) :]

    def at(self, resource: str, revision: int) -> dict[Key, Object]:
        """The objects as they were at `revision`, by undoing newer changes; needs `revision >= floor`."""
        past = dict(self._shelf(resource).objects)
        for change in reversed(self.since(resource, revision)):
            if change.previous is None:
                past.pop(change.key, None)
            else:
                past[change.key] = change.previous
        return past

    def compact(self) -> None:
        """Forget all history, as a server's watch cache that has just been filled."""
        for shelf in self._shelves.values():
            shelf.history.clear()
            shelf.floor = self.revision
        self._base = self.revision

    def drop(self, resource: str) -> None:
        """Forget a resource type and end its watches (its definition is gone)."""
        shelf = self._shelves.pop(resource, None)
        for watcher in tuple(shelf.watchers) if shelf else ():
            watcher.close()

    def close(self) -> None:
        """End all watches."""
        for shelf in self._shelves.values():
            for watcher in tuple(shelf.watchers):
                watcher.close()

    def each(self) -> Iterator[tuple[str, Key, Object]]:
        """Every object of every resource."""
        for resource, shelf in self._shelves.items():
            for key, obj in tuple(shelf.objects.items()):
                yield resource, key, obj

    def count(self, keep: Callable[[Object], bool] | None = None) -> int:
        """How many objects there are (that `keep`)."""
        return sum(1 for _, _, obj in self.each() if keep is None or keep(obj))
