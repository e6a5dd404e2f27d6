"""What a StatefulSet would do next: pure decisions over the API's JSON.

Source: `pkg/controller/statefulset/stateful_set_control.go` and `stateful_set_utils.go`, Kubernetes 1.36.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox.controllers.children import new_pod, scaled
from dashboard.sandbox.controllers.meta import Obj, available_at, is_deleting, is_finished, is_ready, labels_of
from dashboard.sandbox.controllers.revisions import HASH

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"
NAME = re.compile(r"(.*)-([0-9]+)")

Health = Callable[[Obj], bool]
"""Whether a Pod is running, ready and available."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do now: `verb` is create or delete; `why` is missing, finished, surplus or outdated."""

    verb: str
    ordinal: int
    why: str


def start_of(workload: Mapping[str, Any]) -> int:
    """The first ordinal (spec.ordinals.start)."""
    return int((workload["spec"].get("ordinals") or {}).get("start") or 0)


def wanted(workload: Mapping[str, Any]) -> range:
    """The ordinals that should exist."""
    replicas = workload["spec"].get("replicas")
    start = start_of(workload)
    return range(start, start + (1 if replicas is None else int(replicas)))


def ordinal_of(workload: Mapping[str, Any], name: str) -> int | None:
    """The ordinal in a Pod's name, None when the name is not one of this StatefulSet's."""
    found = NAME.fullmatch(name)
    return int(found[2]) if found and found[1] == workload["metadata"]["name"] else None


def by_ordinal(workload: Mapping[str, Any], pods: Iterable[Obj]) -> dict[int, Obj]:
    """The Pods by the ordinal in their names."""
    named = ((ordinal_of(workload, pod["metadata"]["name"]), pod) for pod in pods)
    return {ordinal: pod for ordinal, pod in named if ordinal is not None}


def is_running_and_ready(pod: Mapping[str, Any]) -> bool:
    """Phase Running and condition Ready."""
    return (pod.get("status") or {}).get("phase") == "Running" and is_ready(pod)


def availability(min_ready: float, now: float) -> Health:
    """Tells whether a Pod has been running and ready for `min_ready` real seconds at `now`."""

    def available(pod: Obj) -> bool:
        at = available_at(pod, min_ready)
        return is_running_and_ready(pod) and at is not None and at <= now

    return available


def plan(workload: Obj, pods: Mapping[int, Obj], update: str, available: Health) -> list[Step]:
    """The steps of one sync: fill the slots, then take away what is surplus, then replace what is outdated.

    With OrderedReady each stage waits for the one before it. `update` is the name of the newest revision.
    """
    ordered = workload["spec"].get("podManagementPolicy") != "Parallel"
    steps, blocked = _fill(workload, pods, available, ordered=ordered)
    if blocked:
        return steps
    surplus, blocked = _shrink(workload, pods, available, ordered=ordered)
    steps += surplus
    if blocked or workload["spec"].get("updateStrategy", {}).get("type") == "OnDelete":
        return steps
    return steps + _replace(workload, pods, update, available)


def _fill(workload: Obj, pods: Mapping[int, Obj], available: Health, *, ordered: bool) -> tuple[list[Step], bool]:
    steps: list[Step] = []
    for ordinal in wanted(workload):
        pod = pods.get(ordinal)
        if pod is None:
            steps.append(Step("create", ordinal, "missing"))
        elif is_finished(pod):
            if not is_deleting(pod):
                steps.append(Step("delete", ordinal, "finished"))
        elif not is_deleting(pod) and available(pod):
            continue
        if ordered:
            return steps, True
    return steps, False


def _shrink(workload: Obj, pods: Mapping[int, Obj], available: Health, *, ordered: bool) -> tuple[list[Step], bool]:
    steps: list[Step] = []
    condemned = sorted(set(pods) - set(wanted(workload)), reverse=True)
    ailing = (o for o in sorted(condemned) if is_deleting(pods[o]) or not available(pods[o]))
    first_ailing = next(ailing, None)
    for ordinal in condemned:
        pod = pods[ordinal]
        if not is_deleting(pod):
            if ordered and not available(pod) and ordinal != first_ailing:
                return steps, True
            steps.append(Step("delete", ordinal, "surplus"))
        if ordered:
            return steps, True
    return steps, False


def _replace(workload: Obj, pods: Mapping[int, Obj], update: str, available: Health) -> list[Step]:
    rolling = workload["spec"].get("updateStrategy", {}).get("rollingUpdate") or {}
    slots = wanted(workload)
    targets = [o for o in reversed(slots) if o >= start_of(workload) + int(rolling.get("partition") or 0)]
    if rolling.get("maxUnavailable") is not None:
        most = max(1, scaled(rolling["maxUnavailable"], len(slots), up=True))
        ailing = sum(1 for o in slots if not _healthy(pods.get(o), available))
        outdated = [o for o in targets if _outdated(pods.get(o), update)]
        return [Step("delete", o, "outdated") for o in outdated[: max(0, most - ailing)]]
    for ordinal in targets:
        if _outdated(pods.get(ordinal), update):
            return [Step("delete", ordinal, "outdated")]
        if not _healthy(pods.get(ordinal), available):
            return []
    return []


