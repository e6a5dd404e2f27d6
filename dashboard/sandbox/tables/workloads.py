"""Workloads as table rows (from kube-apiserver's internal printers)."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.tables.cells import AGE, NAME, NONE, UNKNOWN, Column, containers, dig, field, human, moment
from dashboard.sandbox.tables.cells import selector as selector_text

Obj = dict[str, Any]

TEMPLATE = "spec.template.spec"


def _count(path: str) -> Any:
    return field(path, 0)


def _selector(path: str = "spec.selector") -> Column:
    return Column(
        "Selector",
        lambda obj, now: selector_text(dig(obj, path)),
        1,
        description="Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones "
        "affected by this deployment. It must match the pod template's labels.",
    )


def _of(ready: str, wanted: str) -> Any:
    return lambda obj, now: f"{dig(obj, ready, 0)}/{dig(obj, wanted, 0)}"


def _integer(name: str, path: str, priority: int = 0) -> Column:
    return Column(name, _count(path), priority, type="integer")


DEPLOYMENT = (
    NAME,
    Column("Ready", _of("status.readyReplicas", "spec.replicas"), description="Number of the pod with ready state"),
    Column(
        "Up-to-date",
        _count("status.updatedReplicas"),
        description="Total number of non-terminating pods targeted by this deployment that have the desired template "
        "spec.",
    ),
    Column(
        "Available",
        _count("status.availableReplicas"),
        description="Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by "
        "this deployment.",
    ),
    AGE,
    *containers(TEMPLATE),
    _selector(),
)

REPLICA_SET = (
    NAME,
    _integer("Desired", "spec.replicas"),
    _integer("Current", "status.replicas"),
    _integer("Ready", "status.readyReplicas"),
    AGE,
    *containers(TEMPLATE),
    _selector(),
)

STATEFUL_SET = (NAME, Column("Ready", _of("status.readyReplicas", "spec.replicas")), AGE, *containers(TEMPLATE))

DAEMON_SET = (
    NAME,
    _integer("Desired", "status.desiredNumberScheduled"),
    _integer("Current", "status.currentNumberScheduled"),
    _integer("Ready", "status.numberReady"),
    _integer("Up-to-date", "status.updatedNumberScheduled"),
    _integer("Available", "status.numberAvailable"),
    Column("Node Selector", lambda obj, now: selector_text(dig(obj, f"{TEMPLATE}.nodeSelector", {}))),
    AGE,
    *containers(TEMPLATE),
    _selector(),
)


def _job_status(job: Obj, now: float) -> str:
    true = {c.get("type") for c in dig(job, "status.conditions", []) if c.get("status") == "True"}
    for kind, word in (
        ("Complete", "Complete"),
        ("Failed", "Failed"),
        ("Suspended", "Suspended"),
        ("FailureTarget", "FailureTarget"),
        ("SuccessCriteriaMet", "SuccessCriteriaMet"),
    ):
        if kind in true:
            return word
    return "Terminating" if job["metadata"].get("deletionTimestamp") else "Running"


def _completions(job: Obj, now: float) -> str:
    succeeded, parallel = dig(job, "status.succeeded", 0), dig(job, "spec.parallelism", 0)
    wanted = dig(job, "spec.completions")
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    return f"{succeeded}/1 of {parallel}" if parallel > 1 else f"{succeeded}/1"


def _duration(job: Obj, now: float) -> str:
    start = moment(dig(job, "status.startTime"))
    if start is None:
        return ""
    end = moment(dig(job, "status.completionTime"))
    return human((now if end is None else end) - start)


JOB = (
    NAME,
    Column("Status", _job_status),
    Column("Completions", _completions),
    Column("Duration", _duration),
    AGE,
    *containers(TEMPLATE),
    _selector(),
)


def _last(cron: Obj, now: float) -> str:
    at = moment(dig(cron, "status.lastScheduleTime"))
    return NONE if at is None else human(now - at)


CRON_JOB = (
    NAME,
    Column("Schedule", field("spec.schedule")),
    Column("Timezone", field("spec.timeZone", NONE)),
    Column("Suspend", lambda obj, now: str(bool(dig(obj, "spec.suspend", False)))),
    Column("Active", lambda obj, now: len(dig(obj, "status.active", [])), type="integer"),
    Column("Last Schedule", _last),
    AGE,
    *containers(f"spec.jobTemplate.{TEMPLATE}"),
    _selector("spec.jobTemplate.spec.selector"),
)


def _reference(hpa: Obj, now: float) -> str:
    return f"{dig(hpa, 'spec.scaleTargetRef.kind', '')}/{dig(hpa, 'spec.scaleTargetRef.name', '')}"


def _targets(hpa: Obj, now: float) -> str:
    metrics = dig(hpa, "spec.metrics", [])
    current = {dig(m, "resource.name"): dig(m, "resource.current", {}) for m in dig(hpa, "status.currentMetrics", [])}
    texts = [_target(metric, current) for metric in metrics[:2]]
    more = f" + {len(metrics) - 2} more..." if len(metrics) > 2 else ""
    return (", ".join(texts) + more) or NONE


def _target(metric: Obj, current: dict[Any, Obj]) -> str:
    name = dig(metric, "resource.name")
    if name is None:
        return f"{UNKNOWN}/{UNKNOWN}"
    wanted, has = dig(metric, "resource.target", {}), current.get(name, {})
    if wanted.get("averageValue") is not None:
        return f"{name}: {has.get('averageValue', UNKNOWN)}/{wanted['averageValue']}"
    used = has.get("averageUtilization")
    shown = UNKNOWN if used is None else f"{used}%"
    limit = wanted.get("averageUtilization")
    return f"{name}: {shown}/{'<auto>' if limit is None else f'{limit}%'}"


AUTOSCALER = (
    NAME,
    Column("Reference", _reference),
    Column("Targets", _targets),
    Column("MinPods", lambda obj, now: str(dig(obj, "spec.minReplicas", "<unset>"))),
    Column("MaxPods", field("spec.maxReplicas", 0)),
    Column("Replicas", field("status.currentReplicas", 0)),
    AGE,
)

BUDGET = (
    NAME,
    Column("Min Available", lambda obj, now: str(dig(obj, "spec.minAvailable", "N/A"))),
    Column("Max Unavailable", lambda obj, now: str(dig(obj, "spec.maxUnavailable", "N/A"))),
    _integer("Allowed Disruptions", "status.disruptionsAllowed"),
    AGE,
)


def _controller(obj: Obj, now: float) -> str:
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            group = str(owner.get("apiVersion", "")).rpartition("/")[0]
            kind = str(owner.get("kind", "")).lower()
            return f"{kind}.{group}/{owner.get('name')}" if group else f"{kind}/{owner.get('name')}"
    return NONE


REVISION = (NAME, Column("Controller", _controller), _integer("Revision", "revision"), AGE)
