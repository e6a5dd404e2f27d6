"""Which Pods a ReplicaSet deletes first, what its Pods look like, and what its status says.

Pure functions. Source: `pkg/controller/controller_utils.go` (ActivePodsWithRanks, GetPodFromTemplate) and
`pkg/controller/replicaset/replica_set_utils.go`, Kubernetes 1.36.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from dashboard.sandbox.controllers.meta import (
    Obj,
    annotations_of,
    available_at,
    condition,
    created,
    is_active,
    is_ready,
    labels_of,
    matches,
    owner_reference,
    seconds,
    uid_of,
)

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def pod_from_template(owner: Obj, template: Obj) -> Obj:
    """The Pod that `owner` creates: the template's labels, annotations, finalizers and spec, a generated name."""
    meta = template.get("metadata") or {}
    pod: Obj = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{owner['metadata']['name']}-",
            "namespace": owner["metadata"]["namespace"],
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": copy.deepcopy(template["spec"]),
    }
    for name in ("labels", "annotations", "finalizers"):
        if meta.get(name):
            pod["metadata"][name] = copy.deepcopy(meta[name])
    return pod


def _age_class(now: float, at: float) -> int:
    """Ages in powers of two: Pods of about the same age are equals (LogarithmicScaleDown)."""
    age = now - at
    return math.floor(math.log2(age * 1e9)) if age > 0 else -1


def _cost(pod: Obj) -> int:
    try:
        return int(annotations_of(pod).get(DELETION_COST, "0"))
    except ValueError:
        return 0


def _rank(pod: Obj, neighbours: int, now: float) -> tuple[Any, ...]:
    """Sorts the Pod to delete first to the front."""
    ready = condition(pod.get("status") or {}, "Ready") or {}
    is_ready_now = ready.get("status") == "True"
    restarts = max(
        (s.get("restartCount", 0) for s in (pod.get("status") or {}).get("containerStatuses") or ()), default=0
    )
    return (
        bool(pod["spec"].get("nodeName")),
        PHASES.get((pod.get("status") or {}).get("phase", ""), 0),
        is_ready_now,
        _cost(pod),
        -neighbours,
        _age_class(now, seconds(ready.get("lastTransitionTime"))) if is_ready_now else 0,
        -restarts,
        _age_class(now, created(pod)),
        uid_of(pod),
    )


def to_delete(pods: Sequence[Obj], related: Iterable[Obj], number: int, now: float) -> list[Obj]:
    """The `number` Pods that will be missed least.

    Not scheduled before scheduled, Pending before Running, unready before ready, cheap before dear, then
    those that share a node with more Pods of the same Deployment (`related`), then the young.
    """
    if number >= len(pods):
        return list(pods)
    on_node = Counter(pod["spec"].get("nodeName", "") for pod in related if is_active(pod))
    return sorted(pods, key=lambda pod: _rank(pod, on_node[pod["spec"].get("nodeName", "")], now))[:number]


def new_status(one: Obj, pods: Sequence[Obj], leaving: int, now: float, patience: float) -> Obj:
    """Counts over the active Pods; `leaving` terminate. `patience` = minReadySeconds in real seconds.

    Conditions are carried over.
    """
    wanted_labels = {"matchLabels": (one["spec"]["template"].get("metadata") or {}).get("labels") or {}}
    figures = {
        "fullyLabeledReplicas": sum(matches(wanted_labels, labels_of(pod)) for pod in pods),
        "readyReplicas": sum(is_ready(pod) for pod in pods),
        "availableReplicas": sum(is_available(pod, patience, now) for pod in pods),
    }
    status: Obj = {"replicas": len(pods)} | {name: value for name, value in figures.items() if value}
    status["terminatingReplicas"] = leaving
    status["observedGeneration"] = one["metadata"].get("generation", 0)
    conditions = (one.get("status") or {}).get("conditions")
    if conditions:
        status["conditions"] = copy.deepcopy(conditions)
    return status


def is_available(pod: Obj, patience: float, now: float) -> bool:
    """Whether the Pod has been ready for `patience` seconds."""
    at = available_at(pod, patience)
    return at is not None and at <= now


def next_available(pods: Iterable[Obj], patience: float, now: float) -> float | None:
    """Real seconds until the next ready Pod becomes available; None when none is waiting."""
    waits = [at - now for pod in pods if (at := available_at(pod, patience)) is not None and at > now]
    return min(waits, default=None)


def judge_failure(status: Obj, message: str, difference: int, stamp: str) -> None:
    """Set or drop ReplicaFailure: `message` is why Pods could not be made (difference < 0) or removed."""
    others = [entry for entry in status.get("conditions") or () if entry["type"] != "ReplicaFailure"]
    if message and not condition(status, "ReplicaFailure"):
        reason = "FailedCreate" if difference < 0 else "FailedDelete"
        said = {
            "type": "ReplicaFailure",
            "status": "True",
            "lastTransitionTime": stamp,
            "reason": reason,
            "message": message,
        }
        status["conditions"] = [*others, said]
    elif not message:
        status.pop("conditions", None)
        if others:
            status["conditions"] = others
