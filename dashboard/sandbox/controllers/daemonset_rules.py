"""Which nodes a DaemonSet wants Pods on, and which of its Pods an update takes: pure decisions.

Source: `pkg/controller/daemon/daemon_controller.go`, `update.go` and `util/daemonset_util.go`, Kubernetes 1.36.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.sandbox.controllers.children import new_pod, scaled
from dashboard.sandbox.controllers.meta import (
    Obj,
    annotations_of,
    by_creation,
    is_deleting,
    is_finished,
    is_ready,
    labels_of,
)
from dashboard.sandbox.controllers.revisions import HASH
from dashboard.sandbox.controllers.scheduler_rules import matches_node, tolerates

GENERATION = "deprecated.daemonset.template.generation"
POD_GENERATION = "pod-template-generation"

ADDED_TOLERATIONS = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)

Available = Callable[[Obj], bool]


@dataclass(slots=True)
class Changes:
    """Pods to delete, and names of nodes on which to create one."""

    delete: list[Obj] = field(default_factory=list)
    create: list[str] = field(default_factory=list)
    failed: list[Obj] = field(default_factory=list)
    """Those of `delete` that had ended by themselves."""


def pod_for(daemon: Obj, node: str, digest: str) -> Obj:
    """The Pod for one node: bound to it by an affinity on the field metadata.name, as upstream does."""
    pod = new_pod(daemon, daemon["spec"]["template"])
    generation = annotations_of(daemon).get(GENERATION)
    labels = labels_of(pod) | {HASH: digest}
    pod["metadata"]["labels"] = labels | ({POD_GENERATION: generation} if generation else {})
    spec = pod["spec"]
    affinity = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})
    field_term = {"key": "metadata.name", "operator": "In", "values": [node]}
    affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": [{"matchFields": [field_term]}]}
    spec["tolerations"] = tolerations(spec)
    return pod


def tolerations(spec: Mapping[str, Any]) -> list[Obj]:
    """The template's tolerations and those that every daemon has."""
    given = copy.deepcopy(list(spec.get("tolerations") or ()))
    added = list(ADDED_TOLERATIONS)
    if spec.get("hostNetwork"):
        added.append(("node.kubernetes.io/network-unavailable", "NoSchedule"))
    taken = {(t.get("key"), t.get("effect")) for t in given}
    return given + [{"key": k, "operator": "Exists", "effect": e} for k, e in added if (k, e) not in taken]


def placement(daemon: Obj, node: Obj) -> tuple[bool, bool]:
    """(a Pod should start on the node, a running one may stay) (NodeShouldRunDaemonPod)."""
    spec = daemon["spec"]["template"]["spec"]
    if spec.get("nodeName") and spec["nodeName"] != node["metadata"]["name"]:
        return False, False
    if not matches_node({"spec": spec}, node):
        return False, False
    pod = {"spec": {"tolerations": tolerations(spec)}}
    effects = {t["effect"] for t in (node.get("spec") or {}).get("taints") or () if not tolerates(pod, t)}
    if effects & {"NoSchedule", "NoExecute"}:
        return False, "NoExecute" not in effects
    return True, True


