"""What the server sets in metadata, and what it refuses there."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from dashboard.sandbox.clock import Clock
from dashboard.sandbox.failures import Invalid, bad_request, invalid
from dashboard.sandbox.registry import Resource

Obj = dict[str, Any]

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Letters of generated names: no vowels, so that no words appear (apimachinery's rand)."""

UNGENERATED = frozenset(
    [
        "configmaps",
        "endpoints",
        "events",
        "limitranges",
        "namespaces",
        "nodes",
        "persistentvolumeclaims",
        "persistentvolumes",
        "podtemplates",
        "resourcequotas",
        "secrets",
        "serviceaccounts",
        "services",
        "controllerrevisions.apps",
        "horizontalpodautoscalers.autoscaling",
        "storageclasses.storage.k8s.io",
        "leases.coordination.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
        "roles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io",
        "csinodes.storage.k8s.io",
        "csidrivers.storage.k8s.io",
        "csistoragecapacities.storage.k8s.io",
        "runtimeclasses.node.k8s.io",
        "volumeattachments.storage.k8s.io",
    ]
)
"""Kinds without metadata.generation."""


FIELDS = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)
"""The fields of metadata that are kept, in the API's order."""


def in_order(meta: Obj) -> Obj:
    """The same metadata in the API's order of fields."""
    return {name: meta[name] for name in FIELDS if name in meta}


def random_suffix(length: int = 5) -> str:
    """As the server makes names unique."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def check_identity(resource: Resource, namespace: str, name: str, obj: Obj) -> None:
    """The body's name and namespace must be the URL's; fills in what is missing. Raises ApiFailure 400 or 422."""
    meta = obj.get("metadata")
    if meta is None:
        meta = obj["metadata"] = {}
    if not isinstance(meta, dict):
        raise bad_request("metadata must be an object")
    if resource.namespaced:
        said = meta.get("namespace") or namespace
        if said != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        meta["namespace"] = namespace
    else:
        meta.pop("namespace", None)
    if name:
        if meta.get("name") not in (name, None, ""):
            said = meta["name"]
            raise bad_request(f"the name of the object ({said}) does not match the name on the URL ({name})")
        if not meta.get("name"):
            raise bad_request("name must be provided")


def name(resource: Resource, obj: Obj) -> None:
    """Make a name from generateName where there is none. Raises ApiFailure 422 without either."""
    meta = obj["metadata"]
    if meta.get("name"):
        return
    if not meta.get("generateName"):
        cause = Invalid("metadata.name", "Required value: name or generateName is required", "FieldValueRequired")
        raise invalid(resource.kind, resource.group, "", [cause])
    meta["name"] = meta["generateName"][:58] + random_suffix()


def begin(resource: Resource, namespace: str, obj: Obj, clock: Clock) -> None:
    """Identity of a new object (in place), in the API's order of fields."""
    given = obj["metadata"]
    meta: Obj = {"name": given["name"]}
    if given.get("generateName"):
        meta["generateName"] = given["generateName"]
    if resource.namespaced:
        meta["namespace"] = namespace
    meta["uid"] = str(uuid.uuid4())
    meta["resourceVersion"] = ""
    if resource.storage not in UNGENERATED:
        meta["generation"] = 1
    meta["creationTimestamp"] = clock.stamp()
    for key in ("labels", "annotations", "ownerReferences", "finalizers", "managedFields"):
        if given.get(key):
            meta[key] = given[key]
    obj["metadata"] = meta


KEPT = (
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generateName",
    "selfLink",
)


def keep(live: Obj, obj: Obj) -> None:
    """Carry over what no client may change (in place), in the API's order of fields."""
    was, now = live["metadata"], obj["metadata"]
    for key in KEPT:
        if key in was:
            now[key] = was[key]
        else:
            now.pop(key, None)
    for key in ("labels", "annotations", "ownerReferences", "finalizers"):
        if key in now and not now[key]:
            del now[key]
    now["resourceVersion"] = was["resourceVersion"]
    obj["metadata"] = in_order(now)
