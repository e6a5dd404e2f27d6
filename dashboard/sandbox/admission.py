"""What admission plugins do to new objects: service account volumes, PVC protection, default class, limits, quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.sandbox import quota_admission
from dashboard.sandbox.metadata import random_suffix
from dashboard.sandbox.registry import Resource

if TYPE_CHECKING:
    from dashboard.sandbox.api import Api

Obj = dict[str, Any]

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a mount path, not a secret


def creating(api: Api, resource: Resource, obj: Obj) -> None:
    """Change a new object (in place) as the default admission plugins would."""
    if resource.storage == "pods":
        _service_account(obj)
        _tolerations(obj["spec"])
        _priority(api, obj["spec"])
    elif resource.storage == "persistentvolumeclaims":
        _protect(obj, "kubernetes.io/pvc-protection")
        _default_class(api, obj["spec"])
    elif resource.storage == "persistentvolumes":
        _protect(obj, "kubernetes.io/pv-protection")
    quota_admission.fill(api, resource, obj)


def created(api: Api, resource: Resource, obj: Obj) -> None:
    """Let a new object in that is valid, or not: limits, quotas, webhooks. Raises ApiFailure 403."""
    quota_admission.admit(api, resource, obj)
    api.faults.refusals.check(resource.kind, obj["metadata"].get("namespace", ""), "CREATE")


def updating(api: Api, resource: Resource, obj: Obj, subresource: str) -> None:
    """Ask the webhooks about a change, as they are registered for objects and not for their subresources."""
    if not subresource and not obj["metadata"].get("deletionTimestamp"):
        api.faults.refusals.check(resource.kind, obj["metadata"].get("namespace", ""), "UPDATE")


def _service_account(pod: Obj) -> None:
    spec = pod["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec["serviceAccount"] = spec["serviceAccountName"]
    if spec.get("automountServiceAccountToken") is False:
        return
    name = f"kube-api-access-{random_suffix()}"
    mount = {"name": name, "readOnly": True, "mountPath": TOKEN_PATH}
    mounted = False
    for group in ("initContainers", "containers"):
        for container in spec.get(group) or ():
            mounts = container.setdefault("volumeMounts", [])
            if not any(m.get("mountPath") == TOKEN_PATH for m in mounts):
                mounts.append(dict(mount))
                mounted = True
    if mounted:
        spec.setdefault("volumes", []).append({"name": name, "projected": _token_sources()})


def _token_sources() -> Obj:
    field = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [field]}},
        ],
        "defaultMode": 420,
    }


def _tolerations(spec: Obj) -> None:
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(t.get("key") in (key, None) and t.get("effect") in ("NoExecute", None) for t in tolerations):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


def _priority(api: Api, spec: Obj) -> None:
    name = spec.get("priorityClassName")
    found = api.store.get("priorityclasses.scheduling.k8s.io", ("", name)) if name else None
    spec["priority"] = found.get("value", 0) if found else 0
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _protect(obj: Obj, finalizer: str) -> None:
    finalizers = obj["metadata"].setdefault("finalizers", [])
    if finalizer not in finalizers:
        finalizers.append(finalizer)


def _default_class(api: Api, spec: Obj) -> None:
    if spec.get("storageClassName") is not None:
        return
    for obj in api.store.objects("storageclasses.storage.k8s.io").values():
        marks = obj["metadata"].get("annotations") or {}
        if marks.get("storageclass.kubernetes.io/is-default-class") == "true":
            spec["storageClassName"] = obj["metadata"]["name"]
