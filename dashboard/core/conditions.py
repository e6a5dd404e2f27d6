"""Conditions of any object, read once: a list of them, a map of them, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from dashboard.core.objects import text, timestamp
from dashboard.core.words import Sense, sense

LARGEST = 2**63
"""Integers of the API have 64 bits; Python refuses to print much larger ones."""

READ_AT_MOST = 1000
"""Conditions beyond this many are not read: no controller writes them, and reading must stay linear and short."""


class Condition(NamedTuple):
    """One condition. `status` is "True", "False", "Unknown" or ""; `changed` the raw transition time."""

    type: str
    status: str
    reason: str
    message: str
    severity: str
    changed: Any
    generation: int | None

    @property
    def since(self) -> float | None:
        """When it last changed, Unix seconds; None where the API does not say."""
        return timestamp(self.changed)


def is_count(value: Any) -> TypeGuard[int]:
    """Whether a value is an integer as the API has them; booleans and what exceeds 64 bits are not."""
    return type(value) is int and -LARGEST <= value < LARGEST


def read_conditions(status: Mapping[str, Any]) -> tuple[Condition, ...]:
    """The conditions of a status, in the object's order. Malformed entries are left out, never an error."""
    raw = status.get("conditions")
    if isinstance(raw, list):
        return tuple(_condition(entry) for entry in raw[:READ_AT_MOST] if isinstance(entry, dict))
    if isinstance(raw, Mapping):
        named = list(raw.items())[:READ_AT_MOST]
        return tuple(_condition({"type": name, **entry}) for name, entry in named if isinstance(entry, dict))
    return ()


def read_one(status: Mapping[str, Any], type_: str) -> Condition | None:
    """The first condition of this type, without reading the others: most rules ask for two of a Pod's six."""
    raw = status.get("conditions")
    if not isinstance(raw, list):
        return find(read_conditions(status), type_)
    for entry in raw[:READ_AT_MOST] if len(raw) > READ_AT_MOST else raw:
        if isinstance(entry, dict) and entry.get("type") == type_:
            return _condition(entry)
    return None


def find(conditions: tuple[Condition, ...], type_: str) -> Condition | None:
    """The first condition of this type, or None."""
    for condition in conditions:
        if condition.type == type_:
            return condition
    return None


def nested_conditions(status: Mapping[str, Any], *, lists_only: bool) -> Iterator[tuple[Condition, ...]]:
    """Conditions one level down: of mappings (`conditionedStatus`) and of lists (`parents`, `listeners`)."""
    for value in status.values():
        if isinstance(value, Mapping) and not lists_only:
            yield from _mapped(value, 0)
        elif isinstance(value, list):
            for entry in value[:200]:
                if isinstance(entry, Mapping) and "conditions" in entry:
                    yield read_conditions(entry)


def _mapped(value: Mapping[str, Any], depth: int) -> Iterator[tuple[Condition, ...]]:
    """Conditions of a mapping, else those of the mappings in it: a data centre, and the cluster in that."""
    found = read_conditions(value) or (() if depth else _spelled_out(value))
    if found:
        yield found
    elif depth < 2:
        for inner in list(value.values())[:20]:
            if isinstance(inner, Mapping):
                yield from _mapped(inner, depth + 1)


def _spelled_out(value: Mapping[str, Any]) -> tuple[Condition, ...]:
    """One condition whose fields carry a prefix: `nodeConditionType`, `nodeConditionStatus`."""
    for name in value:
        if isinstance(name, str) and name.endswith("ConditionType"):
            status = value.get(name[:-4] + "Status")
            entry = {**value, "type": value[name], "status": status}
            return read_conditions({"conditions": [entry]})
    return ()


def _condition(entry: Mapping[str, Any]) -> Condition:
    get = entry.get
    generation, status = get("observedGeneration"), get("status")
    return Condition(
        text(get("type")),
        _status(get("state") if status is None else status),
        text(get("reason")),
        text(get("message")),
        text(get("severity")),
        get("lastTransitionTime") or get("lastUpdateTime"),
        generation if is_count(generation) else None,
    )


def _status(value: Any) -> str:
    if value in ("True", "False"):
        return str(value)
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, str):
        lowered = value.lower()
        if lowered in ("true", "false", "unknown"):
            return lowered.capitalize()
        told = sense(value)
        return "True" if told is Sense.GOOD else "False" if told is Sense.BAD else "Unknown" if told else ""
    return ""
