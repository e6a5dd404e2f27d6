"""OpenAPI v3: an index, and one document per group version with its paths and schemas.

kubectl asks for a document before it applies, to learn whether PATCH takes `fieldValidation`, and explains fields
from it. The strategic merge patch is not listed among the bodies of PATCH: kubectl then merges built-in kinds by
its own types, as it does with servers whose documents do not say how lists merge.
"""

from __future__ import annotations

import hashlib
from typing import Any

from dashboard.sandbox.registry import Registry, Resource
from dashboard.sandbox.schema import openapi as types

Obj = dict[str, Any]

PATCHES = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")
METHODS = {"list": "get", "get": "get", "create": "post", "update": "put", "patch": "patch", "delete": "delete"}
ACTIONS = {"create": "post", "update": "put"}


def _name(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _parameter(name: str, kind: str = "string") -> Obj:
    return {"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": True}}


def _segment(name: str) -> Obj:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "uniqueItems": True}}


WRITE_PARAMETERS = [_parameter(name) for name in ("dryRun", "fieldManager", "fieldValidation")]
LIST_PARAMETERS = [
    *(_parameter(name) for name in ("continue", "fieldSelector", "labelSelector")),
    *(_parameter(name) for name in ("resourceVersion", "resourceVersionMatch")),
    *(_parameter(name, "integer") for name in ("limit", "timeoutSeconds")),
    *(_parameter(name, "boolean") for name in ("allowWatchBookmarks", "sendInitialEvents", "watch")),
]
DELETE_PARAMETERS = [
    _parameter("dryRun"),
    _parameter("gracePeriodSeconds", "integer"),
    _parameter("propagationPolicy"),
]
PARAMETERS = {
    "create": WRITE_PARAMETERS,
    "update": WRITE_PARAMETERS,
    "patch": [*WRITE_PARAMETERS, _parameter("force", "boolean")],
    "delete": DELETE_PARAMETERS,
    "list": LIST_PARAMETERS,
}


class Documents:
    """The documents of a registry, made when they are asked for and kept until it changes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._made: dict[tuple[str, str], Obj] = {}
        self._revision = -1

    def index(self) -> Obj:
        """/openapi/v3."""
        paths = {}
        for group, versions in self._registry.groups().items():
            for version in versions:
                name = _name(group, version)
                mark = hashlib.sha256(f"{name} {self._registry.revision}".encode()).hexdigest().upper()
                paths[name] = {"serverRelativeURL": f"/openapi/v3/{name}?hash={mark}"}
        return {"paths": paths}

    def document(self, group: str, version: str) -> Obj | None:
        """/openapi/v3/apis/{group}/{version}, or None where there is none. Shared: do not change it."""
        if self._revision != self._registry.revision:
            self._made.clear()
            self._revision = self._registry.revision
        found = self._registry.within(group, version)
        if not found:
            return None
        if (group, version) not in self._made:
            self._made[group, version] = _document(found)
        return self._made[group, version]


def _document(resources: list[Resource]) -> Obj:
    paths: Obj = {}
    schemas: Obj = {}
    for resource in resources:
        schemas |= types.schemas(resource)
        _paths(resource, paths)
        if "list" in resource.verbs:
            schemas[_list_name(resource)] = _list(resource)
    return {
        "openapi": "3.0.0",
        "info": {"title": "ReconcilerViz sandbox", "version": "v1.36.2"},
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def _list_name(resource: Resource) -> str:
    return types.component(resource).removesuffix(resource.kind) + resource.list_of


def _list(resource: Resource) -> Obj:
    mark = {"group": resource.group, "version": resource.version, "kind": resource.list_of}
    items = {"type": "array", "items": {"$ref": types.REF + types.component(resource)}}
    properties: Obj = {
        "apiVersion": {"type": "string"},
        "items": items,
        "kind": {"type": "string"},
        "metadata": {"$ref": types.REF + types.LIST_META},
    }
    out: Obj = {"type": "object", "required": ["items"], "properties": properties}
    return {**out, "x-kubernetes-group-version-kind": [mark]}


def _paths(resource: Resource, paths: Obj) -> None:
    root = f"/{_name(resource.group, resource.version)}"
    collection = f"{root}/namespaces/{{namespace}}/{resource.plural}" if resource.namespaced else None
    flat = f"{root}/{resource.plural}"
    scope = [_segment("namespace")] if collection else []
    one = f"{collection or flat}/{{name}}"
    if collection and "list" in resource.verbs:
        paths[flat] = {"get": _operation(resource, "list")}
    both = _operations(resource, ("list", "create"))
    if both:
        paths[collection or flat] = {**both, **({"parameters": scope} if scope else {})}
    single = _operations(resource, ("get", "update", "patch", "delete"))
    if single:
        paths[one] = {**single, "parameters": [*scope, _segment("name")]}


def _operations(resource: Resource, verbs: tuple[str, ...]) -> Obj:
    return {METHODS[verb]: _operation(resource, verb) for verb in verbs if verb in resource.verbs}


def _operation(resource: Resource, verb: str) -> Obj:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    name = _list_name(resource) if verb == "list" else types.component(resource)
    content = {"application/json": {"schema": {"$ref": types.REF + name}}}
    action = ACTIONS.get(verb, verb)
    out: Obj = {
        "operationId": f"{action}{resource.group.title().replace('.', '')}{resource.version.title()}{resource.kind}",
        "responses": {"201" if verb == "create" else "200": {"description": "OK", "content": content}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind,
    }
    if verb in PARAMETERS:
        out["parameters"] = PARAMETERS[verb]
    if verb in ("create", "update"):
        out["requestBody"] = {"required": True, "content": content}
    elif verb == "patch":
        out["requestBody"] = {"required": True, "content": {media: {"schema": {}} for media in PATCHES}}
    return out
