"""Where a Pod may run, and why not elsewhere.

Pure functions. Reasons and texts are those of kube-scheduler 1.36's plugins (NodeUnschedulable, TaintToleration,
NodeAffinity, NodeResourcesFit, NodePorts are the ones imitated, the last not).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dashboard.sandbox.controllers.meta import Obj, labels_of
from dashboard.sandbox.controllers.quantity import requests, scaled

UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
CORDONED = "node(s) were unschedulable"
TAINTED = "node(s) had untolerated taint(s)"
ELSEWHERE = "node(s) didn't match Pod's node affinity/selector"
FULL = "Too many pods"


def tolerates(pod: Obj, taint: Mapping[str, Any]) -> bool:
    """Whether one of the Pod's tolerations covers the taint."""
    for toleration in pod["spec"].get("tolerations") or ():
        if toleration.get("effect") not in (None, "", taint.get("effect")):
            continue
        exists = toleration.get("operator") == "Exists"
        if not toleration.get("key") and exists:
            return True
        same = toleration.get("key") == taint["key"]
        if same and (exists or toleration.get("value", "") == taint.get("value", "")):
            return True
    return False


def _holds(value: str | None, expression: Mapping[str, Any]) -> bool:
    operator: str = expression["operator"]
    values: Sequence[str] = expression.get("values") or ()
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator in ("Exists", "DoesNotExist"):
        return (value is not None) == (operator == "Exists")
    try:
        difference = int(value or "") - int(values[0])
    except (ValueError, IndexError):
        return False
    return difference > 0 if operator == "Gt" else difference < 0


def _term_holds(node: Obj, term: Mapping[str, Any]) -> bool:
    fields = {"metadata.name": node["metadata"]["name"]}
    return all(_holds(labels_of(node).get(e["key"]), e) for e in term.get("matchExpressions") or ()) and all(
        _holds(fields.get(e["key"]), e) for e in term.get("matchFields") or ()
    )


def matches_node(pod: Obj, node: Obj) -> bool:
    """Whether nodeSelector and the required node affinity admit the node."""
    wanted = pod["spec"].get("nodeSelector") or {}
    if any(labels_of(node).get(name) != value for name, value in wanted.items()):
        return False
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms = required.get("nodeSelectorTerms") or ()
    return not terms or any(_term_holds(node, term) for term in terms)


def lacking(pod: Obj, node: Obj, used: Counter[str]) -> list[str]:
    """What the node has too little of, e.g. ["Insufficient cpu"]."""
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    missing = []
    for name, amount in requests(pod).items():
        if amount and used[name] + amount > scaled(name, allocatable.get(name, 0)):
            missing.append(FULL if name == "pods" else f"Insufficient {name}")
    return missing


def objections(pod: Obj, node: Obj, used: Counter[str]) -> list[str]:
    """Why the Pod cannot run on the node; [] when it can. The first plugin that objects speaks."""
    taints = (node.get("spec") or {}).get("taints") or []
    cordon = {"key": UNSCHEDULABLE, "effect": "NoSchedule"}
    if (node.get("spec") or {}).get("unschedulable") and not tolerates(pod, cordon):
        return [CORDONED]
    hard = [taint for taint in taints if taint.get("effect") in ("NoSchedule", "NoExecute")]
    if any(not tolerates(pod, taint) for taint in hard if taint["key"] != UNSCHEDULABLE):
        return [TAINTED]
    if not matches_node(pod, node):
        return [ELSEWHERE]
    return lacking(pod, node, used)


def explain(refusals: Sequence[Sequence[str]]) -> str:
    """FailedScheduling's message; one entry per node, with that node's objections."""
    number = len(refusals)
    if not number:
        return "no nodes available to schedule pods"
    counts = Counter(reason for node in refusals for reason in node)
    said = ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))
    helpless = sum(1 for node in refusals if not any(reason.startswith(("Insufficient", FULL)) for reason in node))
    parts = []
    if number - helpless:
        parts.append(f"{number - helpless} No preemption victims found for incoming pod")
    if helpless:
        parts.append(f"{helpless} Preemption is not helpful for scheduling")
    preemption = f"0/{number} nodes are available: {', '.join(parts)}"
    return f"0/{number} nodes are available: {said}. no new claims to deallocate, preemption: {preemption}."


def choose(nodes: Iterable[Obj], siblings: Counter[str], load: Counter[str]) -> Obj:
    """Of the nodes that fit, the one with the fewest Pods of the same owner, then clearly fewer Pods at all.

    `load` counts Pods per node. Ties go as they went in the recordings: the second node, then the others.
    """
    ranked = sorted(nodes, key=lambda node: node["metadata"]["name"])
    order = {node["metadata"]["name"]: (index != 1, index) for index, node in enumerate(ranked)}

    def rank(node: Obj) -> tuple[Any, ...]:
        name = node["metadata"]["name"]
        return siblings[name], load[name] // 8, order[name]

    return min(ranked, key=rank)
