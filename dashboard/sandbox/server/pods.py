"""Subresources of Pods: eviction, binding; logs are in logs.py."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from dashboard.sandbox.api import Api
from dashboard.sandbox.eviction import evict
from dashboard.sandbox.failures import ApiFailure
from dashboard.sandbox.options import Delete, Write
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.schema.decode import decode_as
from dashboard.sandbox.server import bodies, logs
from dashboard.sandbox.server.render import respond
from dashboard.sandbox.server.route import Route

Obj = dict[str, Any]


async def answer(api: Api, resource: Resource, route: Route, request: web.Request) -> web.StreamResponse:
    """GET log, POST eviction, POST binding. Raises ApiFailure."""
    pod = api.get(resource, route.namespace, route.name)
    if route.subresource == "log":
        return logs.answer(api, pod, request)
    kind = "Eviction" if route.subresource == "eviction" else "Binding"
    body = decode_as(kind, "v1", f"V1{kind}", await bodies.parsed(request, kind))
    manager = request.headers.get("User-Agent", "unknown").split("/")[0]
    write = Write(manager=manager, dry_run="dryRun" in request.query)
    if route.subresource == "eviction":
        evict(api, resource, pod, Delete.parse(body.get("deleteOptions") or {}), write)
    else:
        bind(api, resource, pod, str((body.get("target") or {}).get("name", "")), write)
    return respond(
        request, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201
    )


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
