"""Sets of fields, as managedFields write them (fieldsV1), and what changed between two objects.

A set is a frozenset of paths; a path is a tuple of fieldsV1 elements: `f:name` (a field or map key),
`k:{"name":"nginx"}` (an item of an associative list), `v:"x"` (an item of a set). The rules of what is a
member follow `sigs.k8s.io/structured-merge-diff` v6.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.sandbox.schema.nodes import ANY, Node

Path = tuple[str, ...]
FieldSet = frozenset[Path]
EMPTY: FieldSet = frozenset()

ABSENT: Any = object()

_DEFAULT_KEYS = {"protocol": "TCP"}
"""A key field that is missing counts as its default."""


def element(keys: tuple[str, ...], item: Any) -> str:
    """The path element of a list item."""
    if keys == ("",):
        return "v:" + json.dumps(item, separators=(",", ":"))
    values = {key: item.get(key, _DEFAULT_KEYS.get(key)) if isinstance(item, Mapping) else None for key in keys}
    return "k:" + json.dumps(dict(sorted(values.items())), separators=(",", ":"))


def keyed(node: Node, items: Any) -> dict[str, Any]:
    """Items of an associative list by path element; the last of equal ones wins."""
    return {element(node.keys, item): item for item in items} if isinstance(items, list) else {}


def parts(node: Node, value: Any) -> dict[str, tuple[Node, Any]] | None:
    """The members of a value: path element → (type, value); None when it is a leaf for field ownership."""
    if node.atomic and node.kind != "any":
        return None
    if isinstance(value, Mapping):
        return {f"f:{key}": (node.child(key) if node.kind in ("struct", "map") else ANY, v) for key, v in value.items()}
    if isinstance(value, list) and node.kind == "list" and node.keys:
        item = node.item or ANY
        return {key: (item, v) for key, v in keyed(node, value).items()}
    return None


@dataclass(slots=True)
class Comparison:
    """What differs between two objects."""

    added: set[Path] = field(default_factory=set)
    modified: set[Path] = field(default_factory=set)
    removed: set[Path] = field(default_factory=set)


def compare(node: Node, old: Any, new: Any) -> Comparison:
    """Paths added, modified and removed from `old` to `new`, each with all that lies below it."""
    out = Comparison()
    _compare(node, old, new, (), out)
    return out


def _everything(node: Node, value: Any, path: Path, into: set[Path]) -> None:
    into.add(path)
    for key, (child, item) in (parts(node, value) or {}).items():
        _everything(child, item, (*path, key), into)


def _compare(node: Node, old: Any, new: Any, path: Path, out: Comparison) -> None:
    if old is new or old == new:
        return
    if old is ABSENT:
        _everything(node, new, path, out.added)
        return
    if new is ABSENT:
        _everything(node, old, path, out.removed)
        return
    before, after = parts(node, old), parts(node, new)
    if before is None and old is None and after is not None:
        before = {}
    if after is None and new is None and before is not None:
        after = {}
    if before is None or after is None:
        out.modified.add(path)
        return
    for key in before.keys() | after.keys():
        child, was = before.get(key, (None, ABSENT))
        other, now = after.get(key, (None, ABSENT))
        _compare(child or other or ANY, was, now, (*path, key), out)


def intent(node: Node, value: Any) -> FieldSet:
    """The fields that an applied configuration speaks about (its leaves and its list items and map keys)."""
    out: set[Path] = set()
    _intent(node, value, (), out)
    return frozenset(out)


def _intent(node: Node, value: Any, path: Path, out: set[Path]) -> None:
    members = parts(node, value)
    if members is None:
        if not (isinstance(value, list) and node.keys):
            out.add(path)
        return
    for key, (child, item) in members.items():
        below = (*path, key)
        named = node.kind == "struct" and key.startswith("f:") and key[2:] in node.fields
        if not named or item is None or item == {}:
            out.add(below)
        _intent(child, item, below, out) if item is not None and item != {} else None


def encode(members: Iterable[Path]) -> dict[str, Any]:
    """The fieldsV1 form of a set."""
    tree: dict[str, Any] = {}
    for path in sorted(members):
        at = tree
        for key in path:
            at = at.setdefault(key, {})
        at["."] = {}
    _trim(tree)
    tree.pop(".", None)
    return tree


def _trim(tree: dict[str, Any]) -> None:
    for key, below in tree.items():
        if key == ".":
            continue
        if below.keys() == {"."}:
            below.clear()
        else:
            _trim(below)


def decode(tree: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """The members of a fieldsV1 value. Raises ValueError for what is none."""
    if not isinstance(tree, dict):
        raise ValueError("fieldsV1 must consist of objects")
    for key, below in tree.items():
        _check_member(key)
        if key == ".":
            yield path
        elif not below:
            yield (*path, key)
        else:
            yield from decode(below, (*path, key))


def _check_member(key: str) -> None:
    """`.`, `f:field`, `v:value`, `i:index` or `k:{keys}`. Raises ValueError for anything else."""
    kind, text = key[:2], key[2:]
    known = key == "." or kind == "f:" or (kind == "i:" and text.isdecimal())
    if kind in ("k:", "v:"):
        value = json.loads(text)
        known = isinstance(value, dict) == (kind == "k:")
    if not known:
        raise ValueError(f"no member of fieldsV1: {key[:100]!r}")


def written(path: Path) -> str:
    """A path as conflicts print it: `.spec.template.spec.containers[name="nginx"].image`."""
    out = ""
    for key in path:
        kind, text = key[0], key[2:]
        if kind == "f":
            out += f".{text}"
        elif kind == "k":
            pairs = (f"{name}={json.dumps(value)}" for name, value in json.loads(text).items())
            out += f"[{','.join(pairs)}]"
        else:
            out += f"[={text}]"
    return out
