"""OpenAPI v3 schemas of the built-in types: from the same types that decoding uses, described in our own words."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dashboard.sandbox.registry import BUILTIN, Resource
from dashboard.sandbox.schema.nodes import ANY, Node, root, struct

Obj = dict[str, Any]

REF = "#/components/schemas/"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
META = "io.k8s.apimachinery.pkg.apis.meta.v1"
OBJECT_META = f"{META}.ObjectMeta"
LIST_META = f"{META}.ListMeta"
META_TYPES = frozenset(
    [
        "Condition",
        "DeleteOptions",
        "LabelSelector",
        "LabelSelectorRequirement",
        "ManagedFieldsEntry",
        "ObjectMeta",
        "OwnerReference",
        "Preconditions",
        "Status",
        "StatusCause",
        "StatusDetails",
    ]
)
PACKAGES = {
    "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
    "apiregistration.k8s.io": "io.k8s.kube-aggregator.pkg.apis.apiregistration",
    "metrics.k8s.io": "io.k8s.metrics.pkg.apis.metrics",
}
"""Where the real server's names differ from `io.k8s.api.<first part of the group>`."""

TYPE_NAME = re.compile(r"([A-Z][a-z]+)??V(\d+(?:(?:alpha|beta)\d+)?)([A-Z].*)")
SCALARS: dict[str, Obj] = {
    "string": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "number": {"type": "number", "format": "double"},
    "bool": {"type": "boolean"},
    "intstr": {"$ref": REF + INT_OR_STRING},
}
ANYTHING: Obj = {"x-kubernetes-preserve-unknown-fields": True}
"""Not an empty schema: kubectl explain --recursive takes that for none."""
COMMON: dict[str, Obj] = {
    INT_OR_STRING: {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
    LIST_META: {
        "description": "What every list has.",
        "type": "object",
        "properties": {
            "continue": {"description": "Where the next page begins; empty on the last.", "type": "string"},
            "remainingItemCount": {"description": "How many items follow.", "type": "integer", "format": "int64"},
            "resourceVersion": {"description": "The version that was listed.", "type": "string"},
            "selfLink": {"description": "No longer set.", "type": "string"},
        },
    },
}
_USAGE: Obj = {
    "description": "What is used of cpu and memory.",
    "type": "object",
    "additionalProperties": {"type": "string"},
}
_METRICS: Obj = {
    "timestamp": {"description": "When it was measured.", "type": "string", "format": "date-time"},
    "window": {"description": "Over how long it is averaged.", "type": "string"},
}
_CONTAINERS: Obj = {
    "description": "What each container uses.",
    "type": "array",
    "items": {"type": "object", "properties": {"name": {"type": "string"}, "usage": _USAGE}},
}
METRICS: dict[str, tuple[str, Obj]] = {
    "NodeMetrics": ("What a node uses.", {**_METRICS, "usage": _USAGE}),
    "PodMetrics": ("What a Pod uses.", {**_METRICS, "containers": _CONTAINERS}),
}


@functools.cache
def texts() -> dict[str, str]:
    """What is said of types (`Type`), of their fields (`Type.field`) and of fields anywhere (`field`)."""
    lines = Path(__file__).with_name("descriptions.txt").read_text().splitlines()
    pairs = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return {key: text for key, _, text in pairs}


def package(group: str) -> str:
    """The first part of the names of a group's types."""
    return PACKAGES.get(group) or f"io.k8s.api.{group.split('.', maxsplit=1)[0] or 'core'}"


def component(resource: Resource) -> str:
    """The name of a kind's schema."""
    if resource.custom is not None:
        return ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])
    return f"{package(resource.group)}.{resource.version}.{resource.kind}"


def _below(node: Node) -> Iterator[Node]:
    """The structs of a struct's fields."""
    for child in node.fields.values():
        inner = child
        while inner.item is not None:
            inner = inner.item
        if inner.kind == "struct" and inner.name:
            yield struct(inner.name)


def _reachable(start: Node) -> dict[str, Node]:
    found: dict[str, Node] = {}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node.name and node.name not in found:
            found[node.name] = node
            waiting += _below(node)
    return found


