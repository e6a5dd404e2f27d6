"""A small API server over real sockets that does as it is told: the truth, and every way to tell it badly.

A fault is an async function (wire, request, answer) -> response, queued with `wire.next(…)` for the next
request that matches; `answer` is what the honest server would do. `wire.truth()` is what a mirror must end as.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from dashboard.core.objects import ResourceType
from tests.cluster.wire_discovery import discovery
from tests.cluster.wire_faults import (
    Fault,
    Handler,
    Matcher,
    body,
    cut,
    hang,
    is_probe,
    is_watch,
    listing,
    plain_text,
    raw_http,
    refuse,
    status,
    watching,
)
from tests.cluster.wire_store import (
    CRDS,
    DEPLOYMENTS,
    KINDS,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    Store,
)

__all__ = [
    "CRDS",
    "DEPLOYMENTS",
    "KINDS",
    "NAMESPACES",
    "NODES",
    "PODS",
    "SECRETS",
    "Fault",
    "Handler",
    "Matcher",
    "Wire",
    "body",
    "cut",
    "hang",
    "is_probe",
    "is_watch",
    "listing",
    "plain_text",
    "raw_http",
    "refuse",
    "status",
    "watching",
]


@dataclass
class Watch:
    """One open watch: what it is sent, and whether it is kept waiting."""

    response: web.StreamResponse
    request: web.Request
    queue: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    stalled: bool = False

    @property
    def path(self) -> str:
        return self.request.path

    def abort(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()
        self.queue.put_nowait(None)


class Wire(Store):
    """The server. `async with Wire() as wire`."""

    def __init__(self, aggregated: bool = True, tls: Any = None) -> None:
        self.aggregated = aggregated
        self.tls = tls
        self.port = 0
        self.kinds: dict[str, ResourceType] = {kind.path: kind for kind in KINDS}
        self.broken: dict[tuple[str, str], int] = {}
        self.forbidden: set[str] = set()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.raw_paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[Any] = []
        self.faults: list[tuple[Matcher, Fault, int]] = []
        self.always: list[tuple[Matcher, Fault]] = []
        self.watches: list[Watch] = []
        self.allowed_tokens: set[str] | None = None
        self.lists_open = 0
        self.lists_peak = 0
        self.stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None
        super().__init__()

    # -- life

    async def __aenter__(self) -> Wire:
        await self.start()
        return self

    async def __aexit__(self, *args: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self.stopping = asyncio.Event()
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self.tls, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Die: every connection is cut."""
        self.stopping.set()
        for watch in list(self.watches):
            watch.abort()
        self.watches.clear()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def bookmark(self, resource: ResourceType) -> None:
        meta = {"kind": resource.kind, "apiVersion": "v1", "metadata": {"resourceVersion": str(self.version)}}
        self.send(resource, self.line("BOOKMARK", meta))

    def told(self, resource: ResourceType, line: bytes) -> None:
        self.send(resource, line)

    # -- mischief on open watches

    def open_watches(self, resource: ResourceType) -> list[Watch]:
        return [watch for watch in self.watches if watch.path == resource.path]

    def send(self, resource: ResourceType, content: bytes) -> None:
        for watch in self.open_watches(resource):
            watch.queue.put_nowait(content)

    def cut_watches(self, resource: ResourceType | None = None) -> None:
        for watch in list(self.watches):
            if resource is None or watch.path == resource.path:
                watch.abort()
                self.watches.remove(watch)

    def stall(self, resource: ResourceType) -> None:
        for watch in self.open_watches(resource):
            watch.stalled = True

    def next(self, matcher: Matcher, fault: Fault, times: int = 1) -> None:
        self.faults.append((matcher, fault, times))

    def count(self, matcher: Callable[[str, dict[str, str]], bool]) -> int:
        return sum(matcher(path, query) for _, path, query in self.requests)

    def lists_of(self, resource: ResourceType) -> int:
        """First pages of lists."""
        return self.count(
            lambda path, query: (
                path == resource.path
                and "watch" not in query
                and "continue" not in query
                and "fieldSelector" not in query
            )
        )

    def watches_of(self, resource: ResourceType) -> int:
        return self.count(lambda path, query: path == resource.path and "watch" in query)

    # -- answers

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path, dict(request.query)))
        self.raw_paths.append(request.raw_path)
        self.headers.append(dict(request.headers))
        if request.can_read_body:
            self.bodies.append(await request.json())
        for index, (matcher, fault, times) in enumerate(self.faults):
            if matcher(request):
                if times > 1:
                    self.faults[index] = (matcher, fault, times - 1)
                else:
                    del self.faults[index]
                return await fault(self, request, lambda: self._answer(request))
        for matcher, fault in self.always:
            if matcher(request):
                return await fault(self, request, lambda: self._answer(request))
        return await self._answer(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.allowed_tokens is not None:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if token not in self.allowed_tokens:
                return web.json_response(status(401, "Unauthorized"), status=401)
        if request.path in {"/api", "/apis"} or (
            request.path.startswith(("/api/", "/apis/"))
            and request.path.count("/") in {2, 3}
            and not self._is_kind(request.path)
        ):
            return discovery(self, request)
        if request.path in self.forbidden:
            return web.json_response(status(403, "Forbidden", f"cannot list {request.path}"), status=403)
        kind = self.kinds.get(request.path)
        if kind is None:
            return web.Response(status=404, text="404 page not found\n")
        if is_watch(request):
            return await self._watch(request, kind)
        self.lists_open += 1
        self.lists_peak = max(self.lists_peak, self.lists_open)
        try:
            await asyncio.sleep(0)
            return self._list(request, kind)
        finally:
            self.lists_open -= 1

    def _is_kind(self, path: str) -> bool:
        return path in self.kinds

    def _list(self, request: web.Request, kind: ResourceType) -> web.Response:
        limit = int(request.query.get("limit", "0"))
        version, start = self.version, 0
        everything = sorted(self.objects[kind.path].items())
        if is_probe(request):
            wanted = request.query["fieldSelector"].removeprefix("metadata.name=")
            everything = [(key, obj) for key, obj in everything if key[1] == wanted]
        if token := request.query.get("continue"):
            version, start = json.loads(token)
            if version < self.oldest or version > self.version:
                return web.json_response(status(410, "Expired", "continue token too old"), status=410)
            everything = self.at(kind, version)
        chosen = everything[start : start + limit] if limit else everything
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if limit and start + limit < len(everything):
            metadata["continue"] = json.dumps([version, start + limit])
            metadata["remainingItemCount"] = len(everything) - start - limit
        return web.json_response(
            {
                "kind": f"{kind.kind}List",
                "apiVersion": kind.api_version,
                "metadata": metadata,
                "items": [obj for _, obj in chosen] or None,
            }
        )

    async def _watch(self, request: web.Request, kind: ResourceType) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        since = int(request.query["resourceVersion"])
        if since < self.oldest:
            await response.write(self.line("ERROR", status(410, "Expired", f"too old resource version: {since}")))
            await response.write_eof()
            return response
        watch = Watch(response, request)
        for version, path, type, obj in self.events:
            if version > since and path == kind.path:
                watch.queue.put_nowait(self.line(type, obj))
        self.watches.append(watch)
        try:
            async with asyncio.timeout(float(request.query.get("timeoutSeconds", "3600"))):
                while (content := await watch.queue.get()) is not None:
                    if watch.stalled:
                        await self.stopping.wait()
                    await response.write(content)
        except TimeoutError:
            if watch.stalled:
                await self.stopping.wait()
        except ConnectionError:
            return response
        finally:
            with suppress(ValueError):
                self.watches.remove(watch)
        with suppress(ConnectionError):
            await response.write_eof()
        return response
