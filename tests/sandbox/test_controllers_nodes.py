"""Nodes: cordon, taints, loss and return, and what becomes of the Pods."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.controllers.node_lifecycle import retainted, unknown_conditions, wanted_taints
from dashboard.sandbox.controllers.nodes import LOST
from dashboard.sandbox.controllers.taint_eviction import FOR_EVER, stay
from tests.sandbox.loops import Obj, World, pod, workload, world

CORDON = ("node.kubernetes.io/unschedulable", "NoSchedule")
UNREACHABLE = [("node.kubernetes.io/unreachable", "NoSchedule"), ("node.kubernetes.io/unreachable", "NoExecute")]
NOT_READY = [("node.kubernetes.io/not-ready", "NoSchedule"), ("node.kubernetes.io/not-ready", "NoExecute")]


def node(ready: str = "True", *, cordoned: bool = False, **others: str) -> Obj:
    said = [{"type": kind, "status": status} for kind, status in ({"Ready": ready} | others).items()]
    return {"metadata": {"name": "n"}, "spec": {"unschedulable": cordoned}, "status": {"conditions": said}}


@pytest.mark.parametrize(
    ("obj", "taints"),
    [
        (node(), []),
        (node(cordoned=True), [CORDON]),
        (node("Unknown"), UNREACHABLE),
        (node("False", cordoned=True), [CORDON, *NOT_READY]),
        (node(DiskPressure="True"), [("node.kubernetes.io/disk-pressure", "NoSchedule")]),
    ],
)
def test_taints_follow_from_the_node(obj: Obj, taints: list[tuple[str, str]]) -> None:
    assert wanted_taints(obj) == taints


def test_other_peoples_taints_stay_and_old_ones_keep_their_time() -> None:
    mine = {"key": "dedicated", "effect": "NoSchedule"}
    old = {"key": CORDON[0], "effect": CORDON[1], "timeAdded": "t1"}
    assert retainted([mine, old], [CORDON], "t2") == [mine, old]
    assert retainted([mine, old], [], "t2") == [mine]
    assert retainted([mine], [CORDON], "t2") == [mine, old | {"timeAdded": "t2"}]


def test_a_silent_node_is_unknown_in_everything() -> None:
    entry = {"type": "Ready", "status": "True", "lastTransitionTime": "t0"}
    found = unknown_conditions({"status": {"conditions": [entry]}}, "t1")
    assert (found[0]["status"], found[0]["reason"], found[0]["lastTransitionTime"]) == (
        "Unknown",
        "NodeStatusUnknown",
        "t1",
    )
    assert unknown_conditions({"status": {"conditions": found}}, "t2")[0]["lastTransitionTime"] == "t1"


TAINT = {"key": "k", "effect": "NoExecute"}
TOLERATION: Obj = {"key": "k", "operator": "Exists", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("taints", "tolerations", "expected"),
    [
        ([], [], None),
        ([{"key": "k", "effect": "NoSchedule"}], [], None),
        ([TAINT], [], 0.0),
        ([TAINT], [TOLERATION], FOR_EVER),
        ([TAINT], [TOLERATION | {"tolerationSeconds": 300}], 300.0),
        ([TAINT], [TOLERATION | {"tolerationSeconds": 300}, TOLERATION | {"tolerationSeconds": 20}], 20.0),
        ([TAINT, {"key": "other", "effect": "NoExecute"}], [TOLERATION], 0.0),
        ([TAINT], [{"operator": "Exists"}], FOR_EVER),
    ],
)
def test_how_long_a_pod_may_stay(taints: list[Obj], tolerations: list[Obj], expected: float | None) -> None:
    one = pod("p")
    one["spec"]["tolerations"] = tolerations
    assert stay(one, {"spec": {"taints": taints}}) == expected


def taints(w: World, name: str) -> list[tuple[str, str]]:
    return [(t["key"], t["effect"]) for t in w.get("Node", name)["spec"].get("taints") or ()]


def ready(w: World, name: str) -> str:
    return next(c["status"] for c in w.get("Node", name)["status"]["conditions"] if c["type"] == "Ready")


def where(w: World, **labels: str) -> set[str]:
    return {p["spec"].get("nodeName", "") for p in w.pods(**labels) if not p["metadata"].get("deletionTimestamp")}


def impatient(replicas: int = 3, **spec: Any) -> Obj:
    """A Deployment whose Pods leave a lost node after ten seconds rather than five minutes."""
    obj = workload("Deployment", "web", replicas=replicas, **spec)
    held = [
        {"key": f"node.kubernetes.io/{word}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 10}
        for word in ("not-ready", "unreachable")
    ]
    obj["spec"]["template"]["spec"]["tolerations"] = held
    return obj


async def test_cordon_and_uncordon() -> None:
    async with world() as w:
        w.patch("Node", "node-0", {"spec": {"unschedulable": True}})
        await w.until(lambda: taints(w, "node-0") == [CORDON])
        w.apply(workload("Deployment", "web", replicas=6))
        await w.status("Deployment", "web", readyReplicas=6)
        assert where(w, app="web") == {"node-1", "node-2"}
        w.patch("Node", "node-0", {"spec": {"unschedulable": None}})
        await w.until(lambda: taints(w, "node-0") == [])


async def test_a_taint_without_toleration_evicts_at_once() -> None:
    async with world() as w:
        w.apply(workload("Deployment", "web", replicas=3))
        await w.status("Deployment", "web", readyReplicas=3)
        victim = next(p for p in w.pods(app="web") if p["spec"]["nodeName"] == "node-1")
        w.patch("Node", "node-1", {"spec": {"taints": [{"key": "repair", "effect": "NoExecute"}]}})
        await w.until(lambda: where(w, app="web") == {"node-0", "node-2"})
        await w.status("Deployment", "web", readyReplicas=3)
        name = victim["metadata"]["name"]
        assert w.said(name, "TaintManagerEviction") == [f"Marking for deletion Pod shop/{name}"]
        await w.until(lambda: w.gone("Pod", name))


async def test_a_lost_node_is_noticed_its_pods_replaced_and_it_may_come_back() -> None:
    async with world(60) as w:
        w.apply(impatient())
        await w.status("Deployment", "web", readyReplicas=3)
        victim = next(p for p in w.pods(app="web") if p["spec"]["nodeName"] == "node-1")["metadata"]["name"]
        w.patch("Node", "node-1", {"metadata": {"annotations": {LOST: "true"}}})
        await w.until(lambda: ready(w, "node-1") == "Unknown")
        await w.until(lambda: taints(w, "node-1") == UNREACHABLE)
        await w.until(lambda: w.said("node-1", "NodeNotReady") == ["Node node-1 status is now: NodeNotReady"])
        await w.until(lambda: w.said(victim, "NodeNotReady") == ["Node is not ready"])
        # The Pod is to go, and cannot: nobody on its node confirms the end. Its replacement runs elsewhere.
        await w.until(lambda: w.get("Pod", victim)["metadata"].get("deletionTimestamp"))
        await w.status("Deployment", "web", readyReplicas=3)
        assert where(w, app="web") == {"node-0", "node-2"}
        held = w.get("Pod", victim)["status"]
        assert ("DisruptionTarget", "DeletionByTaintManager") in [
            (c["type"], c.get("reason")) for c in held["conditions"]
        ]
        w.patch("Node", "node-1", {"metadata": {"annotations": {LOST: None}}})
        await w.until(lambda: ready(w, "node-1") == "True" and taints(w, "node-1") == [])
        await w.until(lambda: w.gone("Pod", victim))


async def test_a_node_that_comes_back_in_time_keeps_its_pods() -> None:
    async with world(60) as w:
        w.apply(workload("Deployment", "web", replicas=3))
        await w.status("Deployment", "web", readyReplicas=3)
        before = set(w.names(app="web"))
        w.patch("Node", "node-1", {"metadata": {"annotations": {LOST: "true"}}})
        await w.status("Deployment", "web", readyReplicas=2)
        w.patch("Node", "node-1", {"metadata": {"annotations": {LOST: None}}})
        await w.status("Deployment", "web", readyReplicas=3)
        assert set(w.names(app="web")) == before
        victim = next(p for p in w.pods(app="web") if p["spec"]["nodeName"] == "node-1")["metadata"]["name"]
        await w.until(lambda: w.said(victim, "TaintManagerEviction") == [f"Cancelling deletion of Pod shop/{victim}"])


async def test_pods_of_a_node_that_no_longer_exists_are_removed() -> None:
    async with world(60) as w:
        w.apply(workload("Deployment", "web", replicas=3))
        await w.status("Deployment", "web", readyReplicas=3)
        w.client.delete("Node", "", "node-2")
        await w.until(lambda: where(w, app="web") == {"node-0", "node-1"})
        await w.status("Deployment", "web", readyReplicas=3)
