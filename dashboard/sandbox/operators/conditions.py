"""Conditions as the API conventions want them: one per type, its time that of the last change of its status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """What an operator says of one aspect: `holds` True, False, or None for not known."""

    type: str
    holds: bool | None
    reason: str
    message: str


def merged(obj: dict[str, Any], *said: Condition) -> list[dict[str, Any]]:
    """The object's conditions with `said` in place of their predecessors; others stay as they are."""
    known = {each["type"]: each for each in (obj.get("status") or {}).get("conditions") or []}
    generation = obj["metadata"].get("generation", 0)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for each in said:
        status = {True: "True", False: "False", None: "Unknown"}[each.holds]
        before = known.get(each.type, {})
        known[each.type] = {
            "type": each.type,
            "status": status,
            "reason": each.reason,
            "message": each.message,
            "observedGeneration": generation,
            "lastTransitionTime": before["lastTransitionTime"] if before.get("status") == status else now,
        }
    return [known[type] for type in sorted(known)]


def is_true(obj: dict[str, Any], type: str) -> bool:
    """Whether the object says that this condition holds."""
    conditions = (obj.get("status") or {}).get("conditions") or []
    return any(each.get("type") == type and each.get("status") == "True" for each in conditions)
