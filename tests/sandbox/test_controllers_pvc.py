"""PersistentVolumeClaims: bound, provisioned, waiting for a reason, protected, reclaimed."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.controllers import pvc_rules as rules
from tests.sandbox.loops import Obj, World, pod, world


def claim(name: str = "data", size: str = "1Gi", klass: str | None = "std", **spec: Any) -> Obj:
    base: Obj = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    base |= {"storageClassName": klass} if klass is not None else {}
    meta = {"name": name, "namespace": "shop", "uid": f"uid-{name}"}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": base | spec}


def volume(name: str, size: str = "1Gi", klass: str = "std", **spec: Any) -> Obj:
    base = {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "storageClassName": klass}
    base |= {"hostPath": {"path": "/tmp/x"}, "persistentVolumeReclaimPolicy": "Retain"}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": base | spec}


def ask(name: str = "data", **how: Any) -> Obj:
    """A claim as a person applies it."""
    found = claim(name, **how)
    del found["metadata"]["uid"]
    return found


def consumer(name: str = "web", of: str = "data") -> Obj:
    mounts = [{"name": "v", "mountPath": "/data"}]
    container = {"name": "main", "image": "nginx:1", "volumeMounts": mounts}
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": of}}]
    return {"kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container], "volumes": volumes}}


def storage_class(w: World, name: str = "std", **fields: Any) -> None:
    w.client.create("StorageClass", {"metadata": {"name": name}, "provisioner": "disk.example.com"} | fields)


OTHER = {"namespace": "shop", "name": "other", "uid": "uid-other"}
MINE = {"namespace": "shop", "name": "data"}


@pytest.mark.parametrize(
    ("wanted", "volumes", "chosen"),
    [
        (claim(), [], None),
        (claim(), [volume("a")], "a"),
        (claim(), [volume("big", "5Gi"), volume("fits", "2Gi")], "fits"),
        (claim(size="2Gi"), [volume("a", "1Gi")], None),
        (claim(), [volume("a", klass="other")], None),
        (claim(klass=""), [volume("a", klass="")], "a"),
        (claim(accessModes=["ReadWriteMany"]), [volume("a")], None),
        (claim(volumeName="b"), [volume("a"), volume("b", "9Gi")], "b"),
        (claim(), [volume("a", claimRef=OTHER)], None),
        (claim(), [volume("a"), volume("reserved", "9Gi", claimRef=MINE)], "reserved"),
        (claim(volumeMode="Block"), [volume("a")], None),
        (claim(selector={"matchLabels": {"disk": "ssd"}}), [volume("a")], None),
    ],
)
def test_choose(wanted: Obj, volumes: list[Obj], chosen: str | None) -> None:
    found = rules.choose(wanted, volumes)
    assert (found["metadata"]["name"] if found else None) == chosen


def test_who_uses_a_claim() -> None:
    using, ended, other = pod("using"), pod("ended", phase="Succeeded"), pod("other")
    for one in (using, ended):
        one["spec"]["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    assert rules.users(claim(), [using, ended, other]) == [using]


def test_a_provisioned_volume_belongs_to_its_claim_and_node() -> None:
    made = rules.provisioned(claim(), {"metadata": {"name": "std"}, "provisioner": "d"}, "node-1")
    assert rules.claimed_by(made, claim())
    assert made["metadata"]["name"] == "pvc-uid-data"
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    term = made["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]
    assert term["values"] == ["node-1"]


async def test_immediate_binding_makes_a_volume() -> None:
    async with world() as w:
        storage_class(w)
        w.apply(ask())
        bound = await w.status("PersistentVolumeClaim", "data", phase="Bound", capacity={"storage": "1Gi"})
        made = w.get("PersistentVolume", bound["spec"]["volumeName"])
        assert made["status"]["phase"] == "Bound"
        assert made["spec"]["claimRef"]["uid"] == bound["metadata"]["uid"]
        assert bound["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] == "yes"
        assert w.said("data", "ProvisioningSucceeded")


async def test_a_claim_may_wait_for_its_first_consumer() -> None:
    async with world() as w:
        storage_class(w, volumeBindingMode="WaitForFirstConsumer")
        w.apply(ask())
        said = await w.until(lambda: w.said("data", "WaitForFirstConsumer"))
        assert said == ["waiting for first consumer to be created before binding"]
        w.apply(consumer())
        await w.status("PersistentVolumeClaim", "data", phase="Bound")
        node = w.get("Pod", "web")["spec"]["nodeName"]
        marks = w.get("PersistentVolumeClaim", "data")["metadata"]["annotations"]
        assert marks["volume.kubernetes.io/selected-node"] == node


async def test_a_missing_class_is_named_and_its_arrival_helps() -> None:
    async with world() as w:
        w.apply(ask(klass="fast"))
        said = await w.until(lambda: w.said("data", "ProvisioningFailed"))
        assert said == ['storageclass.storage.k8s.io "fast" not found']
        assert w.get("PersistentVolumeClaim", "data")["status"]["phase"] == "Pending"
        storage_class(w, "fast")
        await w.status("PersistentVolumeClaim", "data", phase="Bound")


async def test_no_class_waits_for_a_volume_made_by_hand() -> None:
    async with world() as w:
        w.apply(ask(klass=None))
        said = await w.until(lambda: w.said("data", "FailedBinding"))
        assert said == ["no persistent volumes available for this claim and no storage class is set"]
        w.client.create("PersistentVolume", volume("by-hand", klass=""))
        bound = await w.status("PersistentVolumeClaim", "data", phase="Bound")
        assert bound["spec"]["volumeName"] == "by-hand"


async def test_a_claim_in_use_stays_until_its_pod_has_gone() -> None:
    async with world() as w:
        storage_class(w)
        w.apply(ask())
        w.apply(consumer())
        await w.status("Pod", "web", phase="Running")
        name = w.get("PersistentVolumeClaim", "data")["spec"]["volumeName"]
        w.client.delete("PersistentVolumeClaim", "shop", "data")
        held = w.get("PersistentVolumeClaim", "data")["metadata"]
        assert held["finalizers"] == ["kubernetes.io/pvc-protection"]
        assert held["deletionTimestamp"]
        w.client.delete("Pod", "shop", "web")
        await w.until(lambda: w.gone("PersistentVolumeClaim", "data"))
        await w.until(lambda: w.client.get("PersistentVolume", "", name) is None)


async def test_a_retained_volume_is_released() -> None:
    async with world() as w:
        w.client.create("PersistentVolume", volume("kept"))
        await w.status("PersistentVolume", "kept", phase="Available")
        w.apply(ask())
        await w.status("PersistentVolumeClaim", "data", phase="Bound")
        w.client.delete("PersistentVolumeClaim", "shop", "data")
        await w.status("PersistentVolume", "kept", phase="Released")


async def test_a_claim_whose_volume_is_lost_says_so() -> None:
    async with world() as w:
        storage_class(w)
        w.apply(ask())
        bound = await w.status("PersistentVolumeClaim", "data", phase="Bound")
        name = bound["spec"]["volumeName"]
        # By force: the protection finalizer would hold it.
        w.client.delete("PersistentVolume", "", name)
        w.client.patch("PersistentVolume", "", name, {"metadata": {"finalizers": None}})
        await w.status("PersistentVolumeClaim", "data", phase="Lost")
        assert w.said("data", "ClaimLost") == ["Bound claim has lost its PersistentVolume. Data on the volume is lost!"]
