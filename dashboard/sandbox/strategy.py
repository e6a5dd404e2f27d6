"""What a kind's strategy does on creation and update: initial status, status kept apart, generation, cluster IPs.

From `pkg/registry/*/*/strategy.go` of Kubernetes 1.36.
"""

from __future__ import annotations

import base64
import copy
from typing import TYPE_CHECKING, Any

from dashboard.sandbox.custom import rules as crds
from dashboard.sandbox.defaults.kinds import job_identity
from dashboard.sandbox.defaults.pods import qos_class
from dashboard.sandbox.metadata import UNGENERATED
from dashboard.sandbox.registry import Resource

if TYPE_CHECKING:
    from dashboard.sandbox.api import Api

Obj = dict[str, Any]

INITIAL_STATUS: dict[str, Obj] = {
    "deployments.apps": {},
    "replicasets.apps": {"replicas": 0},
    "replicationcontrollers": {"replicas": 0},
    "statefulsets.apps": {"replicas": 0, "availableReplicas": 0},
    "daemonsets.apps": {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    },
    "jobs.batch": {},
    "cronjobs.batch": {},
    "horizontalpodautoscalers.autoscaling": {"desiredReplicas": 0, "currentMetrics": None},
    "poddisruptionbudgets.policy": {
        "disruptionsAllowed": 0,
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "expectedPods": 0,
    },
    "namespaces": {"phase": "Active"},
    "resourcequotas": {},
    "services": {"loadBalancer": {}},
    "ingresses.networking.k8s.io": {"loadBalancer": {}},
    "persistentvolumeclaims": {"phase": "Pending"},
    "persistentvolumes": {"phase": "Pending"},
}

KEEPS_STATUS = frozenset({"nodes"})
"""Kinds whose creator may set the status (a kubelet registers its node with it)."""


def starting(resource: Resource, obj: Obj) -> None:
    """Drop the status that a creator may not set (in place), before ownership is recorded."""
    if resource.has_status and resource.storage not in KEEPS_STATUS:
        obj.pop("status", None)


def creating(api: Api, resource: Resource, obj: Obj) -> None:
    """Finish a new object (in place): first status, generated selectors, addresses."""
    storage = resource.storage
    if storage == "pods":
        obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj["spec"])}
    elif storage in INITIAL_STATUS:
        obj["status"] = copy.deepcopy(INITIAL_STATUS[storage])
    elif storage == "customresourcedefinitions.apiextensions.k8s.io":
        obj["status"] = crds.initial_status(obj)
    if storage == "jobs.batch":
        job_identity(obj)
    elif storage == "services":
        _addresses(api, obj["spec"])
    elif storage == "namespaces":
        obj.setdefault("spec", {})["finalizers"] = ["kubernetes"]
    elif storage == "secrets" and obj.get("stringData"):
        _string_data(obj)
    if "status" in obj:
        obj["status"] = obj.pop("status")


def _string_data(secret: Obj) -> None:
    data = secret.setdefault("data", {})
    for key, text in secret.pop("stringData").items():
        data[key] = base64.b64encode(text.encode()).decode()


def _addresses(api: Api, spec: Obj) -> None:
    if spec.get("type") == "ExternalName":
        return
    if not spec.get("clusterIP"):
        taken = {o["spec"].get("clusterIP") for o in api.store.objects("services").values()}
        spec["clusterIP"] = next(ip for ip in _candidates() if ip not in taken)
    spec["clusterIPs"] = [spec["clusterIP"]]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        used = {p.get("nodePort") for o in api.store.objects("services").values() for p in o["spec"].get("ports") or ()}
        free = (port for port in range(30000, 32768) if port not in used)
        for port in spec.get("ports") or ():
            if not port.get("nodePort"):
                port["nodePort"] = next(free)


def _candidates() -> Any:
    return (f"10.96.{high}.{low}" for high in range(256) for low in range(1, 255))


CONTENT_OF_STATUS = frozenset({"metadata", "status", "kind", "apiVersion"})


def resetting(resource: Resource, live: Obj, obj: Obj, subresource: str) -> None:
    """Undo what this endpoint may not change (in place): spec through `status`, status through the object."""
    if subresource == "status":
        for key in [key for key in obj if key not in CONTENT_OF_STATUS]:
            del obj[key]
        status = obj.pop("status", {})
        obj |= {key: value for key, value in live.items() if key not in CONTENT_OF_STATUS}
        obj["status"] = status
        _reset_metadata(resource, live, obj)
    elif resource.has_status:
        obj.pop("status", None)
        if "status" in live:
            obj["status"] = live["status"]
    if resource.storage == "namespaces" and subresource != "finalize":
        obj["spec"] = live.get("spec", {})
    if resource.storage == "services":
        _keep_addresses(live["spec"], obj["spec"])


def _reset_metadata(resource: Resource, live: Obj, obj: Obj) -> None:
    kept = ("labels",) if resource.custom is None else ("labels", "annotations", "finalizers", "ownerReferences")
    for key in kept if resource.storage not in ("pods", "nodes") else ():
        obj["metadata"].pop(key, None)
        if key in live["metadata"]:
            obj["metadata"][key] = live["metadata"][key]


def _keep_addresses(was: Obj, now: Obj) -> None:
    if now.get("type") == "ExternalName":
        return
    for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if not now.get(key) and key in was:
            now[key] = was[key]


def _content(resource: Resource, obj: Obj) -> Obj:
    skipped = (
        ("metadata", "kind", "apiVersion", "status") if resource.has_status else ("metadata", "kind", "apiVersion")
    )
    content = {key: value for key, value in obj.items() if key not in skipped}
    if resource.storage == "pods":
        # Binding a Pod to a node is the scheduler's word, not a change of what its author wants.
        content["spec"] = {key: value for key, value in obj["spec"].items() if key != "nodeName"}
    return content


def updating(api: Api, resource: Resource, live: Obj, obj: Obj, subresource: str) -> None:
    """Count a change of what is wanted (in place): generation goes up with it, and only with it."""
    if resource.storage == "secrets" and obj.get("stringData"):
        _string_data(obj)
    if subresource == "status" or resource.storage in UNGENERATED or "generation" not in live["metadata"]:
        return
    changed = _content(resource, live) != _content(resource, obj)
    if resource.storage == "deployments.apps":
        # The real strategy counts annotations too (rollbacks once lived there).
        changed |= live["metadata"].get("annotations") != obj["metadata"].get("annotations")
    if changed:
        obj["metadata"]["generation"] = live["metadata"]["generation"] + 1
