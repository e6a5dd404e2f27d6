"""The HTTP application: one handler that guards, routes, and turns every refusal into a Status."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web

from dashboard.sandbox.api import Api
from dashboard.sandbox.failures import ApiFailure, bad_request, no_such_resource, not_allowed, not_served
from dashboard.sandbox.server import about, discovery, guard, openapi
from dashboard.sandbox.server.control import PREFIX, Control
from dashboard.sandbox.server.negotiate import media_for
from dashboard.sandbox.server.render import json_bytes, refuse, respond
from dashboard.sandbox.server.rest import Rest
from dashboard.sandbox.server.route import parse

log = logging.getLogger("dashboard.sandbox")

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
HEALTH = ("/healthz", "/livez", "/readyz")


class Server:
    """Answers HTTP requests from an Api."""

    def __init__(self, api: Api, host: str = "127.0.0.1") -> None:
        self.api = api
        self._control = Control(api)
        self._documents = openapi.Documents(api.registry)
        self.host = host
        self.port = 0
        """Set by whoever binds the socket, before requests come."""

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request. Never raises: what goes wrong is answered as a Status."""
        try:
            guard.check(request.headers, guard.allowed_hosts(self.host, self.port))
            guard.check_body(request.headers)
            return await self._answer(request)
        except ApiFailure as failure:
            return refuse(request, failure)
        except RecursionError:
            return refuse(request, bad_request("the object is nested too deeply"))
        except Exception:
            # A server answers 500 for its own faults, and says them in its log.
            log.exception("%s %s failed", request.method, request.path[:200])
            fault = ApiFailure(500, "InternalError", "Internal error occurred: see the sandbox's log", {})
            return refuse(request, fault)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        route = parse(request.rel_url.raw_path)
        if route is not None and route.plural:
            return await self._resource(request)
        if request.path == PREFIX or request.path.startswith(f"{PREFIX}/"):
            return await self._control.answer(request)
        if request.method not in ("GET", "HEAD"):
            raise not_allowed()
        return self._document(request)

    async def _resource(self, request: web.Request) -> web.StreamResponse:
        route = parse(request.rel_url.raw_path)
        assert route is not None  # noqa: S101 - checked by the caller; says so to the type checker
        resource = self.api.registry.find(route.group, route.version, route.plural)
        if resource is None:
            if not self.api.registry.within(route.group, route.version):
                return _plain_404()
            raise no_such_resource()
        return await Rest(self.api, resource, route, request).answer()

    def _document(self, request: web.Request) -> web.Response:
        path = request.path.rstrip("/") or "/"
        if path.startswith(HEALTH):
            text = about.health(path, "verbose" in request.query)
            return web.Response(text=text, content_type="text/plain")
        if path == "/version":
            return respond_pretty(request, about.VERSION)
        if path == "/":
            return respond_pretty(request, about.paths(self.api.registry))
        if path.startswith("/openapi"):
            return self._openapi(request, path)
        return self._discovery(request, path)

    def _openapi(self, request: web.Request, path: str) -> web.Response:
        if path == "/openapi/v3":
            return respond(request, self._documents.index())
        parts = path.removeprefix("/openapi/v3/").split("/")
        group, version = ("", parts[1]) if parts[0] == "api" and len(parts) == 2 else [*parts[1:3], "", ""][:2]
        found = self._documents.document(group, version) if path.startswith("/openapi/v3/") else None
        return _plain_404() if found is None else respond(request, found)

    def _discovery(self, request: web.Request, path: str) -> web.Response:
        registry = self.api.registry
        media = media_for(request.headers.get("Accept", ""))
        parts = path.strip("/").split("/")
        found: Any = None
        if path in ("/api", "/apis"):
            if media.as_ == "APIGroupDiscoveryList":
                return _aggregated(request, discovery.aggregated(registry, path == "/api"))
            address = f"{self.host}:{self.port}"
            found = discovery.versions(address) if path == "/api" else discovery.groups(registry)
        elif parts[0] == "apis" and len(parts) == 2:
            found = discovery.group(registry, parts[1])
        elif parts[0] == "apis" and len(parts) == 3:
            found = discovery.resources(registry, parts[1], parts[2])
        elif path == "/api/v1":
            found = discovery.resources(registry, "", "v1")
        elif parts[0] not in ("api", "apis"):
            raise not_served(f"the path {path[:200]}")
        return _plain_404() if found is None else respond(request, found, form=media.format)


def respond_pretty(request: web.Request, value: Any) -> web.Response:
    """Documents for people: always indented."""
    return web.Response(body=json_bytes(value, True), content_type="application/json")


def _aggregated(request: web.Request, document: Any) -> web.Response:
    tag = discovery.etag(document)
    headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": "public"}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    response = respond(request, document, headers=headers)
    response.headers["Content-Type"] = AGGREGATED
    return response


def _plain_404() -> web.Response:
    return web.Response(status=404, text="404 page not found\n", headers={"X-Content-Type-Options": "nosniff"})
