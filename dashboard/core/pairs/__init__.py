"""The pairs of the kinds that have their own: which observed field answers to which desired one.

To add a kind: write a function that adds its rows to the sheet, and put it into `PAIRS`. A kind that is not here
is read by the rules for any kind (`dashboard.core.answers`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboard.core.pairs import autoscaling, batch, cluster, gateway, network, pods, storage, workloads
from dashboard.core.sheet import Sheet

Pairs = Callable[[Sheet], None]

PAIRS: Mapping[tuple[str, str], Pairs] = {
    ("", "Pod"): pods.pod,
    ("", "Service"): network.service,
    ("", "PersistentVolumeClaim"): storage.claim,
    ("", "Node"): cluster.node,
    ("", "Namespace"): cluster.nothing,
    ("", "ReplicationController"): workloads.replica_set,
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("batch", "Job"): batch.job,
    ("batch", "CronJob"): cluster.nothing,
    ("autoscaling", "HorizontalPodAutoscaler"): autoscaling.autoscaler,
    ("discovery.k8s.io", "EndpointSlice"): network.endpoint_slice,
    ("networking.k8s.io", "Ingress"): network.ingress,
    ("gateway.networking.k8s.io", "Gateway"): gateway.gateway,
    ("gateway.networking.k8s.io", "HTTPRoute"): gateway.route,
    ("gateway.networking.k8s.io", "GRPCRoute"): gateway.route,
    ("gateway.networking.k8s.io", "TLSRoute"): gateway.route,
    ("gateway.networking.k8s.io", "TCPRoute"): gateway.route,
    ("gateway.networking.k8s.io", "UDPRoute"): gateway.route,
    ("policy", "PodDisruptionBudget"): cluster.disruption_budget,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): cluster.custom_resource_definition,
}
