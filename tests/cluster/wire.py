"""A small API server over real sockets that does as it is told: the truth, and every way to tell it badly.

A fault is an async function (wire, request, answer) -> response, queued with `wire.next(…)` for the next
request that matches; `answer` is what the honest server would do. `wire.truth()` is what a mirror must end as.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from dashboard.core.objects import ResourceType

PODS = ResourceType("", "v1", "Pod", "pods", True)
NODES = ResourceType("", "v1", "Node", "nodes", False)
NAMESPACES = ResourceType("", "v1", "Namespace", "namespaces", False)
SECRETS = ResourceType("", "v1", "Secret", "secrets", True)
DEPLOYMENTS = ResourceType("apps", "v1", "Deployment", "deployments", True)
CRDS = ResourceType("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False)
KINDS = (PODS, NODES, NAMESPACES, SECRETS, DEPLOYMENTS, CRDS)

Handler = Callable[[], Awaitable[web.StreamResponse]]
Fault = Callable[["Wire", web.Request, Handler], Awaitable[web.StreamResponse]]
Matcher = Callable[[web.Request], bool]


def is_watch(request: web.Request) -> bool:
    return request.query.get("watch") == "true"


def is_probe(request: web.Request) -> bool:
    return "fieldSelector" in request.query


def listing(resource: ResourceType) -> Matcher:
    return lambda request: request.path == resource.path and not is_watch(request) and not is_probe(request)


def watching(resource: ResourceType) -> Matcher:
    return lambda request: request.path == resource.path and is_watch(request)


def status(code: int, reason: str, message: str = "", **details: Any) -> dict[str, Any]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message or reason,
        "reason": reason,
        "code": code,
        **({"details": details} if details else {}),
    }


def refuse(code: int, reason: str, retry_after: str | None = None, **details: Any) -> Fault:
    """Answer with a Status."""

    async def fault(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        headers = {"Retry-After": retry_after} if retry_after else {}
        return web.json_response(status(code, reason, **details), status=code, headers=headers)

    return fault


def plain_text(code: int, text: str) -> Fault:
    async def fault(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        return web.Response(status=code, text=text)

    return fault


def body(content: bytes, content_type: str = "application/json") -> Fault:
    async def fault(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        return web.Response(body=content, content_type=content_type)

    return fault


async def cut(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
    """Drop the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
    """Never answer."""
    await wire.stopping.wait()
    return web.Response()


