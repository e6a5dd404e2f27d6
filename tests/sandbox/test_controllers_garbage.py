"""The garbage collector and the namespace loop: who goes with whom, and in which order."""

from __future__ import annotations

from tests.sandbox.loops import Obj, World, workload, world


async def running(cluster: World) -> str:
    """A Deployment of two ready Pods; the name of its ReplicaSet."""
    cluster.apply(workload("Deployment", "web", replicas=2))
    await cluster.status("Deployment", "web", availableReplicas=2)
    (one,) = cluster.client.list("ReplicaSet", "shop")
    return str(one["metadata"]["name"])


async def test_background_removes_the_owner_first() -> None:
    async with world() as cluster:
        name = await running(cluster)
        cluster.client.delete("Deployment", "shop", "web", propagation="Background")
        assert cluster.gone("Deployment", "web")
        assert not cluster.gone("ReplicaSet", name)
        await cluster.until(lambda: cluster.gone("ReplicaSet", name) and not cluster.pods(app="web"))


async def test_foreground_keeps_the_owner_until_its_dependents_have_gone() -> None:
    async with world() as cluster:
        name = await running(cluster)
        order: list[str] = []
        cluster.api.after_write.append(
            lambda resource, change, obj: order.append(resource.kind) if change == "DELETED" else None
        )
        cluster.client.delete("Deployment", "shop", "web", propagation="Foreground")
        assert cluster.get("Deployment", "web")["metadata"]["finalizers"] == ["foregroundDeletion"]
        await cluster.until(lambda: cluster.gone("Deployment", "web"))
        assert cluster.gone("ReplicaSet", name)
        assert [kind for kind in order if kind != "Event"] == ["Pod", "Pod", "ReplicaSet", "Deployment"]


async def test_an_orphan_stays_and_is_adopted_again() -> None:
    async with world() as cluster:
        name = await running(cluster)
        cluster.client.delete("Deployment", "shop", "web", propagation="Orphan")
        await cluster.until(lambda: cluster.gone("Deployment", "web"))
        assert not cluster.get("ReplicaSet", name)["metadata"].get("ownerReferences")
        cluster.apply(workload("Deployment", "web", replicas=2))
        await cluster.until(lambda: cluster.get("ReplicaSet", name)["metadata"].get("ownerReferences"))
        await cluster.status("Deployment", "web", availableReplicas=2)
        assert len(cluster.client.list("ReplicaSet", "shop")) == 1


async def test_a_dependent_of_nobody_is_collected() -> None:
    async with world() as cluster:
        ghost = {"apiVersion": "v1", "kind": "ConfigMap", "name": "ghost", "uid": "no-such-uid"}
        meta: Obj = {"name": "left", "ownerReferences": [ghost]}
        cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
        await cluster.until(lambda: cluster.gone("ConfigMap", "left"))


async def test_a_dependent_with_another_living_owner_stays() -> None:
    async with world() as cluster:
        owners = [cluster.apply(_map(name)) for name in ("a", "b")]
        child = _map("child")
        child["metadata"]["ownerReferences"] = [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": one["metadata"]["name"], "uid": one["metadata"]["uid"]}
            for one in owners
        ]
        cluster.apply(child)
        cluster.client.delete("ConfigMap", "shop", "a")
        await cluster.until(lambda: len(cluster.get("ConfigMap", "child")["metadata"]["ownerReferences"]) == 1)
        cluster.client.delete("ConfigMap", "shop", "b")
        await cluster.until(lambda: cluster.gone("ConfigMap", "child"))


def _map(name: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def _remaining(cluster: World) -> str:
    namespace = cluster.client.get("Namespace", "", "shop") or {}
    conditions = (namespace.get("status") or {}).get("conditions") or ()
    return next((entry["message"] for entry in conditions if entry["type"] == "NamespaceContentRemaining"), "")


async def test_a_namespace_goes_when_nothing_holds_it() -> None:
    async with world() as cluster:
        await running(cluster)
        held = _map("held")
        held["metadata"]["finalizers"] = ["example.com/hold"]
        cluster.apply(held)
        cluster.client.delete("Namespace", "", "shop")
        assert (cluster.client.get("Namespace", "", "shop") or {})["status"]["phase"] == "Terminating"
        await cluster.until(lambda: "configmaps. has 1 resource instances" in _remaining(cluster))
        assert not cluster.pods() and cluster.gone("Deployment", "web")
        cluster.patch("ConfigMap", "held", {"metadata": {"finalizers": None}})
        await cluster.until(lambda: cluster.client.get("Namespace", "", "shop") is None)
