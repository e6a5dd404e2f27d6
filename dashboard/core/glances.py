"""Desired against observed at a glance: one phrase and the gap bar, for each kind that has its own, and for any other.

To add a kind: write a function and put it into `GLANCES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from dashboard.core import measures
from dashboard.core.model import Assessment, Bar, Gap, Relative
from dashboard.core.objects import field, plain
from dashboard.core.podbars import containers_bar, pods_bar
from dashboard.core.subject import as_count, as_list, as_mapping

Glance = tuple[str, Bar | None]
MOST = 10**9
"""Counts beyond this are shown as this: a bar is no place for a hostile number."""


def reads_gaps(group: str, kind: str) -> bool:
    """Whether the phrase for this kind may come from the ledger, so that an assessment for it needs one."""
    return GLANCES.get((group, kind)) not in _OWN_WORDS


def glance(obj: Mapping[str, Any], assessment: Assessment, related: Sequence[Relative] = ()) -> Glance:
    """The phrase and the bar of an object; ("", None) where there is nothing to say."""
    kind = field(obj, "kind")
    rule = GLANCES.get((_group(obj), kind)) if isinstance(kind, str) else None
    found = rule(obj, related) if rule is not None else None
    return found if found is not None else _generic(obj, assessment.gaps)


def _group(obj: Mapping[str, Any]) -> str:
    version = field(obj, "apiVersion")
    return version.rpartition("/")[0] if isinstance(version, str) else ""


def _workload(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    """Deployment, ReplicaSet, StatefulSet: `6 of 8 ready`."""
    want, ready = _count(obj, "spec.replicas", 1), _count(obj, "status.readyReplicas")
    bar = pods_bar(obj, want, _count(obj, "status.replicas"), ready, related)
    if field(obj, "spec.paused") is True:
        return f"{ready} of {want}, paused", bar
    if want == 0 and bar.ready + bar.starting + bar.failing + bar.ending == 0:
        return "scaled to 0", bar
    return f"{ready} of {want} ready", bar


def _daemon_set(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    want, ready = _count(obj, "status.desiredNumberScheduled"), _count(obj, "status.numberReady")
    total = _count(obj, "status.currentNumberScheduled")
    return f"{ready} of {want} ready", pods_bar(obj, want, total, ready, related)


def _pod(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    """A Pod's containers: `1 of 2 ready`, or how it ended."""
    del related
    status = as_mapping(field(obj, "status"))
    phase = status.get("phase")
    bar = containers_bar(obj)
    if phase == "Succeeded":
        return "completed", bar
    if phase == "Failed":
        return plain(status.get("reason"), 60).lower() or "failed", bar
    return _containers_ready(bar.ready, bar.want), bar


@lru_cache(maxsize=1024)
def _containers_ready(ready: float, want: float) -> str:
    return f"{ready:.0f} of {want:.0f} ready"


