"""Subresources of Pods: logs (believable lines), eviction, binding."""

from __future__ import annotations

import hashlib
from typing import Any

from aiohttp import web

from dashboard.sandbox.api import Api
from dashboard.sandbox.eviction import evict
from dashboard.sandbox.failures import ApiFailure, bad_request
from dashboard.sandbox.options import Delete, Write
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.server import bodies
from dashboard.sandbox.server.render import respond
from dashboard.sandbox.server.route import Route

Obj = dict[str, Any]

LINES = (
    "starting up",
    "configuration read from environment",
    "listening on port 80",
    "GET /healthz 200 1ms",
    "GET / 200 3ms",
)


async def answer(api: Api, resource: Resource, route: Route, request: web.Request) -> web.StreamResponse:
    """GET log, POST eviction, POST binding. Raises ApiFailure."""
    pod = api.get(resource, route.namespace, route.name)
    if route.subresource == "log":
        return _log(api, pod, request)
    body = await bodies.parsed(request, "Eviction" if route.subresource == "eviction" else "Binding")
    if not isinstance(body, dict):
        raise bad_request("the body must be an object")
    manager = request.headers.get("User-Agent", "unknown").split("/")[0]
    write = Write(manager=manager, dry_run="dryRun" in request.query)
    if route.subresource == "eviction":
        evict(api, resource, pod, Delete.parse(body.get("deleteOptions") or {}), write)
    else:
        bind(api, resource, pod, str((body.get("target") or {}).get("name", "")), write)
    return respond(
        request, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201
    )


def _log(api: Api, pod: Obj, request: web.Request) -> web.Response:
    names = [c["name"] for c in pod["spec"].get("containers") or ()]
    wanted = request.query.get("container") or (names[0] if len(names) == 1 else "")
    name = pod["metadata"]["name"]
    if not wanted:
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]")
    if wanted not in names:
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    state = next((s for s in pod.get("status", {}).get("containerStatuses") or () if s.get("name") == wanted), None)
    waiting = ((state or {}).get("state") or {}).get("waiting")
    if state is None or waiting:
        reason = (waiting or {}).get("reason", "ContainerCreating")
        raise bad_request(f'container "{wanted}" in pod "{name}" is waiting to start: {reason}')
    lines = _lines(pod, wanted)
    tail = request.query.get("tailLines", "")
    if tail.isdigit():
        lines = lines[-int(tail) :] if int(tail) else []
    return web.Response(text="".join(f"{line}\n" for line in lines), content_type="text/plain")


def _lines(pod: Obj, container: str) -> list[str]:
    """The same lines for the same Pod each time: nothing runs, so nothing may seem to happen."""
    start = pod.get("status", {}).get("startTime", pod["metadata"]["creationTimestamp"])
    mark = hashlib.sha256(pod["metadata"]["uid"].encode()).hexdigest()[:8]
    return [f"{start} {container}[{mark}] {line}" for line in LINES]


def bind(api: Api, resource: Resource, pod: Obj, node: str, write: Write) -> None:
    """Put a Pod on a node, as a scheduler does. Raises ApiFailure 409 when it has one."""
    meta = pod["metadata"]
    if pod["spec"].get("nodeName"):
        name, at = meta["name"], pod["spec"]["nodeName"]
        why = f'pod {name} is already assigned to node "{at}"'
        text = f'Operation cannot be fulfilled on pods/binding "{name}": {why}'
        raise ApiFailure(409, "Conflict", text, {"name": meta["name"], "kind": "pods/binding"})
    if write.dry_run:
        return

    def assign(obj: Obj) -> None:
        obj["spec"]["nodeName"] = node

    api.rewrite(resource, (meta["namespace"], meta["name"]), assign)
