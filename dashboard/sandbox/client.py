"""The in-process client that controllers use: the same validation and defaults as over HTTP, without HTTP."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping
from typing import Any

from dashboard.sandbox.api import Api
from dashboard.sandbox.binding import bind
from dashboard.sandbox.options import Delete, Write
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.selectors import LabelSelector, Requirement
from dashboard.sandbox.store import Change, Subscription

Object = dict[str, Any]


class Client:
    """Reads and writes as `manager`. Objects that come back are shared: copy before changing them."""

    def __init__(self, api: Api, manager: str) -> None:
        self.api = api
        self.manager = manager

    def _resource(self, kind: str) -> Resource:
        return self.api.registry.kind(kind)

    def _write(self) -> Write:
        return Write(manager=self.manager)

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object, or None."""
        return self.api.find(self._resource(kind), namespace, name)

    def list(self, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None) -> list[Object]:
        """All objects (of one namespace) (whose labels have these values), in the API's order."""
        wanted = tuple(Requirement(key, "in", frozenset({value})) for key, value in (labels or {}).items())
        return self.api.objects(self._resource(kind), namespace or "", LabelSelector(wanted))

    def create(self, kind: str, obj: Object) -> Object:
        """Create; `metadata.generateName` works. Raises ApiFailure."""
        namespace = obj.get("metadata", {}).get("namespace", "")
        return self.api.create(self._resource(kind), namespace, copy.deepcopy(obj), self._write())

    def update(self, kind: str, obj: Object) -> Object:
        """Replace; raises ApiFailure 409 when the object's resourceVersion is stale."""
        return self._put(kind, obj, "")

    def update_status(self, kind: str, obj: Object) -> Object:
        """Replace the status alone."""
        return self._put(kind, obj, "status")

    def _put(self, kind: str, obj: Object, subresource: str) -> Object:
        meta = obj["metadata"]
        resource = self._resource(kind)
        return self.api.update(
            resource,
            meta.get("namespace", ""),
            meta["name"],
            copy.deepcopy(obj),
            self._write(),
            subresource=subresource,
        )

    def patch(self, kind: str, namespace: str, name: str, patch: Object, *, subresource: str = "") -> Object:
        """JSON merge patch."""
        content = "application/merge-patch+json"
        return self.api.patch(
            self._resource(kind),
            namespace,
            name,
            content,
            copy.deepcopy(patch),
            write=self._write(),
            subresource=subresource,
        )

    def delete(
        self,
        kind: str,
        namespace: str,
        name: str,
        *,
        propagation: str = "Background",
        grace: float | None = None,
        uid: str | None = None,
    ) -> None:
        """Delete; `grace` in seconds (0 removes a Pod at once), `uid` as a precondition."""
        options = Delete(propagation=propagation, grace=grace, uid=uid)
        self.api.delete(self._resource(kind), namespace, name, options, self._write())

    def bind(self, namespace: str, name: str, node: str) -> Object:
        """Assign a Pod to a node. Raises ApiFailure 404, or 409 when it is deleted or assigned already."""
        return bind(self.api, self._resource("Pod"), namespace, name, node)

    async def watch(self, *kinds: str) -> AsyncIterator[tuple[str, str, Object]]:
        """(kind, ADDED|MODIFIED|DELETED, object), beginning with ADDED for all that exists.

        Changes of several kinds come in the order in which they happened.
        """
        inbox: asyncio.Queue[tuple[str, Change]] = asyncio.Queue()
        taps = [(kind, self._resource(kind).storage, _Tap(kind, inbox)) for kind in kinds]
        store = self.api.store
        for _, storage, tap in taps:
            store.attach(storage, tap)
        try:
            for kind, storage, _ in taps:
                for obj in tuple(store.objects(storage).values()):
                    yield kind, "ADDED", obj
            while True:
                kind, change = await inbox.get()
                yield kind, change.type, change.object
        finally:
            for _, storage, tap in taps:
                store.unsubscribe(storage, tap)


class _Tap(Subscription):
    """Hands changes of one kind to a queue shared with other kinds."""

    def __init__(self, kind: str, inbox: asyncio.Queue[tuple[str, Change]]) -> None:
        super().__init__()
        self._kind = kind
        self._inbox = inbox

    def offer(self, change: Change) -> None:
        """Queue it at once."""
        self._inbox.put_nowait((self._kind, change))
