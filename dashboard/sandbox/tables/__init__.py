"""Tables: the columns in which kubectl shows each kind."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.registry import Resource
from dashboard.sandbox.tables import metrics, others, pods, workloads
from dashboard.sandbox.tables.cells import Column
from dashboard.sandbox.tables.custom import columns_of

BY_STORAGE: dict[str, tuple[Column, ...]] = {
    "pods": pods.POD,
    "nodes": pods.NODE,
    "deployments.apps": workloads.DEPLOYMENT,
    "replicasets.apps": workloads.REPLICA_SET,
    "replicationcontrollers": workloads.REPLICA_SET,
    "statefulsets.apps": workloads.STATEFUL_SET,
    "daemonsets.apps": workloads.DAEMON_SET,
    "jobs.batch": workloads.JOB,
    "cronjobs.batch": workloads.CRON_JOB,
    "horizontalpodautoscalers.autoscaling": workloads.AUTOSCALER,
    "poddisruptionbudgets.policy": workloads.BUDGET,
    "controllerrevisions.apps": workloads.REVISION,
    "namespaces": others.NAMESPACE,
    "configmaps": others.CONFIG_MAP,
    "secrets": others.SECRET,
    "serviceaccounts": others.SERVICE_ACCOUNT,
    "services": others.SERVICE,
    "ingresses.networking.k8s.io": others.INGRESS,
    "events": others.EVENT,
    "persistentvolumeclaims": others.CLAIM,
    "persistentvolumes": others.VOLUME,
    "storageclasses.storage.k8s.io": others.STORAGE_CLASS,
    "endpoints": others.ENDPOINTS,
    "endpointslices.discovery.k8s.io": others.ENDPOINT_SLICE,
    "resourcequotas": others.QUOTA,
    "leases.coordination.k8s.io": others.LEASE,
    "priorityclasses.scheduling.k8s.io": others.PRIORITY,
    "networkpolicies.networking.k8s.io": others.NETWORK_POLICY,
    "ingressclasses.networking.k8s.io": others.INGRESS_CLASS,
    "runtimeclasses.node.k8s.io": others.RUNTIME_CLASS,
    "nodes.metrics.k8s.io": metrics.METRICS,
    "pods.metrics.k8s.io": metrics.METRICS,
    "rolebindings.rbac.authorization.k8s.io": others.BINDING,
    "clusterrolebindings.rbac.authorization.k8s.io": others.BINDING,
}


def _columns(resource: Resource) -> tuple[Column, ...]:
    if resource.custom is not None:
        return columns_of(resource.custom.columns)
    return BY_STORAGE.get(resource.storage, others.PLAIN)


def columns(resource: Resource) -> list[dict[str, Any]]:
    """The column definitions of a kind."""
    return [column.definition() for column in _columns(resource)]


def row(resource: Resource, obj: dict[str, Any], now: float) -> list[Any]:
    """The cells of an object; `now` in Unix seconds."""
    return [column.cell(obj, now) for column in _columns(resource)]
