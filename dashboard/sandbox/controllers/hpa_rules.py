"""How many replicas a load needs, and how fast they may come and go: pure decisions.

Source: `pkg/controller/podautoscaler/horizontal.go` and `replica_calculator.go`, Kubernetes 1.36. Times are seconds of
the imitated world.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox.controllers.meta import Obj, annotations_of, is_deleting, is_ready
from dashboard.sandbox.controllers.quantity import number

LOAD = "sandbox.reconcilerviz/cpu-load"
"""Annotation of a workload: CPU that all its Pods use together, in millicores (`900` or `900m`)."""

TOLERANCE = 0.1
DOWNSCALE_WINDOW = 300.0
"""Seconds for which a higher recommendation holds scaling down back."""

NO_METRICS_API = (
    "unable to fetch metrics from resource metrics API: the server could not find the requested resource "
    "(get pods.metrics.k8s.io)"
)
NO_METRICS = "no metrics returned from resource metrics API"

Ratio = Callable[[Mapping[str, float]], float]
Condition = tuple[str, str, str, str]
"""(type, status, reason, message)."""

STABILISED = {
    "down": (
        "ScaleDownStabilized",
        "recent recommendations were higher than current one, applying the highest recent recommendation",
    ),
    "up": (
        "ScaleUpStabilized",
        "recent recommendations were lower than current one, applying the lowest recent recommendation",
    ),
}
READY: Condition = ("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size")
WITHIN: Condition = (
    "ScalingLimited",
    "False",
    "DesiredWithinRange",
    "the desired count is within the acceptable range",
)
LIMITS = {
    "TooFewReplicas": "the desired replica count is less than the minimum replica count",
    "TooManyReplicas": "the desired replica count is more than the maximum replica count",
    "ScaleUpLimit": "the desired replica count is increasing faster than the maximum scale rate",
    "ScaleDownLimit": "the desired replica count is decreasing faster than the maximum scale rate",
}
DEFAULT_POLICIES: dict[str, tuple[Obj, ...]] = {
    "scaleUp": (
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ),
    "scaleDown": ({"type": "Percent", "value": 100, "periodSeconds": 15},),
}


class MetricError(Exception):
    """A metric cannot be had; the text is the API's. `reason` is the condition's."""

    def __init__(self, reason: str, message: str, prefix: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.prefix = prefix


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one metric asks for."""

    replicas: int
    name: str
    status: Obj
    """The entry of status.currentMetrics."""


def load_of(workload: Mapping[str, Any]) -> float | None:
    """Millicores that all Pods use together; None when the knob is not set or unreadable (no metrics)."""
    text = annotations_of(workload).get(LOAD, "").strip().removesuffix("m")
    return float(text) if text.replace(".", "", 1).isdigit() else None


def usage(load: float | None, pods: Sequence[Obj]) -> dict[str, float]:
    """Millicores of each Pod by name: the load is spread over the ready ones, the others do nothing."""
    serving = [pod["metadata"]["name"] for pod in pods if is_ready(pod) and not is_deleting(pod)]
    return {name: (load or 0.0) / len(serving) for name in serving}


def requested(pods: Iterable[Obj], resource: str) -> dict[str, float]:
    """Each Pod's request in milli-units. Raises MetricError for a container without one."""
    out = {}
    for pod in pods:
        total = 0.0
        for container in pod["spec"]["containers"]:
            asked = ((container.get("resources") or {}).get("requests") or {}).get(resource)
            if asked is None:
                text = (
                    f"missing request for {resource} in container {container['name']} of Pod {pod['metadata']['name']}"
                )
                raise MetricError("FailedGetResourceMetric", text, f"failed to get {resource} utilization")
            total += number(asked) * 1000
        out[pod["metadata"]["name"]] = total
    return out


def propose(metric: Mapping[str, Any], current: int, pods: Sequence[Obj], load: float | None) -> Proposal:
    """Replicas for one metric. Raises MetricError."""
    kind = metric.get("type", "")
    if kind != "Resource" or not metric.get("resource"):
        prefix = f"failed to get {kind.lower()} metric value"
        raise MetricError(f"FailedGet{kind}Metric", "unable to fetch metrics from custom metrics API", prefix)
    resource, target = metric["resource"]["name"], metric["resource"]["target"]
    by_share = target.get("averageUtilization") is not None
    prefix = f"failed to get {resource} {'utilization' if by_share else 'usage'}"
    if resource != "cpu" or load is None:
        said = f"unable to get metrics for resource {resource}: {NO_METRICS_API}"
        raise MetricError("FailedGetResourceMetric", said, prefix)
    alive = [pod for pod in pods if not is_deleting(pod) and pod["status"].get("phase") not in ("Failed", "Succeeded")]
    used = usage(load, alive)
    if not used:
        raise MetricError("FailedGetResourceMetric", f"unable to get metrics for resource cpu: {NO_METRICS}", prefix)
    wants = requested(alive, resource) if by_share else {}
    average = int(sum(used.values()) / len(used))
    shown: Obj = {"averageValue": f"{average}m"}
    if by_share:
        percent = int(sum(used.values()) * 100 / sum(wants[name] for name in used))
        shown = {"averageUtilization": percent} | shown
    replicas = _replicas(current, used, len(alive) - len(used), _ratio(target, wants))
    name = f"{resource} resource utilization (percentage of request)" if by_share else f"{resource} resource"
    return Proposal(replicas, name, {"type": "Resource", "resource": {"name": resource, "current": shown}})


