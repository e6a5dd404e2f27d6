"""HorizontalPodAutoscaler: its conditions say whether it may and can scale, its counts whether it has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.core.conditions import Condition, find, read_conditions
from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import field, text
from dashboard.core.subject import Finding, Subject, as_count, as_list, as_mapping

CONDITIONS_ANNOTATION = "autoscaling.alpha.kubernetes.io/conditions"
"""Where autoscaling/v1 carries what v2 has in its status."""

TOLERANCE = 1.1
"""The controller leaves a metric alone within 10 % of its target (`--horizontal-pod-autoscaler-tolerance`)."""


def hpa(subject: Subject) -> Finding:
    """Conditions of https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ and gitops-engine.

    A condition False for a reason that failed is stalled; before the first `AbleToScale` nothing is known. At
    its maximum with a metric still above the target it cannot close its gap: stalled.
    """
    conditions = subject.conditions or _annotated(subject)
    for each in conditions:
        if each.status == "False" and each.reason.startswith(("Failed", "Invalid")):
            return Finding(Verdict.STALLED, each.reason, Cause(_sentence(each), reason=each.reason), each.since)
    active = find(conditions, "ScalingActive")
    if active is not None and active.status == "False" and active.reason == "ScalingDisabled":
        return Finding(Verdict.CONVERGED, active.reason, since=active.since)  # its target is scaled to 0 by hand
    able = find(conditions, "AbleToScale")
    if able is None:
        return Finding(Verdict.CONVERGING, "NoMetricsYet", Cause("its metrics have not been read yet"), subject.created)
    if able.status != "True":
        return Finding(
            Verdict.CONVERGING, able.reason or "NotAbleToScale", Cause(able.message, reason=able.reason), able.since
        )
    current, wanted = subject.count("currentReplicas"), subject.count("desiredReplicas")
    if current != wanted:
        return Finding(Verdict.CONVERGING, "Scaling", Cause(f"scaling {current} → {wanted}"))
    limited = find(conditions, "ScalingLimited")
    if limited is not None and limited.status == "True" and limited.reason == "TooManyReplicas":
        over = next(_above_target(subject), "")
        if over:
            most = as_count(subject.spec.get("maxReplicas"))
            cause = Cause(f"{over}, but it is at its maximum of {most}", reason=limited.reason)
            return Finding(Verdict.STALLED, limited.reason, cause, limited.since)
    return Finding(Verdict.CONVERGED, able.reason or "AbleToScale", since=able.since)


def _annotated(subject: Subject) -> tuple[Condition, ...]:
    raw = field(subject.meta, "annotations")
    value = as_mapping(raw).get(CONDITIONS_ANNOTATION)
    if not isinstance(value, str) or len(value) > 20_000:
        return ()
    try:
        return read_conditions({"conditions": json.loads(value)})
    except (ValueError, RecursionError):
        return ()  # an annotation is anybody's text: what is no JSON says nothing


def _sentence(condition: Condition) -> str:
    if "Metric" in condition.reason:
        return f"no metrics: {condition.message or condition.reason}"
    return condition.message or condition.reason


def _above_target(subject: Subject) -> Iterator[str]:
    """Metrics above their target, as `cpu 93 of 50 %`; only percentages, which need no unit."""
    wanted = {_name(entry): _percent(entry, "target") for entry in as_list(subject.spec.get("metrics"))}
    if "targetCPUUtilizationPercentage" in subject.spec:
        wanted["cpu"] = as_count(subject.spec.get("targetCPUUtilizationPercentage"))
    for entry in as_list(subject.status.get("currentMetrics")):
        name, now = _name(entry), _percent(entry, "current")
        target = wanted.get(name, 0)
        if target and now > target * TOLERANCE:
            yield f"{name} {now} of {target} %"


def _name(metric: Any) -> str:
    return text(field(metric, "resource.name")) if isinstance(metric, Mapping) else ""


def _percent(metric: Any, side: str) -> int:
    return as_count(field(metric, f"resource.{side}.averageUtilization"))
