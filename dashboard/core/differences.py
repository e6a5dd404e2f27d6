"""The difference between an object as it is and as a dry run would leave it, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from dashboard.core.objects import field, plain

MOST_LINES = 200
LONGEST = 300
DEEPEST = 60
IGNORED = frozenset({"metadata.managedFields", "metadata.resourceVersion", "metadata.generation", "status"})
"""What the server writes by itself."""

KEYS = ("name", "type", "key", "containerPort", "port", "mountPath", "ip", "id")
"""Fields that tell the entries of a list apart, in the order in which they are tried."""


class DiffLine(NamedTuple):
    """One field that changes. None where there is (or will be) nothing; objects and lists as a short text."""

    path: str
    before: str | int | float | bool | None
    after: str | int | float | bool | None


def diff(before: Any, after: Any) -> tuple[DiffLine, ...]:
    """What changes from `before` to `after`, in the order of the object, at most 200 lines.

    The answer of `/scale` is a Scale: only its replicas are compared with those of the object.
    """
    if field(after, "kind") == "Scale" and field(before, "kind") != "Scale":
        old, new = field(before, "spec.replicas"), field(after, "spec.replicas", 0)
        return () if old == new else (DiffLine("spec.replicas", _shown(old), _shown(new)),)
    found: list[DiffLine] = []
    for line in _walk(before, after, "", 0):
        found.append(line)
        if len(found) >= MOST_LINES:
            break
    return tuple(found)


def _walk(before: Any, after: Any, path: str, depth: int) -> Iterator[DiffLine]:
    if before is after or path in IGNORED:
        return
    if depth < DEEPEST and isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            inner = f"{path}.{name}" if path else str(name)
            yield from _walk(before.get(name), after.get(name), inner, depth + 1)
        return
    if depth < DEEPEST and isinstance(before, list) and isinstance(after, list):
        yield from _walk_lists(before, after, path, depth)
        return
    if depth < DEEPEST and ((before is None and _is_tree(after)) or (after is None and _is_tree(before))):
        empty: Any = type(after)() if before is None else type(before)()
        yield from _walk(before if before is not None else empty, after if after is not None else empty, path, depth)
        return
    if not _equal(before, after):
        yield DiffLine(plain(path, LONGEST), _shown(before), _shown(after))


def _is_tree(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _equal(before: Any, after: Any) -> bool:
    return before == after and isinstance(before, bool) == isinstance(after, bool)


def _walk_lists(before: list[Any], after: list[Any], path: str, depth: int) -> Iterator[DiffLine]:
    key = key_of_list(before, after)
    if key is None:
        for at in range(max(len(before), len(after))):
            old = before[at] if at < len(before) else None
            new = after[at] if at < len(after) else None
            yield from _walk(old, new, f"{path}[{at}]", depth + 1)
        return
    old_by, new_by = ({each[key]: each for each in side} for side in (before, after))
    for value in [*old_by, *(value for value in new_by if value not in old_by)]:
        yield from _walk(old_by.get(value), new_by.get(value), f"{path}[{key}={_quoted(value)}]", depth + 1)


def _quoted(value: str | int) -> str:
    """A key as the API's own field paths write it: `[name="nginx"]`, `[containerPort=80]`."""
    return str(value) if isinstance(value, int) else f'"{plain(value, 100)}"'


def key_of_list(*sides: list[Any]) -> str | None:
    """The field that tells the entries of these lists apart; None where there is none or a value comes twice."""
    if not any(sides):
        return None
    for key in KEYS:
        if all(_tells_apart(side, key) for side in sides):
            return key
    return None


def _tells_apart(side: list[Any], key: str) -> bool:
    values = [each.get(key) if isinstance(each, dict) else None for each in side]
    return all(isinstance(value, str | int) for value in values) and len(set(values)) == len(values)


def _shown(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)[:40]
    if isinstance(value, str):
        return plain(value, LONGEST)
    return "{…}" if value and isinstance(value, dict) else "[…]" if value else "{}" if value == {} else "[]"
