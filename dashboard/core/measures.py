"""Gap bars of measures: an autoscaler's metrics, a claim's size, any two numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dashboard.core.model import Bar, Gap, Relative
from dashboard.core.objects import field, plain
from dashboard.core.quantities import quantity, short
from dashboard.core.subject import as_list, as_mapping

SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}
"""A metric's type and the field that holds it (autoscaling/v2 `MetricSpec`)."""

VALUES = ("averageUtilization", "averageValue", "value")
MOST_METRICS = 20


class Metric(NamedTuple):
    """One metric of an autoscaler: target and current value as the API has them, None where unknown."""

    name: str
    target: Any
    current: Any
    unit: str
    path: str

    @property
    def load(self) -> float:
        """current ÷ target, the larger the further from what is wanted; 0 where either is unknown."""
        want, have = quantity(self.target), quantity(self.current)
        return float(have / want) if want and have is not None else 0.0


def metrics(obj: Any) -> Iterator[Metric]:
    """An autoscaler's metrics in the order of its spec, each with what is measured (autoscaling/v2)."""
    current = [each for each in as_list(field(obj, "status.currentMetrics"))[:MOST_METRICS] if _part(each)]
    for at, entry in enumerate(as_list(field(obj, "spec.metrics"))[:MOST_METRICS]):
        part = _part(entry)
        if not part:
            continue
        name = _name(part)
        target = as_mapping(part.get("target"))
        kind = next((each for each in VALUES if target.get(each) is not None), None)
        if kind is None:
            continue
        found = next((each for each in current if _matches(entry, each)), None)
        measured = as_mapping(_part(found).get("current")) if found is not None else {}
        unit = "%" if kind == "averageUtilization" else ""
        source = SOURCES[entry["type"]]
        yield Metric(name, target.get(kind), measured.get(kind), unit, f"spec.metrics[{at}].{source}.target.{kind}")


def _part(entry: Any) -> Mapping[str, Any]:
    kind = field(entry, "type")
    return as_mapping(entry.get(SOURCES[kind])) if isinstance(kind, str) and kind in SOURCES else {}


def _name(part: Mapping[str, Any]) -> str:
    name = plain(part.get("name"), 60) or plain(field(part, "metric.name"), 60)
    container = plain(part.get("container"), 60)
    return f"{container} {name}" if container else name


def _matches(wanted: Mapping[str, Any], measured: Mapping[str, Any]) -> bool:
    one, other = _part(wanted), _part(measured)
    return (
        wanted.get("type") == measured.get("type")
        and _name(one) == _name(other)
        and one.get("describedObject") == other.get("describedObject")
        and _selector(one) == _selector(other)
    )


def _selector(part: Mapping[str, Any]) -> Any:
    return field(part, "metric.selector") or None


def shown(value: Any) -> str:
    """A quantity for a reader: `63`, `1.5`, `10Gi` as they are, `812m` as `0.812`, nothing measured as `?`."""
    if value is None:
        return "?"
    number = quantity(value)
    if isinstance(value, str) and (number is None or not value.endswith(("m", "u", "n"))):
        return plain(value, 20)
    return short(number) if number is not None else "?"


def autoscaler(obj: Mapping[str, Any], related: Sequence[Relative]) -> tuple[str, Bar | None] | None:
    """The metric that is furthest from its target: `cpu 63 of 50 %`; replicas where there is none."""
    del related
    found = list(metrics(obj))
    if not found:
        return _first_version(obj)
    worst = max(found, key=lambda each: each.load)
    want, have = quantity(worst.target), quantity(worst.current)
    said = f"{worst.name} {shown(worst.current)} of {shown(worst.target)}{' %' if worst.unit else ''}"
    if want is None:
        return said, None
    return said, Bar(float(want), float(have) if have is not None else 0.0, unit=worst.unit or "value")


def _first_version(obj: Any) -> tuple[str, Bar | None] | None:
    """autoscaling/v1: one CPU target, or only bounds."""
    want, have = field(obj, "spec.targetCPUUtilizationPercentage"), field(obj, "status.currentCPUUtilizationPercentage")
    if type(want) is int:
        bar = Bar(float(min(want, 10**9)), float(min(have, 10**9)) if type(have) is int else 0.0, unit="%")
        return f"cpu {shown(have)} of {shown(want)} %", bar
    wanted, there = field(obj, "status.desiredReplicas"), field(obj, "status.currentReplicas")
    if type(wanted) is int and type(there) is int:
        return f"{shown(there)} of {shown(wanted)} replicas", None
    return None


def claim(obj: Mapping[str, Any], related: Sequence[Relative]) -> tuple[str, Bar | None] | None:
    """A claim's size: `0 of 10Gi` until it is bound."""
    del related
    request, capacity = field(obj, "spec.resources.requests.storage"), field(obj, "status.capacity.storage")
    want, have = quantity(request), quantity(capacity)
    if want is None:
        return None
    bar = Bar(float(want), float(have) if have is not None else 0.0, unit="bytes")
    if have is not None and have >= want:
        return shown(capacity), bar
    return f"{shown(capacity) if capacity is not None else '0'} of {shown(request)}", bar


def bar_of(gap: Gap) -> Bar | None:
    """The bar of any gap between two numbers; None where they are none, or negative."""
    want, have = quantity(gap.desired), quantity(gap.observed)
    if want is None or have is None or want <= 0 or have < 0:
        return None
    return Bar(float(want), float(have), unit="value")
