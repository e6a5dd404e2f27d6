"""One small function per built-in kind, and the one map from kind to function.

To add a kind: write the function (its docstring cites where the rule is written down), add it to `KINDS`,
and add fixtures `tests/core/fixtures/<kind>-<state>.yaml` for at least two verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboard.core.kinds import autoscaling, batch, cluster, gateway, network, pods, storage, workloads
from dashboard.core.subject import Finding, Subject

Rule = Callable[[Subject], Finding | None]
"""A kind's rule. None hands the object on to the generic rules."""

KINDS: Mapping[tuple[str, str], Rule] = {
    ("", "Pod"): pods.pod,
    ("", "Service"): network.service,
    ("", "PersistentVolumeClaim"): storage.claim,
    ("", "PersistentVolume"): storage.volume,
    ("", "Node"): cluster.node,
    ("", "Namespace"): cluster.namespace,
    ("", "ReplicationController"): workloads.replica_set,
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("batch", "Job"): batch.job,
    ("batch", "CronJob"): batch.cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): autoscaling.hpa,
    ("discovery.k8s.io", "EndpointSlice"): network.endpoint_slice,
    ("networking.k8s.io", "Ingress"): network.ingress,
    ("policy", "PodDisruptionBudget"): cluster.disruption_budget,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): cluster.custom_resource_definition,
    ("apiregistration.k8s.io", "APIService"): cluster.api_service,
    ("gateway.networking.k8s.io", "GatewayClass"): gateway.gateway,
    ("gateway.networking.k8s.io", "Gateway"): gateway.gateway,
    ("gateway.networking.k8s.io", "HTTPRoute"): gateway.attached,
    ("gateway.networking.k8s.io", "GRPCRoute"): gateway.attached,
    ("gateway.networking.k8s.io", "TLSRoute"): gateway.attached,
    ("gateway.networking.k8s.io", "TCPRoute"): gateway.attached,
    ("gateway.networking.k8s.io", "UDPRoute"): gateway.attached,
    ("gateway.networking.k8s.io", "BackendTLSPolicy"): gateway.policy,
}