def target_of(pod: Mapping[str, Any]) -> str:
    """The node that the Pod is on, or is meant for while it is not scheduled."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for entry in term.get("matchFields") or ():
            if entry.get("key") == "metadata.name" and len(entry.get("values") or ()) == 1:
                return str(entry["values"][0])
    return ""


def by_node(pods: Iterable[Obj]) -> dict[str, list[Obj]]:
    """The Pods of each node; those that have ended and are being deleted no longer count."""
    out: dict[str, list[Obj]] = {}
    for pod in pods:
        if not (is_finished(pod) and is_deleting(pod)):
            out.setdefault(target_of(pod), []).append(pod)
    return out


def most(daemon: Mapping[str, Any], desired: int) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) as numbers; both 0 would never move, so then (0, 1)."""
    rolling = (daemon["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    surge = scaled(rolling.get("maxSurge"), desired, up=True)
    unavailable = scaled(rolling.get("maxUnavailable", 1), desired, up=True)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def manage(
    daemon: Obj, nodes: Sequence[Obj], pods: Mapping[str, list[Obj]], digest: str, available: Available
) -> Changes:
    """Pods that nodes lack, and Pods that nodes should not have (podsShouldBeOnNode)."""
    changes = Changes()
    surging = most(daemon, len(nodes))[0] > 0
    for node in nodes:
        name = node["metadata"]["name"]
        here = pods.get(name, [])
        start, stay = placement(daemon, node)
        if start and not here:
            changes.create.append(name)
        elif not stay:
            changes.delete += [pod for pod in here if not is_deleting(pod)]
        else:
            _tidy(changes, here, digest, available, surging=surging)
    known = {node["metadata"]["name"] for node in nodes}
    for name, here in pods.items():
        if name not in known:
            changes.delete += [p for p in here if not is_deleting(p) and not p["spec"].get("nodeName")]
    return changes


def _tidy(changes: Changes, here: Iterable[Obj], digest: str, available: Available, *, surging: bool) -> None:
    """On a node that wants one: Pods that have ended go, and so do doubles, the oldest staying."""
    live = [pod for pod in here if not is_deleting(pod)]
    ended = [pod for pod in live if is_finished(pod)]
    changes.failed += ended
    changes.delete += ended
    running = by_creation(pod for pod in live if not is_finished(pod))
    if not surging:
        changes.delete += running[1:]
        return
    old = [pod for pod in running if labels_of(pod).get(HASH) != digest]
    new = [pod for pod in running if labels_of(pod).get(HASH) == digest]
    changes.delete += old[1:] + new[1:]
    if old and new and available(new[0]):
        changes.delete.append(old[0])


def roll(daemon: Obj, pods: Mapping[str, list[Obj]], digest: str, desired: int, available: Available) -> Changes:
    """What a rolling update takes or makes now."""
    surge, unavailable = most(daemon, desired)
    if surge:
        return _roll_by_surge(pods, digest, surge, available)
    return _roll_by_deletion(pods, digest, unavailable, available)


def _sides(here: Iterable[Obj], digest: str) -> tuple[list[Obj], list[Obj]]:
    """(new, old) Pods of a node that are not on their way out."""
    live = [pod for pod in here if not is_deleting(pod)]
    new = [pod for pod in live if labels_of(pod).get(HASH) == digest]
    return new, [pod for pod in live if labels_of(pod).get(HASH) != digest]


def _roll_by_deletion(pods: Mapping[str, list[Obj]], digest: str, limit: int, available: Available) -> Changes:
    lacking = 0
    broken: list[Obj] = []
    candidates: list[Obj] = []
    for here in pods.values():
        new, old = _sides(here, digest)
        if len(new) + len(old) != 1:
            lacking += 1
        elif new:
            lacking += not available(new[0])
        elif not available(old[0]):
            broken.append(old[0])
            lacking += 1
        else:
            candidates.append(old[0])
    return Changes(delete=broken + candidates[: max(0, limit - lacking)])


def _roll_by_surge(pods: Mapping[str, list[Obj]], digest: str, limit: int, available: Available) -> Changes:
    surged, changes = 0, Changes()
    candidates: list[str] = []
    for node, here in pods.items():
        new, old = _sides(here, digest)
        if len(new) > 1 or len(old) > 1:
            surged += 1
        elif not old:
            continue
        elif not new:
            (candidates if available(old[0]) else changes.create).append(node)
        elif available(new[0]):
            changes.delete.append(old[0])
        else:
            surged += 1
    changes.create += candidates[: max(0, limit - surged)]
    return changes


def status_of(
    daemon: Obj, nodes: Iterable[Obj], pods: Mapping[str, list[Obj]], digest: str, available: Available
) -> Obj:
    """The figures of the status, without observedGeneration (updateDaemonSetStatus)."""
    figures = dict.fromkeys(("desired", "current", "misscheduled", "ready", "available", "updated"), 0)
    for node in nodes:
        here = by_creation(pods.get(node["metadata"]["name"], []))
        start, _ = placement(daemon, node)
        if not start:
            figures["misscheduled"] += bool(here)
            continue
        figures["desired"] += 1
        if not here:
            continue
        oldest = here[0]
        figures["current"] += 1
        figures["ready"] += is_ready(oldest)
        figures["available"] += is_ready(oldest) and available(oldest)
        figures["updated"] += labels_of(oldest).get(HASH) == digest
    status = {
        "currentNumberScheduled": figures["current"],
        "numberMisscheduled": figures["misscheduled"],
        "desiredNumberScheduled": figures["desired"],
        "numberReady": figures["ready"],
    }
    optional = {
        "updatedNumberScheduled": figures["updated"],
        "numberAvailable": figures["available"],
        "numberUnavailable": figures["desired"] - figures["available"],
    }
    return status | {name: value for name, value in optional.items() if value}