def _ratio(target: Mapping[str, Any], wants: Mapping[str, float]) -> Ratio:
    """A function from usage by Pod to usage ÷ target."""

    def by_share(used: Mapping[str, float]) -> float:
        return int(sum(used.values()) * 100 / sum(wants[name] for name in used)) / float(target["averageUtilization"])

    def by_value(used: Mapping[str, float]) -> float:
        return sum(used.values()) / len(used) / (number(target["averageValue"]) * 1000)

    return by_share if target.get("averageUtilization") is not None else by_value


def _replicas(current: int, used: dict[str, float], unready: int, ratio: Ratio) -> int:
    """ceil(ratio × ready Pods), unless the difference is within the tolerance; unready Pods dampen scaling up."""
    first = ratio(used)
    if not (unready and first > 1.0):
        return current if _is_within(first) else math.ceil(first * len(used))
    # Pods that are not ready yet count as using nothing: the ratio falls in proportion.
    again = first * len(used) / (len(used) + unready)
    if _is_within(again) or again < 1.0:
        return current
    return max(current, math.ceil(again * (len(used) + unready)))


def _is_within(ratio: float) -> bool:
    return 1.0 - TOLERANCE <= ratio <= 1.0 + TOLERANCE


def stabilise(
    behaviour: Mapping[str, Any] | None, current: int, desired: int, history: Sequence[tuple[float, int]]
) -> tuple[int, Condition]:
    """The recommendation after looking back; `history` holds (seconds ago, recommendation)."""
    down_window = _window(behaviour, "scaleDown", DOWNSCALE_WINDOW)
    highest = max([desired, *(value for ago, value in history if ago < down_window)])
    if behaviour is None:
        chosen, direction = highest, "down"
    else:
        lowest = min([desired, *(value for ago, value in history if ago < _window(behaviour, "scaleUp", 0.0))])
        chosen = min(max(current, lowest), highest)
        direction = "up" if desired >= current else "down"
    if chosen == desired:
        return chosen, READY
    return chosen, ("AbleToScale", "True", *STABILISED[direction])


def _window(behaviour: Mapping[str, Any] | None, side: str, default: float) -> float:
    value = ((behaviour or {}).get(side) or {}).get("stabilizationWindowSeconds")
    return default if value is None else float(value)


def limit(
    hpa: Mapping[str, Any], current: int, desired: int, events: Sequence[tuple[float, int]] = ()
) -> tuple[int, Condition]:
    """The size within min, max and the scaling rate; `events` holds (seconds ago, replicas added or removed < 0)."""
    spec = hpa["spec"]
    least, most = int(spec.get("minReplicas") or 1), int(spec["maxReplicas"])
    behaviour = spec.get("behavior")
    top, why_top = most, "TooManyReplicas"
    bottom, why_bottom = least, "TooFewReplicas"
    if behaviour is None:
        fastest = max(2 * current, 4)
    else:
        fastest = max(current, _rate(behaviour, "scaleUp", current, events))
        slowest = min(current, _rate(behaviour, "scaleDown", current, events))
        if desired < current and slowest > least:
            bottom, why_bottom = slowest, "ScaleDownLimit"
    if most > fastest:
        top, why_top = fastest, "ScaleUpLimit"
    if desired < bottom:
        return bottom, ("ScalingLimited", "True", why_bottom, LIMITS[why_bottom])
    if desired > top:
        return top, ("ScalingLimited", "True", why_top, LIMITS[why_top])
    return desired, WITHIN


def _rate(behaviour: Mapping[str, Any], side: str, current: int, events: Sequence[tuple[float, int]]) -> int:
    """The size that the policies of one side allow now (calculateScale…LimitWithScalingRules)."""
    rules = behaviour.get(side) or {}
    choice = rules.get("selectPolicy") or "Max"
    if choice == "Disabled":
        return current
    sign = 1 if side == "scaleUp" else -1
    sizes = []
    for policy in rules.get("policies") or DEFAULT_POLICIES[side]:
        changed = sum(by for ago, by in events if ago < float(policy["periodSeconds"]) and by * sign > 0)
        start = current - changed
        if policy["type"] == "Pods":
            sizes.append(start + sign * int(policy["value"]))
        elif sign > 0:
            sizes.append(math.ceil(start * (1 + int(policy["value"]) / 100)))
        else:
            sizes.append(math.floor(start * (1 - int(policy["value"]) / 100)))
    # Max means most change: the largest size on the way up, the smallest on the way down.
    return max(sizes) if (choice == "Max") == (sign > 0) else min(sizes)
