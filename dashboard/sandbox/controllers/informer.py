"""One watch per kind, one cache of what it said, handlers called once per change, in order.

The controllers read these caches, not the store: as with the real ones, what they see is a moment
old, and a write based on it may be refused as a conflict and tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dashboard.sandbox.client import Client
from dashboard.sandbox.controllers.meta import Key, Obj, controller_of, key_of, uid_of

Objects = list[Obj]
"""A name for it inside a class that has a method called `list`."""

Handler = Callable[[Obj | None, Obj | None], None]
"""handler(old, new): old is None for an added object, new is None for a deleted one."""


class Informers:
    """The shared caches of all controllers of one sandbox. Objects in them are shared: never change one."""

    def __init__(self, client: Client, kinds: Iterable[str]) -> None:
        self._client = client
        self._kinds = tuple(kinds)
        self._objects: dict[str, dict[str, dict[str, Obj]]] = {kind: {} for kind in self._kinds}
        self._owned: dict[str, dict[str, dict[Key, Obj]]] = {kind: {} for kind in self._kinds}
        self._handlers: dict[str, list[Handler]] = {kind: [] for kind in self._kinds}

    def get(self, kind: str, namespace: str, name: str) -> Obj | None:
        """The object as last seen."""
        return self._objects[kind].get(namespace, {}).get(name)

    def list(self, kind: str, namespace: str | None = None) -> Objects:
        """All objects of the kind, or those of one namespace, as last seen."""
        spaces = self._objects[kind]
        if namespace is not None:
            return list(spaces.get(namespace, {}).values())
        return [obj for names in spaces.values() for obj in names.values()]

    def owned(self, kind: str, uid: str) -> Objects:
        """The objects of that kind whose controller has this uid."""
        return list(self._owned[kind].get(uid, {}).values())

    def orphans(self, kind: str, namespace: str) -> Objects:
        """The namespace's objects of that kind that have no controller."""
        return list(self._owned[kind].get(f"orphans/{namespace}", {}).values())

    def on(self, kind: str, handler: Handler) -> None:
        """Have `handler` called for every change of that kind from now on."""
        self._handlers[kind].append(handler)

    def seed(self) -> None:
        """Fill the caches with what exists, telling the handlers; called once, before run()."""
        for kind in self._kinds:
            for obj in self._client.list(kind):
                self._apply(kind, "ADDED", obj)

    async def run(self) -> None:
        """Follow the watches for ever."""
        async for kind, change, obj in self._client.watch(*self._kinds):
            self._apply(kind, change, obj)

    def _apply(self, kind: str, change: str, obj: Obj) -> None:
        key = namespace, name = key_of(obj)
        old = self._objects[kind].get(namespace, {}).get(name)
        if old is obj or (change != "DELETED" and _same_version(old, obj)):
            return
        if old is not None:
            self._unindex(kind, key, old)
        if change == "DELETED":
            self._objects[kind].get(namespace, {}).pop(name, None)
            self._tell(kind, old or obj, None)
            return
        self._objects[kind].setdefault(namespace, {})[name] = obj
        self._owned[kind].setdefault(_owner(obj), {})[key] = obj
        if old is not None and uid_of(old) != uid_of(obj):
            self._tell(kind, old, None)
            old = None
        self._tell(kind, old, obj)

    def _unindex(self, kind: str, key: Key, old: Obj) -> None:
        owner = _owner(old)
        siblings = self._owned[kind].get(owner, {})
        siblings.pop(key, None)
        if not siblings:
            self._owned[kind].pop(owner, None)

    def _tell(self, kind: str, old: Obj | None, new: Obj | None) -> None:
        for handler in self._handlers[kind]:
            handler(old, new)


def _same_version(old: Obj | None, new: Obj) -> bool:
    def version(obj: Obj) -> Any:
        return obj["metadata"].get("resourceVersion")

    return old is not None and version(old) == version(new) and uid_of(old) == uid_of(new)


def _owner(obj: Obj) -> str:
    owner = controller_of(obj)
    return str(owner["uid"]) if owner is not None else f"orphans/{key_of(obj)[0]}"
