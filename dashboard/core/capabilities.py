"""What may be done to an object at all, by its kind and its state; whether one may is the API's word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.core.objects import field

WORKLOADS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"})
RESTARTED = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
BUILT_IN = ("apps", "batch", "autoscaling", "policy", "")


def can(obj: Any) -> tuple[str, ...]:
    """Which of scale, image, pause, resume, restart, rollback and delete make sense for this object now.

    Pause or resume, whichever changes something. A Deployment that is paused can neither restart nor roll back
    (`kubectl rollout` refuses both). Nothing can be done to an object that is being deleted.
    """
    if not isinstance(obj, dict) or field(obj, "metadata.deletionTimestamp"):
        return ()
    kind, group = _kind(obj)
    found = []
    if type(field(obj, "spec.replicas")) is int and kind != "HorizontalPodAutoscaler":
        found.append("scale")
    if _has_images(obj, group, kind):
        found.append("image")
    holding = holding_field(obj)
    held = bool(holding) and field(obj, f"spec.{holding}") is True
    if holding:
        found.append("resume" if held else "pause")
    if group == "apps" and kind in RESTARTED and not held:
        found.append("restart")
        if kind == "Deployment":
            found.append("rollback")
    if (group, kind) == ("", "Pod"):
        found.append("delete")
    return tuple(found)


def _kind(obj: Mapping[str, Any]) -> tuple[str, str]:
    version = field(obj, "apiVersion")
    return str(field(obj, "kind", "")), version.rpartition("/")[0] if isinstance(version, str) else ""


def _has_images(obj: Mapping[str, Any], group: str, kind: str) -> bool:
    """Images that may be changed: of Pods, and of templates except a Job's, which is immutable."""
    if group == "batch" or not isinstance(field(obj, f"{containers_path(obj)}.containers"), list):
        return False
    return (group, kind) == ("", "Pod") or (group in ("", "apps") and kind in WORKLOADS) or group not in BUILT_IN


def containers_path(obj: Any) -> str:
    """Where the containers stand: `spec` of a Pod, `spec.template.spec` of anything with a template."""
    return "spec" if field(obj, "kind") == "Pod" else "spec.template.spec"


def holding_field(obj: Any) -> str:
    """The field of the spec that holds its loop still, "" where it has none.

    Deployments pause, Jobs and CronJobs suspend; a custom object must already carry the field, since its schema
    is not at hand here.
    """
    kind, group = _kind(obj)
    if (group, kind) == ("apps", "Deployment"):
        return "paused"
    if group == "batch" and kind in ("Job", "CronJob"):
        return "" if _is_over(obj) else "suspend"
    if group not in BUILT_IN:
        return next((name for name in ("paused", "suspend") if isinstance(field(obj, f"spec.{name}"), bool)), "")
    return ""


def _is_over(obj: Any) -> bool:
    conditions = field(obj, "status.conditions", [])
    return isinstance(conditions, list) and any(
        field(each, "type") in ("Complete", "Failed") and field(each, "status") == "True" for each in conditions[:100]
    )