def _job(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    """A Job's completions; without a number of them (a work queue), one success is enough."""
    del related
    want = _count(obj, "spec.completions", 1)
    done, active, failed = (_count(obj, f"status.{name}") for name in ("succeeded", "active", "failed"))
    over = any(
        field(each, "type") == "Failed" and field(each, "status") == "True"
        for each in as_list(field(obj, "status.conditions"))[:100]
    )
    bar = Bar(want, done, active, max(want - done, 0) if over else 0, _count(obj, "status.terminating"))
    said = f"{done} of {want} completed"
    if field(obj, "spec.suspend") is True:
        return f"{said}, suspended", bar
    return (f"{said}, {failed} failed", bar) if failed else (said, bar)


def _cron_job(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    del related
    schedule = plain(field(obj, "spec.schedule"), 60)
    active = len(as_list(field(obj, "status.active")))
    if field(obj, "spec.suspend") is True:
        return f"{schedule}, suspended", None
    return (f"{schedule}, {active} active", None) if active else (schedule, None)


def _node(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    del related
    ready = next(
        (field(each, "status") for each in as_list(field(obj, "status.conditions")) if field(each, "type") == "Ready"),
        None,
    )
    said = {"True": "ready", "False": "not ready"}.get(ready if isinstance(ready, str) else "", "not heard of")
    return (f"{said}, cordoned", None) if field(obj, "spec.unschedulable") is True else (said, None)


def _endpoints(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    del related
    found = as_list(field(obj, "endpoints"))
    ready = sum(1 for each in found if field(each, "conditions.ready", True) is not False)
    return f"{ready} of {len(found)} ready", Bar(len(found), ready, len(found) - ready)


def _service(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    """A Service's endpoints where its EndpointSlices are known, and a load balancer's address."""
    slices = [each for each in related if each.key.kind == "EndpointSlice"]
    parts = []
    bar = None
    if slices:
        total, ready = sum(each.replicas for each in slices), sum(each.ready for each in slices)
        parts.append(f"{ready} of {total} endpoints ready")
        bar = Bar(total, ready, total - ready)
    kind = field(obj, "spec.type")
    if kind == "ExternalName":
        return plain(field(obj, "spec.externalName"), 60), None
    if kind == "LoadBalancer":
        parts.append(_address(obj) or "no address")
    if not parts:
        parts.append("headless" if field(obj, "spec.clusterIP") == "None" else plain(kind, 40) or "ClusterIP")
    return ", ".join(parts), bar


def _ingress(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    del related
    return _address(obj) or "no address", None


def _address(obj: Mapping[str, Any]) -> str:
    for each in as_list(field(obj, "status.loadBalancer.ingress"))[:1]:
        return plain(field(each, "ip"), 60) or plain(field(each, "hostname"), 60)
    return ""


def _budget(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    del related
    want, healthy = _count(obj, "status.desiredHealthy"), _count(obj, "status.currentHealthy")
    allowed = _count(obj, "status.disruptionsAllowed")
    return f"{healthy} of {want} healthy, {allowed} may go", Bar(want, healthy)


def _namespace(obj: Mapping[str, Any], related: Sequence[Relative]) -> Glance:
    del related
    return plain(field(obj, "status.phase"), 40).lower(), None


def _generic(obj: Mapping[str, Any], gaps: Sequence[Gap]) -> Glance:
    """Replicas where there are any, else the first open gap, else the word that the status has for it."""
    want, ready = field(obj, "spec.replicas"), field(obj, "status.readyReplicas")
    if type(want) is int and type(ready) is int:
        want, ready = _bounded(want), _bounded(ready)
        total = max(_count(obj, "status.replicas"), ready)
        return f"{ready} of {want} ready", Bar(want, ready, total - ready)
    for gap in gaps:
        if gap.open and gap.field != "generation":
            return f"{gap.field} wants {said(gap.desired)}, has {said(gap.observed)}", measures.bar_of(gap)
    for name in ("phase", "state", "health"):
        word = field(obj, f"status.{name}")
        if isinstance(word, str):
            return plain(word, 60), None
    return "", None


def said(value: Any) -> str:
    """A value of a gap as one short word."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return plain(value, 40) or "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(str(value)[:200], 40)


def _count(obj: Any, path: str, default: int = 0) -> int:
    return _bounded(as_count(field(obj, path), default))


def _bounded(number: int) -> int:
    return max(0, min(number, MOST))


Rule = Callable[[Mapping[str, Any], Sequence[Relative]], Glance | None]

GLANCES: Mapping[tuple[str, str], Rule] = {
    ("", "Pod"): _pod,
    ("", "Node"): _node,
    ("", "Service"): _service,
    ("", "Namespace"): _namespace,
    ("", "PersistentVolumeClaim"): measures.claim,
    ("", "ReplicationController"): _workload,
    ("apps", "Deployment"): _workload,
    ("apps", "ReplicaSet"): _workload,
    ("apps", "StatefulSet"): _workload,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): measures.autoscaler,
    ("discovery.k8s.io", "EndpointSlice"): _endpoints,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("policy", "PodDisruptionBudget"): _budget,
}

_OWN_WORDS = frozenset(
    {_pod, _node, _service, _namespace, _workload, _daemon_set, _job, _cron_job, _endpoints, _budget}
)
"""Rules that always have something to say."""
