"""Ways to answer badly, and which requests to answer so.

A fault is an async function (wire, request, answer) -> response; `answer` is what the honest server would do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from dashboard.core.objects import ResourceType

if TYPE_CHECKING:
    from tests.cluster.wire import Wire

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
