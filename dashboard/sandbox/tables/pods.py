"""Pods and Nodes as table rows (from kube-apiserver's internal printers)."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.tables.cells import AGE, NAME, NONE, UNKNOWN, Column, dig, human, moment

Obj = dict[str, Any]

NODE_TEXT = (
    "NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the "
    "scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the "
    "lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a "
    "specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename"
)


def _statuses(pod: Obj, name: str) -> list[Obj]:
    found = dig(pod, f"status.{name}", [])
    return [s for s in found if isinstance(s, dict)] if isinstance(found, list) else []


def _ended(state: Obj) -> str:
    """The word for a terminated container."""
    if state.get("reason"):
        return str(state["reason"])
    if state.get("signal"):
        return f"Signal:{state['signal']}"
    return f"ExitCode:{state.get('exitCode', 0)}"


def _init_reason(pod: Obj) -> str:
    """The status word while init containers run; empty when they are done."""
    total = len(dig(pod, "spec.initContainers", []))
    for index, status in enumerate(_statuses(pod, "initContainerStatuses")):
        state = status.get("state") or {}
        done = state.get("terminated")
        if done and done.get("exitCode", 0) == 0:
            continue
        if status.get("started") and status.get("ready"):
            continue
        if done:
            return f"Init:{_ended(done)}"
        waiting = (state.get("waiting") or {}).get("reason")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{index}/{total}"
    return ""


def _container_reason(pod: Obj, reason: str) -> str:
    running = False
    for status in reversed(_statuses(pod, "containerStatuses")):
        state = status.get("state") or {}
        if (state.get("waiting") or {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif state.get("terminated"):
            reason = _ended(state["terminated"])
        elif status.get("ready") and state.get("running"):
            running = True
    if reason == "Completed" and running:
        ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in dig(pod, "status.conditions", []))
        return "Running" if ready else "NotReady"
    return reason


def status_word(pod: Obj, now: float) -> str:
    """What the Status column says."""
    reason = str(dig(pod, "status.reason", "") or dig(pod, "status.phase", ""))
    for condition in dig(pod, "status.conditions", []):
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    reason = _init_reason(pod) or _container_reason(pod, reason)
    if pod["metadata"].get("deletionTimestamp"):
        if dig(pod, "status.reason") == "NodeLost":
            return "Unknown"
        return reason if dig(pod, "status.phase") in ("Succeeded", "Failed") else "Terminating"
    return reason


def _ready(pod: Obj, now: float) -> str:
    statuses = _statuses(pod, "containerStatuses")
    ready = sum(1 for s in statuses if s.get("ready") and (s.get("state") or {}).get("running"))
    return f"{ready}/{len(dig(pod, 'spec.containers', []))}"


def _restarts(pod: Obj, now: float) -> str:
    statuses = _statuses(pod, "containerStatuses")
    count = sum(int(s.get("restartCount") or 0) for s in statuses)
    ends = [moment(dig(s, "lastState.terminated.finishedAt")) for s in statuses]
    last = max((at for at in ends if at is not None), default=None)
    return f"{count} ({human(now - last)} ago)" if count and last is not None else str(count)


def _gates(pod: Obj, now: float) -> str:
    gates = dig(pod, "spec.readinessGates", [])
    if not gates:
        return NONE
    true = {c.get("type") for c in dig(pod, "status.conditions", []) if c.get("status") == "True"}
    return f"{sum(1 for gate in gates if gate.get('conditionType') in true)}/{len(gates)}"


def _or_none(path: str) -> Any:
    return lambda obj, now: dig(obj, path, "") or NONE


POD = (
    NAME,
    Column("Ready", _ready, description="The aggregate readiness state of this pod for accepting traffic."),
    Column("Status", status_word, description="The aggregate status of the containers in this pod."),
    Column(
        "Restarts",
        _restarts,
        description="The number of times the containers in this pod have been restarted and when the last container "
        "in this pod has restarted.",
    ),
    AGE,
    Column(
        "IP",
        _or_none("status.podIP"),
        1,
        description="podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet "
        "allocated.",
    ),
    Column("Node", _or_none("spec.nodeName"), 1, description=NODE_TEXT),
    Column("Nominated Node", _or_none("status.nominatedNodeName"), 1, description="The node a preemption chose."),
    Column("Readiness Gates", _gates, 1, description="Readiness gates that are true, of all."),
)


def _node_status(node: Obj, now: float) -> str:
    ready = next((c for c in dig(node, "status.conditions", []) if c.get("type") == "Ready"), None)
    words = ["Unknown" if ready is None else ("Ready" if ready.get("status") == "True" else "NotReady")]
    if dig(node, "spec.unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _roles(node: Obj, now: float) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = node["metadata"].get("labels") or {}
    roles = {key.removeprefix(prefix) for key in labels if key.startswith(prefix) and key != prefix}
    return ",".join(sorted(roles)) or NONE


def _address(kind: str) -> Any:
    def cell(node: Obj, now: float) -> str:
        found = (a.get("address") for a in dig(node, "status.addresses", []) if a.get("type") == kind)
        return str(next(found, NONE))

    return cell


def _info(name: str) -> Any:
    return lambda node, now: dig(node, f"status.nodeInfo.{name}", "") or UNKNOWN


NODE = (
    NAME,
    Column("Status", _node_status, description="The status of the node"),
    Column("Roles", _roles, description="The roles of the node"),
    AGE,
    Column("Version", _info("kubeletVersion"), description="Kubelet Version reported by the node."),
    Column("Internal-IP", _address("InternalIP"), 1),
    Column("External-IP", _address("ExternalIP"), 1),
    Column("OS-Image", _info("osImage"), 1),
    Column("Kernel-Version", _info("kernelVersion"), 1),
    Column("Container-Runtime", _info("containerRuntimeVersion"), 1),
)
