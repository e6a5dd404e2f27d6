"""Pairs for any kind."""

from __future__ import annotations

from dashboard.core.sheet import Sheet


def answers(sheet: Sheet) -> None:
    """Replicas for now."""
    want = sheet.spec.get("replicas")
    for name in ("updatedReplicas", "readyReplicas", "availableReplicas"):
        has = sheet.status.get(name)
        if type(want) is int and type(has) is int:
            sheet.add(f"replicas · {name.removesuffix('Replicas')}", "spec.replicas", want, has, want != has)
