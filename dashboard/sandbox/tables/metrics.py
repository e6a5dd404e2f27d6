"""Columns of metrics.k8s.io, as metrics-server has them: usage of CPU, memory, and over which window."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.amounts import amount, written
from dashboard.sandbox.tables.cells import NAME_TEXT, Column

Obj = dict[str, Any]


def _usage(obj: Obj, name: str) -> str:
    parts = obj.get("containers") or [obj]
    total = sum((amount(part["usage"][name]) for part in parts), start=amount("0"))
    return written(total, binary=name == "memory")


METRICS = (
    Column("Name", lambda o, _: o["metadata"]["name"], format="name", description=NAME_TEXT),
    Column("cpu", lambda o, _: _usage(o, "cpu"), format="quantity"),
    Column("memory", lambda o, _: _usage(o, "memory"), format="quantity"),
    Column("Window", lambda o, _: o["window"], format="duration"),
)
