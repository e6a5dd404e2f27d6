"""The verbs of resources: from an HTTP request to a call of the API layer and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from dashboard.sandbox import scale
from dashboard.sandbox.api import Api
from dashboard.sandbox.failures import (
    ApiFailure,
    Invalid,
    invalid,
    no_such_resource,
    not_allowed,
    not_found,
    unsupported_media,
)
from dashboard.sandbox.managed import APPLY
from dashboard.sandbox.options import Delete, Write
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.schema.decode import decode_as
from dashboard.sandbox.server import bodies, listing, metrics, pods, reviews
from dashboard.sandbox.server.negotiate import Media, media_for
from dashboard.sandbox.server.parameters import TRUE, list_query, whole_number, write_options
from dashboard.sandbox.server.render import respond
from dashboard.sandbox.server.route import Route
from dashboard.sandbox.server.shapes import list_shape, object_shape
from dashboard.sandbox.server.watching import DEFAULT_TIMEOUT, Watch, serve

Obj = dict[str, Any]

MOST_WARNED = 4096
"""Characters of all warnings of one response together."""
MOST_HEADERS = 100
"""Warnings of one response: clients limit the number of headers."""
PATCH_TYPES = frozenset(
    {
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
        APPLY,
    }
)


class Rest:
    """One request for a resource."""

    def __init__(self, api: Api, resource: Resource, route: Route, request: web.Request) -> None:
        self.api = api
        self.resource = resource
        self.route = route
        self.request = request
        self.media: Media = media_for(request.headers.get("Accept", ""))

    async def answer(self) -> web.StreamResponse:
        """Do what the request asks. Raises ApiFailure."""
        verb = self._verb()
        route, resource = self.route, self.resource
        if route.rest:
            raise no_such_resource()
        if route.subresource:
            sub = resource.subresource(route.subresource)
            if sub is None:
                raise no_such_resource()
            if verb not in sub.verbs:
                raise not_allowed()
            return await self._subresource(verb)
        if verb not in resource.verbs:
            raise not_allowed()
        self._check_scope(verb)
        if resource.group == metrics.GROUP:
            return self._metrics()
        verbs: dict[str, Callable[[], Awaitable[web.StreamResponse]]] = {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }
        return await verbs[verb]()

    def _verb(self) -> str:
        method, named = self.request.method, bool(self.route.name)
        if method in ("GET", "HEAD"):
            if named:
                return "get"
            watching = self.route.watching or self.request.query.get("watch") in TRUE
            return "watch" if watching else "list"
        if method == "POST" and (not named or self.route.subresource):
            return "create"
        if method == "DELETE":
            return "delete" if named else "deletecollection"
        found = {"PUT": "update", "PATCH": "patch"}.get(method)
        if found is None or not named:
            raise not_allowed()
        return found

    def _check_scope(self, verb: str) -> None:
        if self.resource.namespaced:
            if not self.route.namespace and (self.route.name or verb in ("create", "deletecollection")):
                raise not_allowed() if not self.route.name else no_such_resource()
        elif self.route.namespace:
            raise no_such_resource()

    # Answers

    def _send(self, obj: Obj, status: int = 200, write: Write | None = None) -> web.Response:
        shaped = object_shape(self.api, self.resource, self.media, self.request.query.get("includeObject", ""), obj)
        response = respond(self.request, shaped, status, form=self.media.format)
        for text in _within(write.warnings) if write else ():
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            response.headers.add("Warning", f'299 - "{_header_safe(quoted)}"')
        return response

    # Verbs

    async def _get(self) -> web.StreamResponse:
        version = listing.version_number(self.request.query.get("resourceVersion", ""))
        if version > self.api.store.revision:
            await listing.wait_for(self.api, version)
        return self._send(self.api.get(self.resource, self.route.namespace, self.route.name))

    async def _list(self) -> web.StreamResponse:
        query = list_query(self.request, self.resource, self.route)
        listing.check(query, watching=False, initial=self.request.query.get("sendInitialEvents", ""))
        found, meta = await listing.items(self.api, self.resource, self.route.namespace, query)
        include = self.request.query.get("includeObject", "")
        shaped = list_shape(self.api, self.resource, self.media, found, include=include, meta=meta)
        return respond(self.request, shaped, form=self.media.format)

    def _metrics(self) -> web.StreamResponse:
        """Usage, which is worked out rather than read."""
        query, route = list_query(self.request, self.resource, self.route), self.route
        listing.check(query, watching=False, initial="")
        found = [
            obj
            for obj in metrics.objects(self.api, self.resource, route.namespace)
            if query.labels.matches(obj["metadata"].get("labels")) and query.fields.matches(obj)
        ]
        if route.name and not found:
            raise not_found(self.resource.plural, self.resource.group, route.name)
        if route.name:
            return self._send(found[0])
        include = self.request.query.get("includeObject", "")
        shaped = list_shape(self.api, self.resource, self.media, found, include=include, meta={})
        return respond(self.request, shaped, form=self.media.format)

    async def _watch(self) -> web.StreamResponse:
        query, parameters = list_query(self.request, self.resource, self.route), self.request.query
        initial = parameters.get("sendInitialEvents", "")
        listing.check(query, watching=True, initial=initial if initial in TRUE else "")
        listing.version_number(query.version)
        include, media = parameters.get("includeObject", ""), self.media
        timeout = parameters.get("timeoutSeconds", "")

        def shape(obj: Obj, first: bool) -> Obj:
            return object_shape(self.api, self.resource, media, include, obj, first=first)

        watch = Watch(
            resource=self.resource,
            namespace=self.route.namespace,
            query=query,
            bookmarks=parameters.get("allowWatchBookmarks") in TRUE,
            initial=initial in TRUE,
            timeout=float(whole_number("timeoutSeconds", timeout) if timeout else 0) or DEFAULT_TIMEOUT,
            shape=shape,
            shape_key=f"{media.as_ or 'object'}{include}" if not media.table else f"Table{include}",
        )
        return await serve(self.api, self.request, watch)

    async def _create(self) -> web.StreamResponse:
        write = write_options(self.request)
        body = await bodies.parsed(self.request, self.resource.kind, write.duplicates)
        if reviews.is_review(self.resource):
            return self._send(reviews.answer(self.api, self.resource, body if isinstance(body, dict) else {}), 201)
        if self.resource.verbs == ("create",):
            raise ApiFailure(501, "NotImplemented", f"the sandbox does not serve {self.resource.plural}", {})
        created = self.api.create(self.resource, self.route.namespace, body, write)
        return self._send(created, 201, write)

    async def _update(self) -> web.StreamResponse:
        write = write_options(self.request)
        body = await bodies.parsed(self.request, self.resource.kind, write.duplicates)
        route = self.route
        changed = self.api.update(
            self.resource, route.namespace, route.name, body, write, subresource=route.subresource
        )
        return self._send(changed, write=write)

    async def _patch(self) -> web.StreamResponse:
        media = bodies.media_type(self.request)
        if media not in PATCH_TYPES:
            raise unsupported_media()
        write = write_options(self.request)
        self._check_patch(media, write)
        patch = await bodies.parsed(self.request, self.resource.kind, write.duplicates)
        route, key = self.route, self.api.key(self.resource, self.route.namespace, self.route.name)
        existed = self.api.store.get(self.resource.storage, key) is not None
        changed = self.api.patch(
            self.resource, route.namespace, route.name, media, patch, write=write, subresource=route.subresource
        )
        return self._send(changed, 200 if existed else 201, write)

    def _check_patch(self, media: str, write: Write) -> None:
        if media == APPLY and not self.request.query.get("fieldManager"):
            cause = Invalid("fieldManager", "Required value: is required for apply patch", "FieldValueRequired")
            raise invalid("PatchOptions", "meta.k8s.io", "", [cause])
        if media != APPLY and "force" in self.request.query:
            cause = Invalid("force", "Forbidden: may not be specified for non-apply patch", "FieldValueForbidden")
            raise invalid("PatchOptions", "meta.k8s.io", "", [cause])

    async def _delete_options(self) -> Delete:
        body: Any = {}
        if self.request.can_read_body:
            body = await bodies.parsed(self.request, "DeleteOptions") or {}
        query = self.request.query
        merged = decode_as("DeleteOptions", "v1", "V1DeleteOptions", body)
        if query.get("propagationPolicy"):
            merged["propagationPolicy"] = query["propagationPolicy"]
        if "gracePeriodSeconds" in query:
            merged["gracePeriodSeconds"] = whole_number("gracePeriodSeconds", query["gracePeriodSeconds"])
        if query.get("dryRun"):
            merged["dryRun"] = query.getall("dryRun")
        return Delete.parse(merged)

    async def _delete(self) -> web.StreamResponse:
        write = write_options(self.request)
        options = await self._delete_options()
        gone = self.api.delete(self.resource, self.route.namespace, self.route.name, options, write)
        return self._send(gone, write=write)

    async def _delete_collection(self) -> web.StreamResponse:
        options, query = await self._delete_options(), list_query(self.request, self.resource, self.route)
        gone = self.api.delete_collection(
            self.resource,
            self.route.namespace,
            options,
            write_options(self.request),
            labels=query.labels,
            fields=query.fields,
        )
        meta = {"resourceVersion": str(self.api.store.revision)}
        return respond(self.request, list_shape(self.api, self.resource, self.media, gone, include="", meta=meta))

    # Subresources

    async def _subresource(self, verb: str) -> web.StreamResponse:
        name, route = self.route.subresource, self.route
        if name in ("log", "eviction", "binding") and self.resource.storage == "pods":
            return await pods.answer(self.api, self.resource, route, self.request)
        if verb == "get":
            obj = self.api.get(self.resource, route.namespace, route.name)
            return self._send(scale.show(self.resource, obj) if name == "scale" else obj)
        return await (self._update() if verb == "update" else self._patch())


def _within(warnings: list[str]) -> list[str]:
    """As many warnings as kube-apiserver sends of very many."""
    out: list[str] = []
    room = MOST_WARNED
    for text in warnings:
        room -= len(text)
        if room < 0 or len(out) == MOST_HEADERS:
            break
        out.append(text)
    return out


def _header_safe(text: str) -> str:
    return "".join(c if c.isprintable() and ord(c) < 256 else "?" for c in text)[:1000]
