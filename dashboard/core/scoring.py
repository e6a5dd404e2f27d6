"""Agreement with published verdicts: what `score` counts."""

from __future__ import annotations

from typing import Any

from dashboard.core.objects import timestamp


def latest(value: Any) -> float | None:
    """The latest RFC 3339 time anywhere in a JSON value, Unix seconds; None where there is none."""
    best: float | None = None
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
        else:
            moment = timestamp(item) if isinstance(item, str) and 20 <= len(item) <= 40 else None
            if moment is not None and (best is None or moment > best):
                best = moment
    return best
