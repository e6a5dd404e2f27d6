"""managedFields: which field manager sets which field, through what and when.

Format: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management and
https://github.com/kubernetes-sigs/structured-merge-diff/blob/master/fieldpath/serialize.go
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from dashboard.core.objects import field, plain, text, timestamp

MANAGERS_READ = 100
"""managedFields entries that are read: the API server itself folds Update entries beyond ten into one."""

DEEPEST = 40
"""Levels of fieldsV1 that are walked."""

MOST_FIELDS = 5000
"""Field paths that `setters` lists."""


class Setter(NamedTuple):
    """Who set a field: the field manager's name, `Apply` or `Update`, when it last changed any of its fields
    (Unix seconds), and through which subresource ("" for the object itself)."""

    manager: str
    operation: str
    time: float | None
    subresource: str


def entries(obj: Any) -> list[Mapping[str, Any]]:
    """The object's managedFields entries that are well formed."""
    raw = _decoded(field(obj, "metadata.managedFields"))
    if not isinstance(raw, list):
        return []
    return [each for each in raw[:MANAGERS_READ] if isinstance(each, dict)]


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[str, ...]:
    """A field path as the keys of fieldsV1.

    >>> steps('spec.template.spec.containers[name="nginx"].image')
    ('f:spec', 'f:template', 'f:spec', 'f:containers', 'k:{"name":"nginx"}', 'f:image')
    """
    found: list[str] = []
    rest = path
    while rest and len(found) < DEEPEST:
        if rest.startswith("["):
            inside, _, rest = rest[1:].partition("]")
            name, _, value = inside.partition("=")
            found.append(f'k:{{"{name}":{value}}}')
            rest = rest.removeprefix(".")
            continue
        ends = [at for at in (rest.find("."), rest.find("[")) if at >= 0]
        end = min(ends, default=len(rest))
        found.append(f"f:{rest[:end]}")
        rest = rest[end:].removeprefix(".")
    return tuple(found)


def setter_of(managed: Sequence[Mapping[str, Any]], path: str) -> Setter | None:
    """Who set the field at `path` last, from managedFields entries; None where nobody is named.

    An entry that ends above the field set the whole of it: lists and maps may be atomic. Where several managers
    hold the same value, the latest is named.
    """
    found = [(entry, entry.get("fieldsV1")) for entry in managed]
    return first(sorted(found, key=_newest, reverse=True) if len(found) > 1 else found, steps(path), 0)


def spec_entries(managed: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Any]]:
    """The entries that set something of the spec, each with its fields below `f:spec`, the latest first."""
    found = [
        (entry, fields["f:spec"])
        for entry in managed
        if type(fields := entry.get("fieldsV1")) is dict and "f:spec" in fields
    ]
    if len(found) > 1:
        found.sort(key=_newest, reverse=True)
    return found


def _newest(held: tuple[Mapping[str, Any], Any]) -> str:
    """RFC 3339 in UTC sorts as text."""
    time = held[0].get("time")
    return time if isinstance(time, str) else ""


def first(held: Sequence[tuple[Mapping[str, Any], Any]], keys: tuple[str, ...], start: int) -> Setter | None:
    """The first of the entries whose fields, given beside each, hold `keys` from `start` on."""
    below = keys[start:]
    for entry, fields in held:
        node = fields
        for depth, key in enumerate(below, start):
            if type(node) is not dict:
                break
            inner = node.get(key)
            if inner is None:
                if node or depth < 2:
                    break
                inner = node  # an entry that ends above the field holds the whole
            node = inner
        else:
            return _setter(entry)
    return None


def _setter(entry: Mapping[str, Any]) -> Setter:
    get = entry.get
    manager, time = get("manager"), get("time")
    if type(manager) is not str or len(manager) > 200 or (time is not None and type(time) is not str):
        manager, time = text(manager, 200), text(time, 50)
    return _named(manager, text(get("operation"), 20), time or "", text(get("subresource"), 40))


@lru_cache(maxsize=4096)
def _named(manager: str, operation: str, time: str, subresource: str) -> Setter:
    return Setter(plain(manager, 100), operation, timestamp(time), subresource)


def setters(obj: Any) -> dict[str, Setter]:
    """Every field path that managedFields name, with who set it last. Bounded; malformed parts are left out."""
    found: dict[str, Setter] = {}
    for entry in sorted(entries(obj), key=lambda each: text(each.get("time"), 40)):
        setter = _setter(entry)
        for path in _paths(entry.get("fieldsV1"), "", 0):
            if len(found) >= MOST_FIELDS and path not in found:
                break
            found[path] = setter
    return found


def _paths(node: Any, prefix: str, depth: int) -> Iterator[str]:
    if not isinstance(node, dict) or depth > DEEPEST:
        return
    for key, below in node.items():
        if not isinstance(key, str) or key == ".":
            continue
        if key.startswith("f:"):
            path = f"{prefix}.{key[2:]}" if prefix else key[2:]
        elif key.startswith("k:{") and key.endswith("}"):
            path = f"{prefix}[{_selector(key[3:-1])}]"
        elif key.startswith("v:"):
            path = f"{prefix}[{key[2:]}]"
        else:
            continue
        path = path[:500]
        inner = [name for name in below if name != "."] if isinstance(below, dict) else []
        if inner:
            yield from _paths(below, path, depth + 1)
        else:
            yield path


def _selector(inside: str) -> str:
    """`"name":"nginx"` as `name="nginx"`; several keys are joined as the API's own paths are."""
    return ",".join(part.replace('":', "=", 1).removeprefix('"') for part in inside.split(',"'))


def _decoded(managed: Any) -> Any:
    """Who reads a stream leaves managedFields as the bytes that came: they are half of an object's decoding, and
    few objects are ever asked for them."""
    if not isinstance(managed, bytes):
        return managed
    try:
        return orjson.loads(managed)
    except orjson.JSONDecodeError:
        return None


def slim(managed: Any) -> list[dict[str, Any]]:
    """managedFields cut to two levels: enough to date a gap and to name a manager, a tenth of the bytes."""
    managed = _decoded(managed)
    if not isinstance(managed, list):
        return []
    return [
        {**{name: value for name, value in entry.items() if name != "fieldsV1"}, "fieldsV1": _cut(entry["fieldsV1"])}
        for entry in managed[:MANAGERS_READ]
        if isinstance(entry, dict) and isinstance(entry.get("fieldsV1"), dict)
    ]


def _cut(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: {inner: {} for inner in below} if key == "f:spec" and isinstance(below, dict) else {}
        for key, below in fields.items()
    }