@functools.cache
def _owners() -> dict[str, str]:
    """Type → the group whose kinds use it; a type that several use is of the first, and the core group comes first."""
    out: dict[str, str] = {}
    for resource in BUILTIN:
        for name in _reachable(root(resource.group, resource.version, resource.kind)):
            out.setdefault(name, resource.group)
    return out


def _parts(name: str) -> tuple[str, str]:
    """(version, name without it) of a type's name: `V1PodSpec` → v1, PodSpec."""
    found = TYPE_NAME.fullmatch(name)
    return (f"v{found[2]}", found[3]) if found else ("v1", name)


def _named(name: str) -> str:
    version, plain = _parts(name)
    if plain in META_TYPES:
        return f"{META}.{plain}"
    return f"{package(_owners().get(name, ''))}.{version}.{plain}"


def _described(owner: str, key: str, node: Node) -> str:
    known = texts()
    if owner.endswith("Condition") and f"*Condition.{key}" in known:
        return known[f"*Condition.{key}"]
    # `spec` and `status` mean what is said of them only where they are a part of the object.
    general = "" if key in ("spec", "status") and node.kind != "struct" else known.get(key, "")
    return known.get(f"{owner}.{key}", general)


def _type(node: Node) -> Obj:
    if node.kind == "struct" and node.name:
        return {"$ref": REF + _named(node.name)}
    if node.kind == "list":
        out: Obj = {"type": "array", "items": _type(node.item or ANY)}
        if node.keys:
            out["x-kubernetes-list-type"] = "map" if node.keys != ("",) else "set"
        if node.keys and node.keys != ("",):
            out["x-kubernetes-list-map-keys"] = list(node.keys)
        return out if node.keys else {**out, "x-kubernetes-list-type": "atomic"}
    if node.kind == "map":
        return {"type": "object", "additionalProperties": _type(node.item or ANY)}
    return dict(SCALARS.get(node.kind, ANYTHING))


def _property(owner: str, key: str, node: Node) -> Obj:
    text, declared = _described(owner, key, node), _type(node)
    if "$ref" in declared and text:
        # Beside a reference nothing else counts: it is wrapped, as the real server does it.
        declared = {"allOf": [declared]}
    return {"description": text, **declared} if text else declared


def _struct(node: Node) -> Obj:
    _, plain = _parts(node.name)
    out: Obj = {"type": "object", "properties": {k: _property(plain, k, v) for k, v in sorted(node.fields.items())}}
    if plain in texts():
        out = {"description": texts()[plain], **out}
    if node.required:
        out["required"] = sorted(node.required)
    return out


def schemas(resource: Resource) -> dict[str, Obj]:
    """The schema of a served kind, and of all that it refers to, by name."""
    if resource.custom is not None:
        found = _custom(resource)
    elif resource.kind in METRICS:
        text, properties = METRICS[resource.kind]
        found = {component(resource): _headed(text, properties), **_types(struct("V1ObjectMeta"))}
    else:
        found = _types(root(resource.group, resource.version, resource.kind))
    mark = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    name = component(resource)
    return {**found, name: {**found.get(name, {"type": "object"}), "x-kubernetes-group-version-kind": [mark]}}


def _types(start: Node) -> dict[str, Obj]:
    return {_named(name): _struct(node) for name, node in _reachable(start).items()} | COMMON


def _headed(text: str, properties: Obj) -> Obj:
    head: Obj = {
        "apiVersion": {"description": texts()["apiVersion"], "type": "string"},
        "kind": {"description": texts()["kind"], "type": "string"},
        "metadata": {"description": texts()["metadata"], "allOf": [{"$ref": REF + OBJECT_META}]},
    }
    described: Obj = {"description": text} if text else {}
    return {**described, "type": "object", "properties": {**head, **properties}}


def _custom(resource: Resource) -> dict[str, Obj]:
    """A custom kind: its definition's own schema, and what every object has."""
    declared: Obj = dict(resource.custom.schema)
    whole = _headed("", declared.get("properties") or {})
    whole["properties"] |= {k: v for k, v in _headed("", {})["properties"].items() if k == "metadata"}
    return {component(resource): {**declared, "type": "object", **whole}, **_types(struct("V1ObjectMeta"))}
