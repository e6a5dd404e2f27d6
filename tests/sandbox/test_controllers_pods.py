"""Scheduler and kubelet stand-ins: where Pods land, what becomes of their containers, how they end."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from dashboard.sandbox.controllers.kubelet_status import Container, image_id, phase_of, pull_error, qualified
from dashboard.sandbox.controllers.nodes import new_node
from dashboard.sandbox.controllers.quantity import number, requests
from dashboard.sandbox.controllers.scheduler_rules import choose, explain, objections
from tests.sandbox.loops import Obj, World, pod, template, world


def lone(name: str, image: str = "nginx:1", **spec: Any) -> Obj:
    meta = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template(name, image)["spec"] | spec}


def node(name: str = "node-0", **spec: Any) -> Obj:
    found = new_node(0, name, "2026-01-01T00:00:00Z")
    found["spec"] |= spec
    return found


def asking(**amounts: str) -> Obj:
    found = pod("a")
    found["spec"]["containers"][0]["resources"] = {"requests": amounts}
    return found


@pytest.mark.parametrize(
    ("text", "value"), [("100m", 0.1), ("2", 2.0), ("1.5Gi", 1.5 * 2**30), ("1k", 1000.0), ("12e0", 12.0)]
)
def test_quantities(text: str, value: float) -> None:
    assert number(text) == pytest.approx(value)


def test_requests_count_the_pod_itself() -> None:
    assert requests(asking(cpu="250m", memory="1Ki")) == {"pods": 1, "cpu": 250, "memory": 1024}


@pytest.mark.parametrize(
    ("why", "wants", "there", "used", "said"),
    [
        ("room", asking(cpu="1"), node(), {}, []),
        ("no cpu", asking(cpu="9"), node(), {}, ["Insufficient cpu"]),
        ("taken", asking(cpu="1"), node(), {"cpu": 7500}, ["Insufficient cpu"]),
        ("full", pod("a"), node(), {"pods": 110}, ["Too many pods"]),
        ("cordoned", pod("a"), node(unschedulable=True), {}, ["node(s) were unschedulable"]),
        (
            "tainted",
            pod("a"),
            node(taints=[{"key": "gpu", "effect": "NoSchedule"}]),
            {},
            ["node(s) had untolerated taint(s)"],
        ),
        ("soft taint", pod("a"), node(taints=[{"key": "gpu", "effect": "PreferNoSchedule"}]), {}, []),
    ],
)
def test_why_a_node_is_refused(why: str, wants: Obj, there: Obj, used: dict[str, int], said: list[str]) -> None:
    assert objections(wants, there, Counter(used)) == said, why


def test_tolerations_and_selectors() -> None:
    tainted = node(taints=[{"key": "gpu", "value": "a", "effect": "NoSchedule"}])
    tolerant = pod("a")
    tolerant["spec"]["tolerations"] = [{"key": "gpu", "operator": "Equal", "value": "a"}]
    assert objections(tolerant, tainted, Counter()) == []
    choosy = pod("b")
    choosy["spec"]["nodeSelector"] = {"disk": "ssd"}
    assert objections(choosy, node(), Counter()) == ["node(s) didn't match Pod's node affinity/selector"]
    bound = pod("c")
    fields = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-0"]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [fields]}}
    bound["spec"]["affinity"] = {"nodeAffinity": required}
    assert objections(bound, node(), Counter()) == []
    assert objections(bound, node("node-1"), Counter()) != []


def test_the_message_counts_nodes_per_reason() -> None:
    said = explain([["Insufficient cpu"], ["Insufficient cpu"], ["node(s) were unschedulable"]])
    assert said.startswith("0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.")
    assert "1 Preemption is not helpful for scheduling" in said


def test_siblings_are_spread() -> None:
    nodes = [node(f"node-{index}") for index in range(3)]
    chosen = []
    siblings: Counter[str] = Counter()
    for _ in range(6):
        name = choose(nodes, siblings, Counter())["metadata"]["name"]
        siblings[name] += 1
        chosen.append(name)
    assert sorted(chosen) == ["node-0", "node-0", "node-1", "node-1", "node-2", "node-2"]


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("nginx:1", "docker.io/library/nginx:1"),
        ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
        ("example.org/app:crash", "example.org/app:crash"),
        ("localhost/app:1", "localhost/app:1"),
        ("host:5000/app:1", "host:5000/app:1"),
    ],
)
def test_images_are_qualified(image: str, full: str) -> None:
    assert qualified(image) == full
    assert full in pull_error(image)
    assert image_id(image).startswith(full.rpartition(":")[0] + "@sha256:")


def test_containers_remember_how_they_ended() -> None:
    running = Container("a", "i").started("t1", "x", ready=True)
    assert phase_of([running], "Always") == "Running"
    crashed = running.ended("t2", 1)
    assert (crashed.exit_code, crashed.state["terminated"]["reason"]) == (1, "Error")
    waiting = crashed.waiting("CrashLoopBackOff", "…")
    assert waiting.last["terminated"]["finishedAt"] == "t2"
    assert waiting.stopped("t3").exit_code == 1
    assert running.stopped("t3").exit_code == 0
    assert Container("a", "i").stopped("t3").exit_code == 137
    assert phase_of([crashed], "Never") == "Failed"
    assert phase_of([running.ended("t2", 0)], "Never") == "Succeeded"
    assert phase_of([Container("a", "i")], "Always") == "Pending"


def waiting(cluster: World, name: str) -> str:
    states = cluster.get("Pod", name)["status"]["containerStatuses"]
    return str(states[0]["state"].get("waiting", {}).get("reason", ""))


async def test_a_pod_is_scheduled_pulled_started_and_ready() -> None:
    async with world() as cluster:
        cluster.apply(lone("web"))
        await cluster.until(lambda: cluster.get("Pod", "web")["status"]["phase"] == "Running")
        status = cluster.get("Pod", "web")["status"]
        assert [entry["status"] for entry in status["conditions"]] == ["True"] * 5
        assert status["podIP"].startswith("10.244.")
        events = {event["reason"]: event for event in cluster.client.list("Event", "shop")}
        assert {"Scheduled", "Pulling", "Pulled", "Created", "Started"} <= events.keys()
        scheduled = events["Scheduled"]
        assert scheduled.get("count") is None and scheduled["eventTime"] and scheduled["source"] == {}
        assert events["Pulling"]["source"] == {"component": "kubelet", "host": "node-1"}
        assert events["Pulling"]["involvedObject"]["fieldPath"] == "spec.containers{main}"


async def test_the_second_pod_on_a_node_finds_the_image_there() -> None:
    async with world() as cluster:
        for name in ("one", "two"):
            cluster.apply(lone(name, nodeName="node-2"))
            await cluster.until(lambda name=name: cluster.get("Pod", name)["status"]["phase"] == "Running")
        assert cluster.said("two", "Pulled") == ['Container image "nginx:1" already present on machine']
        images = cluster.get("Node", "node-2")["status"]["images"]
        assert images[0]["names"] == ["docker.io/library/nginx:1"]


async def test_a_missing_image_alternates() -> None:
    async with world(speed=50) as cluster:
        cluster.apply(lone("web", "nginx:9-missing"))
        for reason in ("ErrImagePull", "ImagePullBackOff", "ErrImagePull"):
            await cluster.until(lambda reason=reason: waiting(cluster, "web") == reason)
        assert cluster.said("web", "BackOff") == ['Back-off pulling image "nginx:9-missing"']


async def test_a_crash_loop_backs_off_longer_each_time() -> None:
    async with world(speed=50) as cluster:
        cluster.apply(lone("web", "example.org/app:crash"))
        for length in ("10s", "20s"):

            def said(length: str = length) -> bool:
                state = cluster.get("Pod", "web")["status"]["containerStatuses"][0]["state"]
                return f"back-off {length}" in state.get("waiting", {}).get("message", "")

            await cluster.until(said)
        assert cluster.get("Pod", "web")["status"]["containerStatuses"][0]["restartCount"] == 2


async def test_readiness_waits_for_its_probe() -> None:
    probe = {"httpGet": {"path": "/", "port": 80}, "initialDelaySeconds": 20}
    failing = {"httpGet": {"path": "/missing", "port": 80}}
    async with world(speed=50) as cluster:
        for name, one in (("slow", probe), ("never", failing)):
            obj = lone(name)
            obj["spec"]["containers"][0]["readinessProbe"] = one
            cluster.apply(obj)
        await cluster.until(lambda: cluster.get("Pod", "slow")["status"]["phase"] == "Running")
        assert cluster.get("Pod", "slow")["status"]["containerStatuses"][0]["ready"] is False
        await cluster.until(lambda: cluster.get("Pod", "slow")["status"]["containerStatuses"][0]["ready"])
        await cluster.until(lambda: cluster.said("never", "Unhealthy"))


@pytest.mark.parametrize(("image", "phase"), [("busybox:1", "Succeeded"), ("busybox:crash", "Failed")])
async def test_a_pod_that_is_meant_to_end_does(image: str, phase: str) -> None:
    async with world() as cluster:
        cluster.apply(lone("task", image, restartPolicy="Never"))
        await cluster.until(lambda: cluster.get("Pod", "task")["status"]["phase"] == phase)


@pytest.mark.parametrize(("image", "phase"), [("nginx:1", "Succeeded"), ("nginx:1-missing", "Failed")])
async def test_deletion_is_graceful_and_says_how_it_ended(image: str, phase: str) -> None:
    async with world() as cluster:
        cluster.apply(lone("web", image))
        await cluster.until(
            lambda: cluster.get("Pod", "web")["status"]["containerStatuses"][0]["state"] and _begun(cluster)
        )
        seen: list[tuple[str, int]] = []

        def note(resource: Any, change: str, obj: Obj) -> None:
            if resource.kind == "Pod":
                seen.append((obj["status"]["phase"], obj["metadata"].get("deletionGracePeriodSeconds", -1)))

        cluster.api.after_write.append(note)
        cluster.client.delete("Pod", "shop", "web")
        await cluster.until(lambda: cluster.gone("Pod", "web"))
        assert seen[0][1] == 30
        assert seen[-2:] == [(phase, 0), (phase, 0)]


def _begun(cluster: World) -> bool:
    return waiting(cluster, "web") in ("", "ErrImagePull")


async def test_what_fits_nowhere_waits_and_goes_when_there_is_room() -> None:
    async with world() as cluster:
        big = lone("big")
        big["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "32"}}
        cluster.apply(big)
        await cluster.until(lambda: cluster.said("big", "FailedScheduling"))
        condition = cluster.get("Pod", "big")["status"]["conditions"][0]
        assert (condition["reason"], condition["status"]) == ("Unschedulable", "False")
        assert condition["message"].startswith("0/3 nodes are available: 3 Insufficient cpu.")
        more = {"capacity": {"cpu": "64"}, "allocatable": {"cpu": "64"}}
        cluster.patch("Node", "node-0", {"status": more}, "status")
        await cluster.until(lambda: cluster.get("Pod", "big")["spec"].get("nodeName") == "node-0")


async def test_a_cordoned_node_gets_no_pods() -> None:
    async with world() as cluster:
        for name in ("node-0", "node-1"):
            cluster.patch("Node", name, {"spec": {"unschedulable": True}})
        for name in ("a", "b", "c"):
            cluster.apply(lone(name))
        nodes = await cluster.until(lambda: [cluster.get("Pod", name)["spec"]["nodeName"] for name in ("a", "b", "c")])
        assert nodes == ["node-2"] * 3
