"""Types of fields, as a tree that decoding, patches and field ownership walk.

Built-in kinds come from `types.json` (see generate.py) and `keys.py`; custom kinds from their CRD.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dashboard.sandbox.schema import keys

NodeKind = Literal["string", "int32", "int64", "number", "bool", "time", "intstr", "any", "list", "map", "struct"]


@dataclass(slots=True)
class Node:
    """One type. `fields` for a struct; `item` for a list or map; `keys` for an associative list."""

    kind: NodeKind
    name: str = ""
    """The struct's type name, e.g. `V1PodSpec`."""
    item: Node | None = None
    fields: dict[str, Node] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    atomic: bool = False
    keys: tuple[str, ...] = ()
    strategic: tuple[str, ...] = ()
    retain_keys: bool = False
    preserve: bool = False
    """A struct that keeps fields it does not know (custom kinds that say so)."""
    default: Any = None
    nullable: bool = False

    @property
    def go_name(self) -> str:
        """`DeploymentSpec` for `V1DeploymentSpec`."""
        return self.name[2:] if self.name[:1] == "V" else self.name.replace("V1", "", 1)

    def child(self, name: str) -> Node:
        """The type of a field or map value; ANY where nothing is known."""
        if self.kind == "struct":
            return self.fields.get(name, ANY)
        return self.item or ANY


ANY = Node("any")
_STRUCTS: dict[str, Node] = {}
_SCALARS: dict[str, NodeKind] = {"s": "string", "n": "number", "b": "bool", "t": "time", "x": "intstr", "*": "any"}


@functools.cache
def _types() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("types.json").read_text())
    return loaded


def struct(name: str) -> Node:
    """The struct of that type name; ANY if there is none. A type that contains itself is one shared node."""
    if name in _STRUCTS:
        return _STRUCTS[name]
    declared = _types().get(name)
    if declared is None:
        return ANY
    node = _STRUCTS[name] = Node("struct", name=name, atomic=name in keys.ATOMIC_TYPES)
    node.required = frozenset(key for key, text in declared.items() if text.endswith("!"))
    for key, text in declared.items():
        node.fields[key] = _field(f"{name}.{key}", key, text.rstrip("!"))
    return node


def _field(path: str, key: str, text: str) -> Node:
    if text == "i":
        wide = path in keys.INT64 or key in keys.INT64_NAMES
        return Node("int64" if wide else "int32")
    if text in _SCALARS:
        return Node(_SCALARS[text])
    if text[0] == "{":
        return Node("map", item=_field("", "", text[1:]), atomic=path in keys.ATOMIC_FIELDS)
    if text[0] == "[":
        apply_keys = keys.APPLY_KEYS.get(path, ())
        return Node(
            "list",
            item=_field("", "", text[1:]),
            atomic=not apply_keys,
            keys=apply_keys,
            strategic=keys.STRATEGIC_KEYS.get(path, ()),
            retain_keys=path in keys.RETAIN_KEYS,
        )
    return _reference(path, text)


def _reference(path: str, name: str) -> Node:
    if path not in keys.RETAIN_KEYS:
        return struct(name)
    whole = struct(name)
    return Node("struct", whole.name, fields=whole.fields, required=whole.required, retain_keys=True)


MODELS = {"v1/Event": "CoreV1Event", "events.k8s.io/v1/Event": "EventsV1Event"}


def root(group: str, version: str, kind: str) -> Node:
    """The type of a built-in kind's objects."""
    api = f"{group}/{version}" if group else version
    return struct(MODELS.get(f"{api}/{kind}", version.capitalize() + kind))


def from_openapi(schema: Mapping[str, Any], *, top: bool = False) -> Node:
    """A custom kind's type from its structural schema."""
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return Node("intstr", default=schema.get("default"))
    if kind == "object" or (top and kind is None):
        return _openapi_object(schema, top)
    if kind == "array":
        return _openapi_list(schema)
    kinds: dict[Any, NodeKind] = {"string": "string", "integer": "int64", "number": "number", "boolean": "bool"}
    return Node(kinds.get(kind, "any"), default=schema.get("default"), nullable=bool(schema.get("nullable")))


def _openapi_object(schema: Mapping[str, Any], top: bool) -> Node:
    properties = schema.get("properties") or {}
    extra = schema.get("additionalProperties")
    node = Node(
        "struct",
        atomic=schema.get("x-kubernetes-map-type") == "atomic",
        default=schema.get("default"),
        nullable=bool(schema.get("nullable")),
        preserve=bool(schema.get("x-kubernetes-preserve-unknown-fields")),
    )
    if extra and not properties:
        node.kind, node.item = "map", from_openapi(extra) if isinstance(extra, dict) else ANY
        return node
    node.required = frozenset(schema.get("required") or ())
    node.fields = {key: from_openapi(value) for key, value in properties.items()}
    if top:
        node.fields |= {"apiVersion": Node("string"), "kind": Node("string"), "metadata": struct("V1ObjectMeta")}
    return node


def _openapi_list(schema: Mapping[str, Any]) -> Node:
    kind = schema.get("x-kubernetes-list-type", "atomic")
    list_keys: tuple[str, ...] = ()
    if kind == "map":
        list_keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    elif kind == "set":
        list_keys = keys.SET
    item = from_openapi(schema.get("items") or {})
    return Node("list", item=item, atomic=not list_keys, keys=list_keys, default=schema.get("default"))