def _healthy(pod: Obj | None, available: Health) -> bool:
    return pod is not None and not is_deleting(pod) and available(pod)


def _outdated(pod: Obj | None, update: str) -> bool:
    return pod is not None and not is_deleting(pod) and labels_of(pod).get(HASH) != update


def uses_current(workload: Mapping[str, Any], ordinal: int) -> bool:
    """Whether a new Pod of that ordinal is made from the current, not the newest, template."""
    strategy = workload["spec"].get("updateStrategy") or {}
    if strategy.get("type") != "RollingUpdate":
        return False
    rolling = strategy.get("rollingUpdate")
    if rolling is None:
        held = int((workload.get("status") or {}).get("currentReplicas") or 0)
    else:
        held = int(rolling.get("partition") or 0)
    return ordinal < start_of(workload) + held


def pod_of(workload: Obj, ordinal: int, revision: Obj) -> Obj:
    """The Pod of that ordinal as `revision` has it."""
    template = {k: v for k, v in revision["data"]["spec"]["template"].items() if k != "$patch"}
    name = f"{workload['metadata']['name']}-{ordinal}"
    pod = new_pod(workload, template, name=name)
    pod["metadata"]["labels"] = labels_of(pod) | {
        HASH: revision["metadata"]["name"],
        POD_NAME: name,
        POD_INDEX: str(ordinal),
    }
    spec = pod["spec"]
    spec["hostname"] = name
    if workload["spec"].get("serviceName"):
        spec["subdomain"] = workload["spec"]["serviceName"]
    claims = {c["metadata"]["name"]: claim_name(workload, c, ordinal) for c in claim_templates(workload)}
    if claims:
        kept = [v for v in spec.get("volumes") or () if v.get("name") not in claims]
        spec["volumes"] = kept + [{"name": n, "persistentVolumeClaim": {"claimName": c}} for n, c in claims.items()]
    return pod


def claim_templates(workload: Mapping[str, Any]) -> Sequence[Obj]:
    """spec.volumeClaimTemplates."""
    return workload["spec"].get("volumeClaimTemplates") or ()


def claim_name(workload: Mapping[str, Any], template: Mapping[str, Any], ordinal: int) -> str:
    """`data-db-0`."""
    return f"{template['metadata']['name']}-{workload['metadata']['name']}-{ordinal}"


def claims_of(workload: Mapping[str, Any], ordinal: int) -> list[Obj]:
    """The claims that the Pod of that ordinal needs."""
    selector = (workload["spec"].get("selector") or {}).get("matchLabels") or {}
    claims = []
    for template in claim_templates(workload):
        given = template["metadata"]
        meta = {"name": claim_name(workload, template, ordinal), "namespace": workload["metadata"]["namespace"]}
        meta["labels"] = (given.get("labels") or {}) | selector
        if given.get("annotations"):
            meta["annotations"] = dict(given["annotations"])
        spec = copy.deepcopy(template["spec"])
        claims.append({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec})
    return claims


def counts(pods: Iterable[Obj], current: str, update: str, available: Health) -> dict[str, int]:
    """The figures of the status, from Pods that exist (computeReplicaStatus)."""
    existing = [pod for pod in pods if (pod.get("status") or {}).get("phase")]
    staying = [labels_of(pod).get(HASH) for pod in existing if not is_deleting(pod)]
    return {
        "replicas": len(existing),
        "readyReplicas": sum(1 for pod in existing if is_running_and_ready(pod)),
        "availableReplicas": sum(1 for pod in existing if available(pod)),
        "currentReplicas": staying.count(current),
        "updatedReplicas": staying.count(update),
    }


def status_of(workload: Obj, figures: Mapping[str, int], current: str, update: str, collisions: int) -> Obj:
    """The status to publish; when all Pods are new and ready, the newest revision becomes the current one."""
    figures = dict(figures)
    size = len(wanted(workload))
    rolling = (workload["spec"].get("updateStrategy") or {}).get("type") == "RollingUpdate"
    if rolling and figures["updatedReplicas"] == figures["readyReplicas"] == figures["replicas"] == size:
        current, figures["currentReplicas"] = update, figures["updatedReplicas"]
    status: Obj = {
        "observedGeneration": workload["metadata"].get("generation", 1),
        "replicas": figures["replicas"],
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": collisions,
        "availableReplicas": figures["availableReplicas"],
    }
    for name in ("readyReplicas", "currentReplicas", "updatedReplicas"):
        if figures[name] > 0:
            status[name] = figures[name]
    return status
