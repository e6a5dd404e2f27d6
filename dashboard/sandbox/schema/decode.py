"""Decoding a body against a type: unknown fields dropped and reported, wrong types refused as Go says it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from dashboard.sandbox.failures import ApiFailure, bad_request
from dashboard.sandbox.options import Write
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.schema.nodes import ANY, Node, struct
from dashboard.sandbox.schema.types import node_of

INT32 = 2**31
INT64 = 2**63
ZERO: dict[str, Any] = {"struct": {}, "string": "", "int32": 0, "int64": 0, "number": 0, "bool": False, "intstr": 0}


class WrongTypeError(Exception):
    """A value of another JSON type than the field's; text without Go's `json: ` prefix."""

    def __init__(self, shown: str, owner: str, path: str, wanted: str) -> None:
        where = f"Go struct field {owner}.{path}" if path else "Go value"
        super().__init__(f"cannot unmarshal {shown} into {where} of type {wanted}")
        self.converter = f"unrecognized type: {wanted}"
        """As the converter of strategic merge patches says it."""


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {value}"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def go_type(node: Node) -> str:
    """The Go type of a field."""
    if node.kind == "struct":
        return f"v1.{node.go_name}" if node.name else "map[string]interface {}"
    if node.kind == "list":
        return f"[]{go_type(node.item or ANY)}"
    if node.kind == "map":
        return f"map[string]{go_type(node.item or ANY)}"
    names = {"number": "float64", "any": "interface {}", "time": "string", "intstr": "int32"}
    return names.get(node.kind, node.kind)


class Decoder:
    """Decodes one body; afterwards `unknown` lists the paths of fields that no such type has."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.unknown: list[str] = []

    def run(self, value: Any) -> dict[str, Any]:
        """A fresh object without unknown fields and without nulls. Raises WrongTypeError."""
        if not isinstance(value, dict):
            raise WrongTypeError(_shown(value).split(" ")[0], "", "", go_type(self.node))
        if self.node.kind != "struct":
            return dict(value)
        return self._struct(self.node, value, "", "")

    def _value(self, node: Node, value: Any, path: str, shown: str, owner: str) -> Any:
        if value is None or node.kind == "any":
            return value
        if node.kind == "struct":
            return self._struct(node, self._need(dict, node, value, path, owner), path, shown)
        if node.kind == "map":
            items = self._need(dict, node, value, path, owner)
            item = node.item or ANY
            return {k: self._element(item, v, path, f"{shown}.{k}", owner) for k, v in items.items()}
        if node.kind == "list":
            elements = self._need(list, node, value, path, owner)
            item = node.item or ANY
            return [self._element(item, v, path, f"{shown}[{i}]", owner) for i, v in enumerate(elements)]
        return self._scalar(node, value, path, owner)

    def _element(self, node: Node, value: Any, path: str, shown: str, owner: str) -> Any:
        """Part of a list or map, where null is the type's zero value, as in Go."""
        if value is None and node.kind in ZERO:
            return copy.copy(ZERO[node.kind])
        return self._value(node, value, path, shown, owner)

    def _need(self, kind: type, node: Node, value: Any, path: str, owner: str) -> Any:
        if not isinstance(value, kind):
            raise WrongTypeError(_shown(value).split(" ")[0], owner, path, go_type(node))
        return value

    def _struct(self, node: Node, value: dict[str, Any], path: str, shown: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, item in value.items():
            child = node.fields.get(key)
            at = f"{shown}.{key}" if shown else key
            if child is None:
                if node.preserve:
                    out[key] = item
                else:
                    self.unknown.append(at)
                continue
            if item is None and not child.nullable:
                continue
            out[key] = self._value(child, item, f"{path}.{key}" if path else key, at, node.go_name)
        return out

    def _scalar(self, node: Node, value: Any, path: str, owner: str) -> Any:
        kind = node.kind
        good = {
            "string": isinstance(value, str),
            "time": isinstance(value, str),
            "bool": isinstance(value, bool),
            "number": isinstance(value, int | float) and not isinstance(value, bool),
            "intstr": isinstance(value, int | str) and not isinstance(value, bool),
        }.get(kind)
        if good is None:
            return self._integer(node, value, path, owner)
        if not good:
            shown = _shown(value) if kind == "intstr" else _shown(value).split(" ")[0]
            raise WrongTypeError(shown, owner, path, go_type(node))
        return value

    def _integer(self, node: Node, value: Any, path: str, owner: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongTypeError(_shown(value), owner, path, go_type(node))
        bound = INT32 if node.kind == "int32" else INT64
        if isinstance(value, float) and not value.is_integer():
            raise WrongTypeError(_shown(value), owner, path, go_type(node))
        if not -bound <= value < bound:
            raise WrongTypeError(f"number {int(value)}", owner, path, go_type(node))
        return int(value)

    def report(self, write: Write, strict: Callable[[str], ApiFailure]) -> None:
        """Warn about unknown and duplicate fields, or raise what `strict` makes of them, as fieldValidation asks."""
        texts = [f'duplicate field "{path}"' for path in write.duplicates]
        texts += [f'unknown field "{path}"' for path in self.unknown]
        if not texts or write.validation == "Ignore":
            return
        if write.validation == "Strict":
            raise strict(", ".join(texts))
        write.warnings += [text for text in texts if text not in write.warnings]


class CustomDecoder(Decoder):
    """Decodes a custom object: prunes by its schema, leaves wrong types to validation."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(struct("V1ObjectMeta"))
        self.custom = resource.custom

    def run(self, value: Any) -> dict[str, Any]:
        """A fresh object. Raises WrongTypeError for a broken metadata."""
        if not isinstance(value, dict):
            raise WrongTypeError(_shown(value), "", "", "map[string]interface {}")
        out: dict[str, Any] = self.custom.prune(value, self.unknown)
        meta = out.get("metadata")
        out["metadata"] = super().run({} if meta is None else meta)
        return out


def decoder_of(resource: Resource) -> Decoder:
    """A decoder for a resource's objects."""
    return Decoder(node_of(resource)) if resource.custom is None else CustomDecoder(resource)


def decode(resource: Resource, body: Any, write: Write, *, applying: bool = False) -> dict[str, Any]:
    """A body as an object of the resource. Raises ApiFailure 400."""
    kind, version = resource.kind, resource.version
    check_kind(resource, body)
    decoder = decoder_of(resource)
    said = f'{kind} in version "{version}" cannot be handled as a {kind}'
    try:
        out = decoder.run(body)
    except WrongTypeError as error:
        raise bad_request(f"{said}: json: {error}") from error
    decoder.report(write, lambda text: bad_request(f"{said}: strict decoding error: {text}"))
    meta = out.setdefault("metadata", {})
    if not applying and isinstance(meta, dict):
        meta.pop("selfLink", None)
    out["kind"], out["apiVersion"] = kind, resource.api_version
    return {"kind": kind, "apiVersion": resource.api_version, "metadata": out.pop("metadata"), **out}


def decode_as(kind: str, version: str, type_name: str, body: Any) -> dict[str, Any]:
    """A body that is no object of a resource, such as DeleteOptions. Raises ApiFailure 400."""
    try:
        return Decoder(struct(type_name)).run(body)
    except WrongTypeError as error:
        said = f'{kind} in version "{version}" cannot be handled as a {kind}'
        raise bad_request(f"{said}: json: {error}") from error


def check_kind(resource: Resource, body: Any) -> None:
    """Refuse a body of another kind or version, as the server's serializer does. An empty kind is filled in."""
    if not isinstance(body, dict):
        raise bad_request(
            f"the object provided is unrecognized (must be of type {resource.kind}): couldn't get version/kind; "
            f"json parse error: json: cannot unmarshal {_shown(body).split(' ')[0]} into Go value of type struct"
        )
    api_version, kind = body.get("apiVersion"), body.get("kind")
    if (kind and kind != resource.kind) or (api_version and api_version != resource.api_version):
        group_version = resource.api_version
        raise bad_request(
            f'{kind} in version "{str(api_version or "").rpartition("/")[2]}" cannot be handled as a {resource.kind}: '
            f"converting ({api_version}.{kind}) to ({group_version}.{resource.kind}): unknown conversion"
        )
