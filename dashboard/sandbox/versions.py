"""Two APIs over one stored object: events.k8s.io ↔ core Events, autoscaling/v1 ↔ v2 autoscalers."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.registry import Resource

Obj = dict[str, Any]

_EVENT = (
    ("note", "message"),
    ("regarding", "involvedObject"),
    ("reportingController", "reportingComponent"),
    ("deprecatedCount", "count"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedSource", "source"),
)


def from_stored(resource: Resource, obj: Obj) -> Obj:
    """A stored object as the resource's version shows it (the same object where nothing differs)."""
    if resource.group == "events.k8s.io":
        return _renamed(obj, resource, {stored: shown for shown, stored in _EVENT})
    if (resource.group, resource.version) == ("autoscaling", "v1"):
        return _autoscaler_v1(obj)
    if resource.custom is not None and obj.get("apiVersion") != resource.api_version:
        return {**obj, "apiVersion": resource.api_version}
    return obj


def to_stored(resource: Resource, obj: Obj) -> Obj:
    """An object of the resource's version as it is stored."""
    if resource.group == "events.k8s.io":
        stored = _renamed(obj, resource, dict(_EVENT))
        stored["apiVersion"] = "v1"
        return stored
    if (resource.group, resource.version) == ("autoscaling", "v1"):
        return _autoscaler_v2(obj)
    return obj


def _renamed(obj: Obj, resource: Resource, names: dict[str, str]) -> Obj:
    out = {names.get(key, key): value for key, value in obj.items()}
    out["apiVersion"] = resource.api_version
    return out


def _autoscaler_v1(obj: Obj) -> Obj:
    spec = {k: v for k, v in obj.get("spec", {}).items() if k in ("scaleTargetRef", "minReplicas", "maxReplicas")}
    for metric in obj.get("spec", {}).get("metrics") or ():
        resource = metric.get("resource") or {}
        if resource.get("name") == "cpu" and "averageUtilization" in (resource.get("target") or {}):
            spec["targetCPUUtilizationPercentage"] = resource["target"]["averageUtilization"]
    status = obj.get("status", {})
    shown: Obj = {"currentReplicas": 0, "desiredReplicas": 0}
    shown |= {
        k: v
        for k, v in status.items()
        if k in ("observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas")
    }
    return {**obj, "apiVersion": "autoscaling/v1", "spec": spec, "status": shown}


def _autoscaler_v2(obj: Obj) -> Obj:
    spec = dict(obj.get("spec") or {})
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    return {**obj, "apiVersion": "autoscaling/v2", "spec": spec}
