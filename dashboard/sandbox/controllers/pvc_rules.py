"""Which volume suits a claim, and what a volume made for a claim looks like: pure decisions.

Source: `pkg/controller/volume/persistentvolume` and `k8s.io/component-helpers/storage/volume`, Kubernetes 1.36.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.sandbox.controllers.meta import Obj, annotations_of, is_deleting, is_finished, labels_of, matches, uid_of
from dashboard.sandbox.controllers.quantity import number

PVC_FINALIZER = "kubernetes.io/pvc-protection"
PV_FINALIZER = "kubernetes.io/pv-protection"
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
NO_PROVISIONER = "kubernetes.io/no-provisioner"


def class_of(claim: Mapping[str, Any]) -> str:
    """The claim's StorageClass, "" for none."""
    return str(claim["spec"].get("storageClassName") or "")


def waits_for_consumer(storage_class: Mapping[str, Any] | None) -> bool:
    """volumeBindingMode WaitForFirstConsumer."""
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def size_of(claim: Mapping[str, Any]) -> str:
    """The storage that the claim asks for."""
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0"))


def users(claim: Mapping[str, Any], pods: Iterable[Obj]) -> list[Obj]:
    """Pods of the claim's namespace that mount it and have not ended."""
    name = claim["metadata"]["name"]

    def mounts(pod: Obj) -> bool:
        volumes = pod["spec"].get("volumes") or ()
        return any((v.get("persistentVolumeClaim") or {}).get("claimName") == name for v in volumes)

    return [pod for pod in pods if mounts(pod) and not is_finished(pod)]


def claimed_by(volume: Mapping[str, Any], claim: Mapping[str, Any]) -> bool:
    """Whether the volume's claimRef names this claim (a reserved volume has no uid yet)."""
    reference = volume["spec"].get("claimRef") or {}
    meta = claim["metadata"]
    named = (reference.get("namespace"), reference.get("name")) == (meta["namespace"], meta["name"])
    return named and reference.get("uid") in (None, "", uid_of(claim))


def choose(claim: Mapping[str, Any], volumes: Iterable[Obj]) -> Obj | None:
    """The volume to bind: the one named or reserved for the claim, else the smallest that is large enough."""
    fitting = [volume for volume in volumes if _suits(claim, volume)]
    reserved = [volume for volume in fitting if claimed_by(volume, claim)]
    if reserved:
        return reserved[0]
    free = [volume for volume in fitting if not volume["spec"].get("claimRef")]
    return min(
        free,
        key=lambda volume: (number(volume["spec"]["capacity"]["storage"]), volume["metadata"]["name"]),
        default=None,
    )


def _suits(claim: Mapping[str, Any], volume: Mapping[str, Any]) -> bool:
    wanted, offered = claim["spec"], volume["spec"]
    if is_deleting(volume) or (wanted.get("volumeName") and wanted["volumeName"] != volume["metadata"]["name"]):
        return False
    if str(offered.get("storageClassName") or "") != class_of(claim):
        return False
    if offered.get("volumeMode", "Filesystem") != wanted.get("volumeMode", "Filesystem"):
        return False
    if not set(wanted.get("accessModes") or ()) <= set(offered.get("accessModes") or ()):
        return False
    if wanted.get("selector") and not matches(wanted["selector"], labels_of(volume)):
        return False
    return number((offered.get("capacity") or {}).get("storage", "0")) >= number(size_of(claim))


def reference(claim: Mapping[str, Any]) -> Obj:
    """The claimRef of a volume."""
    meta = claim["metadata"]
    return {
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": uid_of(claim),
        "resourceVersion": meta.get("resourceVersion", ""),
    }


def provisioned(claim: Mapping[str, Any], storage_class: Mapping[str, Any], node: str) -> Obj:
    """The volume that the class' provisioner makes for the claim; `node` is where its first consumer runs."""
    driver = storage_class["provisioner"]
    name = f"pvc-{uid_of(claim)}"
    spec: Obj = {
        "capacity": {"storage": size_of(claim)},
        "accessModes": list(claim["spec"].get("accessModes") or ()),
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
        "storageClassName": storage_class["metadata"]["name"],
        "volumeMode": claim["spec"].get("volumeMode") or "Filesystem",
        "claimRef": reference(claim),
        "csi": {"driver": driver, "volumeHandle": name},
    }
    if node:
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}}
    meta = {"name": name, "annotations": {PROVISIONED_BY: driver}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec}


def bound_claim(claim: Obj, volume: Mapping[str, Any]) -> Obj:
    """The claim with the volume's name and the binder's marks."""
    out = copy.deepcopy(claim)
    marks = annotations_of(out) | {BIND_COMPLETED: "yes"}
    if not claim["spec"].get("volumeName"):
        marks |= {BOUND_BY_CONTROLLER: "yes"}
    out["metadata"]["annotations"] = marks
    out["spec"]["volumeName"] = volume["metadata"]["name"]
    return out


def bound_status(volume: Mapping[str, Any]) -> Obj:
    """The status of a claim bound to the volume."""
    spec = volume["spec"]
    return {"phase": "Bound", "accessModes": list(spec["accessModes"]), "capacity": dict(spec["capacity"])}
