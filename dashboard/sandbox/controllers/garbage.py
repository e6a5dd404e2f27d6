"""The garbage collector: what happens to dependents when their owner goes.

Background: the owner has gone, dependents follow. Foreground: the owner waits, with the finalizer
`foregroundDeletion`, for the dependents that block it. Orphan: dependents lose the reference, then the owner goes.
Source: `pkg/controller/garbagecollector` (garbagecollector.go, graph_builder.go), Kubernetes 1.36.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.sandbox.client import Client
from dashboard.sandbox.controllers.meta import Obj, is_deleting, key_of, uid_of
from dashboard.sandbox.controllers.pace import Pace
from dashboard.sandbox.failures import ApiFailure

LATENCY = 0.005
"""Seconds between a change and the collector's reaction to it."""
RELEASE = 0.02
"""Seconds between the last orphaned dependent and the end of its owner."""
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"

Node = tuple[str, str, str]
"""(kind, namespace, name)."""


class GarbageCollector:
    """Follows every kind. Keeps who depends on whom by uid."""

    def __init__(self, client: Client, pace: Pace) -> None:
        self._client = client
        self._pace = pace
        self._objects: dict[str, tuple[Node, Obj]] = {}
        self._dependents: dict[str, set[str]] = {}
        self._todo: deque[str] = deque()
        self._queued: set[str] = set()
        self._wake = asyncio.Event()
        self._gate = client.api.faults.gate("garbage-collector")

    def seen(self, kind: str, change: str, obj: Obj) -> None:
        """Take note of a change of any object."""
        uid = uid_of(obj)
        before = self._objects.pop(uid, None)
        if before is not None:
            self._unlink(uid, before[1])
        if change == "DELETED":
            for dependent in tuple(self._dependents.get(uid, ())):
                self._add(dependent)
            self._wake_owners(obj)
            return
        self._objects[uid] = ((kind, *key_of(obj)), obj)
        for reference in _references(obj):
            self._dependents.setdefault(reference["uid"], set()).add(uid)
        finalizers = obj["metadata"].get("finalizers") or ()
        if is_deleting(obj):
            if FOREGROUND in finalizers or ORPHAN in finalizers:
                self._add(uid)
            self._wake_owners(obj)
        if _references(obj):
            self._add(uid)

    def _unlink(self, uid: str, obj: Obj) -> None:
        for reference in _references(obj):
            siblings = self._dependents.get(reference["uid"])
            if siblings is not None:
                siblings.discard(uid)
                if not siblings:
                    del self._dependents[reference["uid"]]

    def _wake_owners(self, obj: Obj) -> None:
        for reference in _references(obj):
            owner = self._objects.get(reference["uid"])
            if owner is not None and is_deleting(owner[1]):
                self._add(reference["uid"])

    def _add(self, uid: str) -> None:
        if uid not in self._queued:
            self._queued.add(uid)
            self._todo.append(uid)
            self._wake.set()

    async def run(self) -> None:
        """Collect for ever."""
        while True:
            while not self._todo:
                self._wake.clear()
                await self._wake.wait()
            await self._pace.wait(LATENCY)
            for _ in range(len(self._todo)):
                uid = self._todo.popleft()
                self._queued.discard(uid)
                began, key = time.monotonic(), self._key(uid)
                if not self._gate.admit(key, functools.partial(self._add, uid)):
                    continue
                try:
                    await self._collect(uid)
                except ApiFailure as failure:
                    # 404: somebody was faster. 409: it has changed, and its change will bring it back here.
                    if failure.code not in (404, 409):
                        raise
                self._gate.done(key, time.monotonic() - began, "done")

    def _key(self, uid: str) -> tuple[str, str]:
        """Where the object is, for the gate."""
        (kind, namespace, name), _ = self._objects.get(uid, (("", "", uid), {}))
        return namespace, f"{kind} {name}"

    async def _collect(self, uid: str) -> None:
        entry = self._objects.get(uid)
        if entry is None:
            return
        node, obj = entry
        if is_deleting(obj):
            await self._finish(uid, node, obj)
            return
        alive, gone = self._owners(obj)
        waiting = [one for one in alive if self._is_waiting(one)]
        if alive and len(waiting) == len(alive):
            self._delete(node, obj, "Foreground" if self._blocked(uid) else "")
        elif gone and not alive:
            self._delete(node, obj, "")
        elif gone or waiting:
            doomed = {reference["uid"] for reference in (*gone, *waiting)}
            self._drop(node, obj, doomed)

    def _owners(self, obj: Obj) -> tuple[list[Obj], list[Obj]]:
        """References whose owners are there, and those whose owners have gone."""
        alive: list[Obj] = []
        gone: list[Obj] = []
        for reference in _references(obj):
            (alive if self._exists(obj, reference) else gone).append(reference)
        return alive, gone

    def _exists(self, obj: Obj, reference: Mapping[str, Any]) -> bool:
        """Asked of the API, as the collector does before it deletes: its own picture may be late."""
        namespace = obj["metadata"].get("namespace", "")
        try:
            owner = self._client.get(reference["kind"], namespace, reference["name"])
        except (KeyError, ApiFailure):
            # A kind that is not served (any more): absent only if it was never seen either.
            return reference["uid"] in self._objects
        if owner is None and namespace:
            owner = self._client.get(reference["kind"], "", reference["name"])
        return owner is not None and uid_of(owner) == reference["uid"]

    def _is_waiting(self, reference: Mapping[str, Any]) -> bool:
        entry = self._objects.get(reference["uid"])
        if entry is None or not is_deleting(entry[1]):
            return False
        return FOREGROUND in (entry[1]["metadata"].get("finalizers") or ())

    def _blocked(self, uid: str) -> bool:
        return any(self._blocks(dependent, uid) for dependent in self._dependents.get(uid, ()))

    def _blocks(self, dependent: str, owner: str) -> bool:
        _, obj = self._objects[dependent]
        return any(one["uid"] == owner and one.get("blockOwnerDeletion") for one in _references(obj))

    async def _finish(self, uid: str, node: Node, obj: Obj) -> None:
        finalizers = obj["metadata"].get("finalizers") or ()
        dependents = tuple(self._dependents.get(uid, ()))
        if ORPHAN in finalizers:
            for dependent in dependents:
                held, child = self._objects[dependent]
                self._drop(held, child, {uid})
            # Long enough for the owner's controller to see that it has lost them, as it does upstream.
            await self._pace.wait(RELEASE)
            self._unhold(node, obj, ORPHAN)
        elif FOREGROUND in finalizers:
            if not any(self._blocks(dependent, uid) for dependent in dependents):
                self._unhold(node, obj, FOREGROUND)
            for dependent in dependents:
                if not is_deleting(self._objects[dependent][1]):
                    self._add(dependent)

    def _delete(self, node: Node, obj: Obj, policy: str) -> None:
        own = obj["metadata"].get("finalizers") or ()
        kept = "Orphan" if ORPHAN in own else "Foreground" if FOREGROUND in own else "Background"
        self._client.delete(*node, propagation=policy or kept, uid=uid_of(obj))

    def _drop(self, node: Node, obj: Obj, uids: Iterable[str]) -> None:
        left = [one for one in _references(obj) if one["uid"] not in set(uids)]
        self._client.patch(*node, {"metadata": {"uid": uid_of(obj), "ownerReferences": left or None}})

    def _unhold(self, node: Node, obj: Obj, finalizer: str) -> None:
        left = [one for one in obj["metadata"].get("finalizers") or () if one != finalizer]
        self._client.patch(*node, {"metadata": {"uid": uid_of(obj), "finalizers": left or None}})


def _references(obj: Obj) -> list[Obj]:
    return obj["metadata"].get("ownerReferences") or []
