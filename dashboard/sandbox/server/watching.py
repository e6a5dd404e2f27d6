"""Watches: a stream of changes from a version on, one JSON line each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from dashboard.sandbox.api import Api
from dashboard.sandbox.failures import expired
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.server.listing import Query, version_number
from dashboard.sandbox.server.render import json_bytes
from dashboard.sandbox.store import Change, Subscription
from dashboard.sandbox.versions import from_stored

Obj = dict[str, Any]

BOOKMARK_EVERY = 60.0
"""Seconds between bookmarks of a watch that allows them."""
BOOKMARK_BEFORE_END = 2.0
"""Seconds before the end at which a last bookmark is sent."""
DEFAULT_TIMEOUT = 1800.0
"""Seconds after which the server ends a watch that named no timeout."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a watcher asked for. `shape` turns (object, whether first) into what is sent."""

    resource: Resource
    namespace: str
    query: Query
    bookmarks: bool
    initial: bool
    timeout: float
    shape: Callable[[Obj, bool], Obj]
    shape_key: str
    """Names the shape where lines may be shared between watchers; "" where they may not."""


class Stream:
    """One watch being served."""

    def __init__(self, api: Api, watch: Watch, response: web.StreamResponse) -> None:
        self.api = api
        self.watch = watch
        self.response = response
        self.sent = 0
        """The version up to which this watcher has been told everything."""
        self._first = True

    async def run(self) -> None:
        """Until the timeout, the client leaves, or the store ends it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.watch.timeout
        store, storage = self.api.store, self.watch.resource.storage
        subscription = store.subscribe(storage)
        try:
            if await self._begin(subscription):
                await self._follow(subscription, end)
        finally:
            store.unsubscribe(storage, subscription)

    async def _begin(self, subscription: Subscription) -> bool:
        """Send what the version asked for implies; False if the stream ends here."""
        store, storage = self.api.store, self.watch.resource.storage
        asked = version_number(self.watch.query.version)
        if asked == 0 or self.watch.initial:
            await self._existing()
            return True
        floor = store.floor(storage)
        if asked < floor:
            failure = expired(f"too old resource version: {asked} ({floor})")
            await self._line("ERROR", failure.status())
            return False
        self.sent = asked
        missed = store.since(storage, asked)
        subscription.drain()
        await self._changes(missed)
        return True

    async def _existing(self) -> None:
        watch = self.watch
        objects = self.api.objects(watch.resource, watch.namespace, watch.query.labels, watch.query.fields)
        revision = self.api.store.revision
        chunk = bytearray()
        for obj in objects:
            chunk += self._encoded("ADDED", watch.shape(obj, self._first))
            self._first = False
            if len(chunk) > 1 << 20:
                await self.response.write(bytes(chunk))
                chunk.clear()
        if chunk:
            await self.response.write(bytes(chunk))
        self.sent = revision
        if watch.initial and watch.bookmarks:
            await self._bookmark({"k8s.io/initial-events-end": "true"})

    async def _follow(self, subscription: Subscription, end: float) -> None:
        loop = asyncio.get_running_loop()
        next_bookmark = min(loop.time() + BOOKMARK_EVERY, max(loop.time(), end - BOOKMARK_BEFORE_END))
        while not subscription.closed:
            now = loop.time()
            if now >= end:
                return
            until = min(end, next_bookmark) if self.watch.bookmarks else end
            try:
                await asyncio.wait_for(subscription.wait(), max(0.0, until - now))
            except TimeoutError:
                # What came at the very moment at which the waiting ended is told before a bookmark says that it was.
                if not subscription.pending:
                    if self.watch.bookmarks and loop.time() >= next_bookmark and loop.time() < end:
                        await self._progress()
                        next_bookmark = self._later(loop.time(), end)
                    continue
            await self._changes(subscription.drain())

    def _later(self, now: float, end: float) -> float:
        last = end - BOOKMARK_BEFORE_END
        return min(now + BOOKMARK_EVERY, last) if now < last else end

    async def _progress(self) -> None:
        # A version that the watcher asked for and that does not exist yet is no progress.
        if self.api.store.revision >= self.sent:
            self.sent = self.api.store.revision
            await self._bookmark(None)

    async def _bookmark(self, annotations: dict[str, str] | None) -> None:
        resource = self.watch.resource
        meta: Obj = {"resourceVersion": str(self.sent)}
        if annotations:
            meta["annotations"] = annotations
        obj: Obj = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
        if self.watch.shape_key.startswith("Partial"):
            obj |= {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        elif self.watch.shape_key != "object":
            obj = {
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": meta,
                "columnDefinitions": None,
                "rows": [{"cells": [], "object": obj}],
            }
        await self._line("BOOKMARK", obj)

    async def _changes(self, changes: list[Change]) -> None:
        chunk = bytearray()
        for change in changes:
            if change.revision <= self.sent:
                continue
            self.sent = change.revision
            kind = self._selected(change)
            if kind:
                chunk += self._change_line(kind, change)
        if chunk:
            await self.response.write(bytes(chunk))

    def _selected(self, change: Change) -> str:
        """The event's type for this watcher: an object may enter or leave its selection."""
        watch = self.watch
        if watch.namespace and change.key[0] != watch.namespace:
            return ""
        if not watch.query.selects:
            return change.type
        now = change.type != "DELETED" and self._matches(change.object)
        before = change.previous is not None and self._matches(change.previous)
        if now:
            return "MODIFIED" if before else "ADDED"
        return "DELETED" if before else ""

    def _matches(self, obj: Obj) -> bool:
        query = self.watch.query
        return query.labels.matches(obj["metadata"].get("labels")) and query.fields.matches(obj)

    def _change_line(self, kind: str, change: Change) -> bytes:
        resource = self.watch.resource
        shared = self.watch.shape_key if not self._first or self.watch.shape_key == "object" else ""
        name = f"{kind} {resource.api_version} {shared}"
        if shared and name in change.lines:
            return change.lines[name]
        line = self._encoded(kind, self.watch.shape(from_stored(resource, change.object), self._first))
        self._first = False
        if shared:
            change.lines[name] = line
        return line

    def _encoded(self, kind: str, obj: Obj) -> bytes:
        return json_bytes({"type": kind, "object": obj})

    async def _line(self, kind: str, obj: Obj) -> None:
        await self.response.write(self._encoded(kind, obj))


async def serve(api: Api, request: web.Request, watch: Watch) -> web.StreamResponse:
    """Answer a watch request."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
    response.enable_chunked_encoding()
    try:
        await response.prepare(request)
        await Stream(api, watch, response).run()
        await response.write_eof()
    except ConnectionError:
        # The watcher has gone: nobody is left to tell.
        return response
    return response
