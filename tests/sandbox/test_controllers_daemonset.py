"""DaemonSet: placement, taints, rolling updates by deletion and by surge."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.controllers.children import scaled
from dashboard.sandbox.controllers.daemonset_rules import (
    by_node,
    manage,
    placement,
    pod_for,
    roll,
    status_of,
    target_of,
)
from dashboard.sandbox.controllers.meta import is_ready
from tests.sandbox.loops import Obj, pod, workload, world

HASH = "controller-revision-hash"
NODES = ("node-0", "node-1", "node-2")


def agent(**spec: Any) -> Obj:
    obj = workload("DaemonSet", "agent", **spec)
    obj["metadata"] |= {"namespace": "shop", "uid": "u", "generation": 1}
    return obj


def node(name: str, *taints: tuple[str, str], **labels: str) -> Obj:
    held = [{"key": key, "effect": effect} for key, effect in taints]
    return {"metadata": {"name": name, "labels": labels}, "spec": {"taints": held} if held else {}}


def on(where: str, name: str, revision: str = "new", **how: Any) -> Obj:
    found = pod(name, **how)
    found["metadata"]["labels"] = {HASH: revision}
    found["spec"]["nodeName"] = where
    return found


@pytest.mark.parametrize(
    ("template", "where", "expected"),
    [
        ({}, node("n"), (True, True)),
        ({}, node("n", ("dedicated", "NoSchedule")), (False, True)),
        ({}, node("n", ("dedicated", "NoExecute")), (False, False)),
        ({"tolerations": [{"operator": "Exists"}]}, node("n", ("dedicated", "NoExecute")), (True, True)),
        ({}, node("n", ("node.kubernetes.io/unschedulable", "NoSchedule")), (True, True)),
        ({}, node("n", ("node.kubernetes.io/unreachable", "NoExecute")), (True, True)),
        ({"nodeSelector": {"disk": "ssd"}}, node("n"), (False, False)),
        ({"nodeSelector": {"disk": "ssd"}}, node("n", disk="ssd"), (True, True)),
        ({"nodeName": "other"}, node("n"), (False, False)),
    ],
)
def test_placement(template: Obj, where: Obj, expected: tuple[bool, bool]) -> None:
    daemon = agent()
    daemon["spec"]["template"]["spec"] |= template
    assert placement(daemon, where) == expected


def test_the_pod_names_its_node_by_a_field_affinity() -> None:
    made = pod_for(agent(), "node-1", "abc")
    terms = made["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    expected = {"key": "metadata.name", "operator": "In", "values": ["node-1"]}
    assert terms == {"nodeSelectorTerms": [{"matchFields": [expected]}]}
    assert target_of(made) == "node-1"
    assert made["metadata"]["labels"][HASH] == "abc"


def test_manage_fills_gaps_and_removes_doubles_and_failures() -> None:
    pods = [
        on("node-1", "ended", phase="Failed", ready=False),
        on("node-2", "first"),
        on("node-2", "second"),
        on("node-9", "bound-elsewhere"),
    ]
    changes = manage(agent(), [node(name) for name in NODES], by_node(pods), "new", is_ready)
    assert changes.create == ["node-0"]
    assert [one["metadata"]["name"] for one in changes.delete] == ["ended", "second"]
    assert [one["metadata"]["name"] for one in changes.failed] == ["ended"]


def test_a_pod_that_has_ended_and_leaves_makes_room_at_once() -> None:
    assert by_node([on("node-0", "done", phase="Succeeded", leaving=True)]) == {}


@pytest.mark.parametrize(
    ("limit", "pods", "gone"),
    [
        (1, [on("node-0", "a", "old"), on("node-1", "b", "old")], ["a"]),
        (2, [on("node-0", "a", "old"), on("node-1", "b", "old")], ["a", "b"]),
        ("50%", [on("node-0", "a", "old"), on("node-1", "b", "old")], ["a"]),
        (1, [on("node-0", "a", ready=False), on("node-1", "b", "old")], []),
        (1, [on("node-0", "a", "old", leaving=True), on("node-1", "b", "old")], []),
        (1, [on("node-0", "a", "old", ready=False), on("node-1", "b", "old")], ["a"]),
    ],
)
def test_rolling_by_deletion(limit: int | str, pods: list[Obj], gone: list[str]) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": limit, "maxSurge": 0}}
    changes = roll(agent(updateStrategy=strategy), by_node(pods), "new", len(pods), is_ready)
    assert [one["metadata"]["name"] for one in changes.delete] == gone


def test_rolling_by_surge_starts_the_new_one_first() -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    daemon = agent(updateStrategy=strategy)
    pods = [on("node-0", "a", "old"), on("node-1", "b", "old")]
    assert roll(daemon, by_node(pods), "new", 2, is_ready).create == ["node-0"]
    waiting = [*pods, on("node-0", "c", ready=False)]
    assert roll(daemon, by_node(waiting), "new", 2, is_ready).create == []
    ready = [*pods, on("node-0", "c")]
    changes = roll(daemon, by_node(ready), "new", 2, is_ready)
    assert [one["metadata"]["name"] for one in changes.delete] == ["a"]


def test_status_counts_the_oldest_pod_of_each_node() -> None:
    nodes = [node("node-0"), node("node-1"), node("node-2", ("dedicated", "NoExecute"))]
    pods = [on("node-0", "a"), on("node-1", "b", "old", ready=False), on("node-2", "c")]
    assert status_of(agent(), nodes, by_node(pods), "new", is_ready) == {
        "currentNumberScheduled": 2,
        "numberMisscheduled": 1,
        "desiredNumberScheduled": 2,
        "numberReady": 1,
        "updatedNumberScheduled": 1,
        "numberAvailable": 1,
        "numberUnavailable": 1,
    }


@pytest.mark.parametrize(
    ("value", "total", "up", "expected"),
    [(2, 10, True, 2), ("25%", 10, True, 3), ("25%", 10, False, 2), (None, 10, True, 0), ("many", 10, True, 0)],
)
def test_int_or_percent(value: Any, total: int, up: bool, expected: int) -> None:
    assert scaled(value, total, up=up) == expected


async def test_one_pod_on_each_node_even_on_a_cordoned_one() -> None:
    async with world() as w:
        w.patch("Node", "node-2", {"spec": {"unschedulable": True}})
        w.apply(agent())
        await w.status("DaemonSet", "agent", numberReady=3, numberAvailable=3, updatedNumberScheduled=3)
        assert sorted(one["spec"]["nodeName"] for one in w.pods(app="agent")) == list(NODES)
        assert len(w.said("agent", "SuccessfulCreate")) == 3


async def test_a_new_image_goes_node_by_node() -> None:
    async with world() as w:
        w.apply(agent())
        await w.status("DaemonSet", "agent", numberReady=3)
        least = 3
        container = {"name": "main", "image": "nginx:1.19.5-alpine"}
        w.patch("DaemonSet", "agent", {"spec": {"template": {"spec": {"containers": [container]}}}})

        def rolled() -> bool:
            nonlocal least
            status = w.get("DaemonSet", "agent")["status"]
            least = min(least, status.get("numberAvailable", 0))
            new = status.get("observedGeneration") == 2
            return new and status.get("updatedNumberScheduled") == 3 == status.get("numberReady")

        await w.until(rolled)
        assert least == 2
        assert [r["revision"] for r in w.client.list("ControllerRevision", "shop")] in ([1, 2], [2, 1])
        assert {one["spec"]["containers"][0]["image"] for one in w.pods(app="agent")} == {"nginx:1.19.5-alpine"}


async def test_on_delete_waits_for_a_person() -> None:
    async with world() as w:
        w.apply(agent(updateStrategy={"type": "OnDelete"}))
        await w.status("DaemonSet", "agent", numberReady=3)
        container = {"name": "main", "image": "nginx:1.19.5-alpine"}
        w.patch("DaemonSet", "agent", {"spec": {"template": {"spec": {"containers": [container]}}}})
        await w.status("DaemonSet", "agent", observedGeneration=2, updatedNumberScheduled=0)
        w.client.delete("Pod", "shop", w.names(app="agent")[0])
        await w.status("DaemonSet", "agent", updatedNumberScheduled=1, numberReady=3)
