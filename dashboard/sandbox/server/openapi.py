"""OpenAPI v3: an index and one thin document per group version.

kubectl asks for the document before it applies, to learn whether PATCH takes `fieldValidation`; the schemas say no
more than the kinds' names. Full schemas (`kubectl explain`) are not served.
"""

from __future__ import annotations

import hashlib
from typing import Any

from dashboard.sandbox.registry import Registry, Resource

Obj = dict[str, Any]


def _name(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def index(registry: Registry) -> Obj:
    """/openapi/v3."""
    paths = {}
    for group, versions in registry.groups().items():
        for version in versions:
            name = _name(group, version)
            mark = hashlib.sha256(f"{name} {registry.revision}".encode()).hexdigest().upper()
            paths[name] = {"serverRelativeURL": f"/openapi/v3/{name}?hash={mark}"}
    return {"paths": paths}


def _parameter(name: str) -> Obj:
    return {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}


WRITE_PARAMETERS = [_parameter(name) for name in ("dryRun", "fieldManager", "fieldValidation")]


def _model(resource: Resource) -> str:
    parts = resource.group.split(".") if resource.group else ["core"]
    if resource.custom is not None:
        return ".".join([*reversed(parts), resource.version, resource.kind])
    return ".".join(["io", "k8s", "api", parts[0], resource.version, resource.kind])


def _operation(resource: Resource, verb: str, action: str) -> Obj:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    reference = {"$ref": f"#/components/schemas/{_model(resource)}"}
    content = {"application/json": {"schema": reference}}
    out: Obj = {
        "operationId": f"{action}{resource.kind}",
        "responses": {"200": {"description": "OK", "content": content}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind,
    }
    if verb != "get":
        out["parameters"] = WRITE_PARAMETERS
    return out


def document(registry: Registry, group: str, version: str) -> Obj | None:
    """/openapi/v3/apis/{group}/{version}, or None where there is none."""
    found = registry.within(group, version)
    if not found:
        return None
    paths: Obj = {}
    schemas: Obj = {}
    for resource in found:
        _describe(resource, paths, schemas)
    return {
        "openapi": "3.0.0",
        "info": {"title": "ReconcilerViz sandbox", "version": "v1.36.2"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _describe(resource: Resource, paths: Obj, schemas: Obj) -> None:
    root = f"/{_name(resource.group, resource.version)}"
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    collection = f"{root}{scope}/{resource.plural}"
    paths[collection] = {"get": _operation(resource, "get", "list"), "post": _operation(resource, "post", "post")}
    paths[f"{collection}/{{name}}"] = {
        verb: _operation(resource, verb, verb) for verb in ("get", "put", "patch", "delete")
    }
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    schemas[_model(resource)] = {
        "type": "object",
        "x-kubernetes-group-version-kind": [kind],
        "x-kubernetes-preserve-unknown-fields": True,
    }