def raw_http(content: bytes) -> Fault:
    """Bytes that are no HTTP."""

    async def fault(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(content)  # type: ignore[attr-defined] - a Transport, typed as its base
        request.transport.close()
        return web.Response()

    return fault


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


class Wire:
    """The server. `async with Wire() as wire`."""

    def __init__(self, aggregated: bool = True, tls: Any = None) -> None:
        self.aggregated = aggregated
        self.tls = tls
        self.port = 0
        self.kinds: dict[str, ResourceType] = {kind.path: kind for kind in KINDS}
        self.broken: dict[tuple[str, str], int] = {}
        self.forbidden: set[str] = set()
        self.version = 100
        self.oldest = 0
        self.objects: dict[str, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
        self.events: list[tuple[int, str, str, dict[str, Any]]] = []
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
        self.namespace_uid = "11111111-life"
        self.put(NAMESPACES, "kube-system")

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

    def forget_history(self) -> None:
        """As after a compaction: no watch from before now."""
        self.oldest = self.version
        self.events.clear()

    def restore(self, version: int) -> None:
        """An etcd restored from a backup: another set of objects, at an earlier version."""
        self.version = version
        self.oldest = version
        self.events.clear()

    def begin_another_life(self) -> None:
        """A new cluster on the same address: nothing of the old one, versions from the start."""
        self.objects.clear()
        self.restore(1)
        self.namespace_uid = "22222222-life"
        self.put(NAMESPACES, "kube-system")

    # -- truth

    def truth(self, resource: ResourceType) -> dict[tuple[str, str], dict[str, Any]]:
        return {
            key: {**obj, "apiVersion": resource.api_version, "kind": resource.kind}
            for key, obj in self.objects[resource.path].items()
        }

    def put(self, resource: ResourceType, name: str, namespace: str = "shop", **content: Any) -> dict[str, Any]:
        """Create or change an object."""
        namespace = namespace if resource.namespaced else ""
        self.version += 1
        before = self.objects[resource.path].get((namespace, name))
        metadata: dict[str, Any] = {"name": name, "resourceVersion": str(self.version)}
        if namespace:
            metadata["namespace"] = namespace
        metadata["uid"] = before["metadata"]["uid"] if before else f"uid-{self.version}"
        if resource == NAMESPACES and name == "kube-system":
            metadata["uid"] = self.namespace_uid
        obj = {"metadata": metadata, **content}
        self.objects[resource.path][namespace, name] = obj
        self._emit("MODIFIED" if before else "ADDED", resource, obj)
        return obj

    def put_again(self, resource: ResourceType, name: str, namespace: str = "shop") -> None:
        """Write an object once more, as it is, with a new version."""
        obj = copy.deepcopy(self.objects[resource.path][namespace if resource.namespaced else "", name])
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        self.objects[resource.path][obj["metadata"].get("namespace", ""), name] = obj
        self._emit("MODIFIED", resource, obj)

    def delete(self, resource: ResourceType, name: str, namespace: str = "shop") -> None:
        namespace = namespace if resource.namespaced else ""
        obj = copy.deepcopy(self.objects[resource.path].pop((namespace, name)))
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        self._emit("DELETED", resource, obj)

    def _emit(self, type: str, resource: ResourceType, obj: dict[str, Any]) -> None:
        whole = {"kind": resource.kind, "apiVersion": resource.api_version, **copy.deepcopy(obj)}
        self.events.append((self.version, resource.path, type, whole))
        self.send(resource, self.line(type, whole))

    @staticmethod
    def line(type: str, obj: Any) -> bytes:
        return json.dumps({"type": type, "object": obj}).encode() + b"\n"

    def bookmark(self, resource: ResourceType) -> None:
        meta = {"kind": resource.kind, "apiVersion": "v1", "metadata": {"resourceVersion": str(self.version)}}
        self.send(resource, self.line("BOOKMARK", meta))

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
            return self._discovery(request)
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
            everything = self._at(kind, version)
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

    def _at(self, kind: ResourceType, version: int) -> list[tuple[tuple[str, str], dict[str, Any]]]:
        """The collection as it was at a version, from the events since."""
        then = dict(self.objects[kind.path])
        for number, path, _, obj in reversed(self.events):
            if path != kind.path or number <= version:
                continue
            key = (obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
            earlier = [
                (kind_of, old)
                for at, other, kind_of, old in self.events
                if other == path
                and at <= version
                and (old["metadata"].get("namespace", ""), old["metadata"]["name"]) == key
            ]
            then.pop(key, None)
            if earlier and earlier[-1][0] != "DELETED":
                then[key] = {
                    name: value for name, value in earlier[-1][1].items() if name not in {"kind", "apiVersion"}
                }
        return sorted(then.items())

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

    # -- discovery

    def _discovery(self, request: web.Request) -> web.Response:
        if request.path in {"/api", "/apis"} and self.aggregated and "apidiscovery" in request.headers["Accept"]:
            return web.json_response(self._aggregated(core=request.path == "/api"))
        groups: dict[str, list[str]] = defaultdict(list)
        for kind in self.kinds.values():
            if kind.version not in groups[kind.group]:
                groups[kind.group].append(kind.version)
        if request.path == "/api":
            return web.json_response({"kind": "APIVersions", "versions": groups[""]})
        for group, version in self.broken:
            groups[group].append(version)
        if request.path == "/apis":
            return web.json_response(
                {
                    "kind": "APIGroupList",
                    "groups": [
                        {
                            "name": group,
                            "versions": [{"groupVersion": f"{group}/{v}", "version": v} for v in versions],
                            "preferredVersion": {"version": versions[-1]},
                        }
                        for group, versions in groups.items()
                        if group
                    ],
                }
            )
        group, _, version = request.path.removeprefix("/apis/").removeprefix("/api/").rpartition("/")
        if (group, version) in self.broken:
            code = self.broken[group, version]
            return web.Response(status=code, text="service unavailable")
        found = [kind for kind in self.kinds.values() if (kind.group, kind.version) == (group, version)]
        if not found:
            return web.Response(status=404, text="404 page not found\n")
        return web.json_response(
            {
                "kind": "APIResourceList",
                "groupVersion": request.path,
                "resources": [
                    {
                        "name": kind.plural,
                        "kind": kind.kind,
                        "namespaced": kind.namespaced,
                        "verbs": ["get", "list", "watch"],
                    }
                    for kind in found
                ]
                + [{"name": f"{kind.plural}/status", "kind": kind.kind, "verbs": ["get"]} for kind in found],
            }
        )

    def _aggregated(self, core: bool) -> dict[str, Any]:
        groups: dict[str, dict[str, list[ResourceType]]] = defaultdict(lambda: defaultdict(list))
        for kind in self.kinds.values():
            if bool(kind.group) != core:
                groups[kind.group][kind.version].append(kind)
        items = [
            {
                "metadata": {"name": group} if group else {},
                "versions": [
                    {
                        "version": version,
                        "freshness": "Current",
                        "resources": [
                            {
                                "resource": kind.plural,
                                "responseKind": {"group": "", "version": "", "kind": kind.kind},
                                "scope": "Namespaced" if kind.namespaced else "Cluster",
                                "verbs": ["get", "list", "watch"],
                            }
                            for kind in kinds
                        ],
                    }
                    for version, kinds in versions.items()
                ],
            }
            for group, versions in groups.items()
        ]
        if not core:
            items += [
                {"metadata": {"name": group}, "versions": [{"version": version, "freshness": "Stale"}]}
                for group, version in self.broken
            ]
        return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}
