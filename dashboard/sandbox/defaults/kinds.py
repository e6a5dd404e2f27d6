"""What the API server fills in, per kind, on every write.

From `pkg/apis/*/v1/defaults.go` of Kubernetes 1.36. `apply(kind, obj)` changes a fresh object in place; the
caller has decoded it, so types are right, but any field may be missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.sandbox.custom.rules import fill as custom_resource_definition
from dashboard.sandbox.defaults.pods import pod, pod_spec

Obj = dict[str, Any]


def _template(holder: Obj) -> None:
    # Like Go's structs, a template and its spec are there even when nobody wrote them.
    pod_spec(holder.setdefault("template", {}).setdefault("spec", {}))


def _labels_from_template(obj: Obj) -> None:
    labels = ((obj["spec"].get("template") or {}).get("metadata") or {}).get("labels")
    if labels and not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(labels)


def deployment(obj: Obj) -> None:
    """apps/v1 Deployment."""
    spec = obj["spec"]
    _template(spec)
    spec.setdefault("replicas", 1)
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)


def replica_set(obj: Obj) -> None:
    """apps/v1 ReplicaSet and v1 ReplicationController."""
    _template(obj["spec"])
    _labels_from_template(obj)
    obj["spec"].setdefault("replicas", 1)


def stateful_set(obj: Obj) -> None:
    """apps/v1 StatefulSet."""
    spec = obj["spec"]
    _template(spec)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    retention.setdefault("whenDeleted", "Retain")
    retention.setdefault("whenScaled", "Retain")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
        claim.setdefault("status", {}).setdefault("phase", "Pending")


def daemon_set(obj: Obj) -> None:
    """apps/v1 DaemonSet."""
    spec = obj["spec"]
    _template(spec)
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", 10)


def _job_spec(spec: Obj) -> None:
    _template(spec)
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 2147483647 if spec.get("backoffLimitPerIndex") is not None else 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    failure = "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed"
    spec.setdefault("podReplacementPolicy", failure)


def job(obj: Obj) -> None:
    """batch/v1 Job. The selector and its labels come from `job_identity`."""
    _job_spec(obj["spec"])
    obj["spec"].setdefault("manualSelector", False)
    _labels_from_template(obj)


def job_identity(obj: Obj) -> None:
    """The selector and template labels that a new Job gets from its uid (unless manualSelector)."""
    spec, uid, name = obj["spec"], obj["metadata"]["uid"], obj["metadata"]["name"]
    if spec.get("manualSelector"):
        return
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    labels.setdefault("batch.kubernetes.io/job-name", name)
    labels.setdefault("job-name", name)
    labels.setdefault("batch.kubernetes.io/controller-uid", uid)
    labels.setdefault("controller-uid", uid)
    spec.setdefault("selector", {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}})
    _labels_from_template(obj)


def cron_job(obj: Obj) -> None:
    """batch/v1 CronJob."""
    spec = obj["spec"]
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    template = spec.setdefault("jobTemplate", {}).setdefault("spec", {})
    if isinstance(template.get("template"), dict):
        _template(template)


def service(obj: Obj) -> None:
    """v1 Service, without the cluster IP (given by the API layer on creation)."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("sessionAffinity", "None")
    spec.setdefault("type", "ClusterIP")
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    obj.setdefault("status", {}).setdefault("loadBalancer", {})


def autoscaler(obj: Obj) -> None:
    """autoscaling/v2 HorizontalPodAutoscaler."""
    spec = obj["spec"]
    if spec.get("minReplicas") is None:
        spec["minReplicas"] = 1
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    if isinstance(spec.get("behavior"), dict):
        _behavior(spec["behavior"])


