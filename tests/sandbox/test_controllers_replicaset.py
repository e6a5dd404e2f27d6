"""The ReplicaSet loop: whom it deletes first, whom it takes in and lets go, what it says."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.controllers.replicaset_rules import next_available, pod_from_template, to_delete
from tests.sandbox.loops import Obj, World, pod, template, workload, world

NOW = 1767225600.0 + 3600


def on(node: str, found: Obj) -> Obj:
    found["spec"]["nodeName"] = node
    return found


def restarted(found: Obj, times: int) -> Obj:
    found["status"]["containerStatuses"] = [{"restartCount": times}]
    return found


def costing(found: Obj, cost: str) -> Obj:
    found["metadata"]["annotations"] = {"controller.kubernetes.io/pod-deletion-cost": cost}
    return found


@pytest.mark.parametrize(
    ("why", "loser", "winner"),
    [
        ("not scheduled before scheduled", pod("a"), on("n", pod("b"))),
        ("Pending before Running", on("n", pod("a", phase="Pending")), on("n", pod("b"))),
        ("unready before ready", on("n", pod("a", ready=False)), on("n", pod("b"))),
        ("cheap before dear", on("n", costing(pod("a"), "-5")), on("n", pod("b"))),
        ("many restarts before few", on("n", restarted(pod("a"), 3)), on("n", pod("b"))),
    ],
)
def test_the_one_missed_least_goes_first(why: str, loser: Obj, winner: Obj) -> None:
    for order in ([loser, winner], [winner, loser]):
        assert to_delete(order, order, 1, NOW) == [loser], why


def test_of_equals_the_one_that_shares_its_node_goes_first() -> None:
    pods = [on("n0", pod("a")), on("n1", pod("b")), on("n1", pod("c")), on("n2", pod("d"))]
    first, second = to_delete(pods, pods, 2, NOW)
    assert {first["metadata"]["name"], second["metadata"]["name"]} == {"b", "c"}


def test_a_much_younger_pod_goes_before_an_old_one() -> None:
    old, young = on("n", pod("a")), on("n", pod("b"))
    for entry in (young["metadata"], young["status"]["conditions"][0]):
        key = "creationTimestamp" if "creationTimestamp" in entry else "lastTransitionTime"
        entry[key] = "2026-01-01T00:59:50Z"
    assert to_delete([old, young], [old, young], 1, NOW) == [young]


def test_a_pod_is_made_of_the_template_and_its_owner() -> None:
    owner = workload("ReplicaSet", "web") | {"metadata": {"name": "web", "namespace": "shop", "uid": "u"}}
    made = pod_from_template(owner, template("web") | {"metadata": {"labels": {"app": "web"}, "finalizers": ["x/y"]}})
    assert made["metadata"]["generateName"] == "web-"
    assert made["metadata"]["finalizers"] == ["x/y"]
    assert made["metadata"]["ownerReferences"][0] | {"uid": "u"} == {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web",
        "uid": "u",
        "controller": True,
        "blockOwnerDeletion": True,
    }


def test_availability_is_due_when_patience_ends() -> None:
    assert next_available([pod("a"), pod("b", ready=False)], 4000, NOW) == 400
    assert next_available([pod("a")], 10, NOW) is None


async def settled(cluster: World, replicas: int = 2, **spec: Any) -> Obj:
    cluster.apply(workload("ReplicaSet", "web", replicas=replicas, **spec))
    return await cluster.status("ReplicaSet", "web", readyReplicas=replicas)


async def test_a_relabelled_pod_is_let_go_and_replaced() -> None:
    async with world() as cluster:
        await settled(cluster)
        free = cluster.names(app="web")[0]
        cluster.patch("Pod", free, {"metadata": {"labels": {"app": "other"}}})
        await cluster.until(lambda: len(cluster.names(app="web")) == 2)
        await cluster.until(lambda: not cluster.get("Pod", free)["metadata"].get("ownerReferences"))
        assert cluster.get("Pod", free)["status"]["phase"] == "Running"
        cluster.patch("Pod", free, {"metadata": {"labels": {"app": "web"}}})
        await cluster.until(lambda: len([p for p in cluster.pods(app="web") if _stays(p)]) == 2)


def _stays(found: Obj) -> bool:
    return not found["metadata"].get("deletionTimestamp")


async def test_an_orphan_that_matches_is_adopted() -> None:
    async with world() as cluster:
        meta = {"name": "lonely", "labels": {"app": "web"}}
        cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template("web")["spec"]})
        await cluster.until(lambda: cluster.get("Pod", "lonely")["status"]["phase"] == "Running")
        await settled(cluster)
        assert cluster.get("Pod", "lonely")["metadata"]["ownerReferences"][0]["name"] == "web"
        assert len(cluster.said("web", "SuccessfulCreate")) == 1


async def test_a_deleted_pod_is_replaced_at_once() -> None:
    async with world() as cluster:
        await settled(cluster)
        victim = cluster.names(app="web")[0]
        cluster.client.delete("Pod", "shop", victim)
        fresh = await cluster.until(lambda: [one for one in cluster.names(app="web") if one != victim][1:])
        assert cluster.get("Pod", victim)["metadata"]["deletionTimestamp"], "replaced while the old one still leaves"
        assert f"Created pod: {fresh[0]}" in cluster.said("web", "SuccessfulCreate") or len(fresh) == 1
        await cluster.until(lambda: cluster.gone("Pod", victim))


async def test_scaling_says_what_it_did() -> None:
    async with world() as cluster:
        await settled(cluster, 3)
        cluster.patch("ReplicaSet", "web", {"spec": {"replicas": 1}})
        await cluster.until(lambda: len(cluster.names(app="web")) == 1)
        assert len(cluster.said("web", "SuccessfulDelete")) == 2
