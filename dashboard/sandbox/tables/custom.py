"""Custom resources as table rows: the CRD's printer columns."""

from __future__ import annotations

import re
from typing import Any

from dashboard.sandbox.tables.cells import AGE, NAME, UNKNOWN, Column, compact, since

Obj = dict[str, Any]

_STEP = re.compile(
    r"\.([^.\[\]]+)|\['((?:[^'\\]|\\.)*)'\]|\[(\d+|\*)\]|\[\?\(@\.([\w.]+)\s*==\s*[\"']([^\"']*)[\"']\)\]"
)


def find(obj: Any, path: str) -> list[Any]:
    """The values at a simple JSONPath (fields, indexes, `[*]`, equality filters); nothing for any other path."""
    found, position = [obj], 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return []
        found = _follow(found, step)
        position = step.end()
    return found


def _follow(values: list[Any], step: re.Match[str]) -> list[Any]:
    name = step[1] or (step[2] or "").replace("\\", "")
    if name:
        return [v[name] for v in values if isinstance(v, dict) and name in v]
    lists = [v for v in values if isinstance(v, list)]
    if step[3] == "*":
        return [item for v in lists for item in v]
    if step[3]:
        return [v[int(step[3])] for v in lists if int(step[3]) < len(v)]
    return [item for v in lists for item in v if find(item, f".{step[4]}") == [step[5]]]


def _cell(declared: Obj) -> Any:
    path, kind = str(declared.get("jsonPath", "")), declared.get("type")

    def cell(obj: Obj, now: float) -> Any:
        values = find(obj, path)
        if not values:
            return UNKNOWN if kind == "date" else None
        value = values[0]
        if kind == "date":
            return since(value, now)
        if kind in ("integer", "number", "boolean"):
            return value if isinstance(value, bool | int | float) else None
        return ",".join(compact(v) for v in values)

    return cell


def columns_of(declared: list[Obj]) -> tuple[Column, ...]:
    """Name and the declared columns, or Name and Age."""
    if not declared:
        return (NAME, AGE)
    made = [
        Column(
            str(column.get("name", "")),
            _cell(column),
            int(column.get("priority") or 0),
            str(column.get("type", "string")),
            str(column.get("format", "")),
            str(column.get("description", "")),
        )
        for column in declared
    ]
    return (NAME, *made)