def _behavior(behavior: Obj) -> None:
    percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
    up = behavior.setdefault("scaleUp", {})
    up.setdefault("stabilizationWindowSeconds", 0)
    up.setdefault("selectPolicy", "Max")
    up.setdefault("policies", [{"type": "Pods", "value": 4, "periodSeconds": 15}, dict(percent)])
    down = behavior.setdefault("scaleDown", {})
    down.setdefault("selectPolicy", "Max")
    down.setdefault("policies", [dict(percent)])


def claim(obj: Obj) -> None:
    """v1 PersistentVolumeClaim."""
    obj.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    obj.setdefault("status", {}).setdefault("phase", "Pending")


def volume(obj: Obj) -> None:
    """v1 PersistentVolume."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    obj.setdefault("status", {}).setdefault("phase", "Pending")


def storage_class(obj: Obj) -> None:
    """storage.k8s.io/v1 StorageClass."""
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def secret(obj: Obj) -> None:
    """v1 Secret."""
    obj.setdefault("type", "Opaque")


def namespace(obj: Obj) -> None:
    """v1 Namespace: its own name as a label, so that selectors can find it."""
    labels = obj["metadata"].setdefault("labels", {})
    labels.setdefault("kubernetes.io/metadata.name", obj["metadata"].get("name", ""))


def ingress(obj: Obj) -> None:
    """networking.k8s.io/v1 Ingress."""
    obj.setdefault("status", {}).setdefault("loadBalancer", {})


def endpoint_slice(obj: Obj) -> None:
    """discovery.k8s.io/v1 EndpointSlice."""
    for port in obj.get("ports") or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def node(obj: Obj) -> None:
    """v1 Node."""
    obj.setdefault("spec", {})
    obj.setdefault("status", {})


def cluster_role_binding(obj: Obj) -> None:
    """rbac.authorization.k8s.io/v1 bindings."""
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", "rbac.authorization.k8s.io")
    obj.get("roleRef", {}).setdefault("apiGroup", "rbac.authorization.k8s.io")


DEFAULTS: dict[str, Callable[[Obj], None]] = {
    "pods": pod,
    "deployments.apps": deployment,
    "replicasets.apps": replica_set,
    "replicationcontrollers": replica_set,
    "statefulsets.apps": stateful_set,
    "daemonsets.apps": daemon_set,
    "jobs.batch": job,
    "cronjobs.batch": cron_job,
    "services": service,
    "horizontalpodautoscalers.autoscaling": autoscaler,
    "persistentvolumeclaims": claim,
    "persistentvolumes": volume,
    "storageclasses.storage.k8s.io": storage_class,
    "secrets": secret,
    "namespaces": namespace,
    "ingresses.networking.k8s.io": ingress,
    "endpointslices.discovery.k8s.io": endpoint_slice,
    "nodes": node,
    "customresourcedefinitions.apiextensions.k8s.io": custom_resource_definition,
    "clusterrolebindings.rbac.authorization.k8s.io": cluster_role_binding,
    "rolebindings.rbac.authorization.k8s.io": cluster_role_binding,
}
"""By storage name (`deployments.apps`)."""

SPECCED = frozenset(DEFAULTS) - {
    "storageclasses.storage.k8s.io",
    "secrets",
    "namespaces",
    "endpointslices.discovery.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
} | {
    "apiservices.apiregistration.k8s.io",
    "csidrivers.storage.k8s.io",
    "csinodes.storage.k8s.io",
    "ingressclasses.networking.k8s.io",
    "leases.coordination.k8s.io",
    "limitranges",
    "networkpolicies.networking.k8s.io",
    "poddisruptionbudgets.policy",
    "resourcequotas",
    "volumeattachments.storage.k8s.io",
}
"""Kinds with a spec, which is there even when nobody wrote it."""


def fill(storage: str, obj: Obj) -> None:
    """Fill in the defaults of a kind (in place)."""
    if storage in SPECCED and not isinstance(obj.get("spec"), dict):
        obj["spec"] = {}
    rule = DEFAULTS.get(storage)
    if rule is not None:
        rule(obj)
