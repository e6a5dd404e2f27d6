"""metrics.k8s.io: what `kubectl top` shows. Nothing runs, so usage is worked out on each request, never stored.

A Pod below a workload with the CPU knob uses its share of that load, as the autoscaler counts it; any other Pod
uses a small amount that follows from its uid and its requests, the same each time. A node uses what its Pods use
and a little of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from dashboard.sandbox.amounts import amount
from dashboard.sandbox.api import Api
from dashboard.sandbox.registry import Resource

Obj = dict[str, Any]

GROUP = "metrics.k8s.io"
WINDOW = "15s"
"""Over which usage is said to be averaged (metrics-server's default resolution)."""

LOADED = ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet")
"""Workloads whose annotation sets a load."""

MEBI = 2**20
NODE_CPU = 90.0
"""Millicores of a node's own processes."""
NODE_MEMORY = 600 * MEBI

Usage = tuple[float, float]
"""(millicores, bytes)."""


def objects(api: Api, resource: Resource, namespace: str = "") -> list[Obj]:
    """All PodMetrics (of a namespace; "" for all) or NodeMetrics, in the order of the Pods or nodes."""
    shown = [pod for pod in _objects(api, "pods") if _has_metrics(api, pod)]
    loads = _loads(api, shown)
    if resource.kind == "NodeMetrics":
        return [_node(api, resource, node, shown, loads) for node in _objects(api, "nodes") if _is_ready(node)]
    wanted = [pod for pod in shown if not namespace or pod["metadata"]["namespace"] == namespace]
    return [_pod(api, resource, pod, loads) for pod in wanted]


def _objects(api: Api, storage: str) -> list[Obj]:
    current = api.store.objects(storage)
    return [current[key] for key in api.store.keys(storage)]


def _is_ready(node: Obj) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _has_metrics(api: Api, pod: Obj) -> bool:
    """Whether a kubelet that answers runs the Pod."""
    node = api.store.get("nodes", ("", pod["spec"].get("nodeName") or ""))
    return node is not None and _is_ready(node) and (pod.get("status") or {}).get("phase") == "Running"


def _loads(api: Api, pods: Iterable[Obj]) -> dict[tuple[str, str], float]:
    """Millicores by (namespace, name) of the Pods whose workload has a load."""
    # The loops import the API: this side of the sandbox takes their rules only when it is asked.
    from dashboard.sandbox.controllers import hpa_rules, meta  # noqa: PLC0415

    by_namespace: dict[str, list[Obj]] = {}
    for pod in pods:
        by_namespace.setdefault(pod["metadata"]["namespace"], []).append(pod)
    out: dict[tuple[str, str], float] = {}
    for kind in LOADED:
        for workload in _objects(api, api.registry.kind(kind).storage):
            load, namespace = hpa_rules.load_of(workload), workload["metadata"]["namespace"]
            if load is None:
                continue
            selector = workload["spec"].get("selector")
            mine = [pod for pod in by_namespace.get(namespace, ()) if meta.matches(selector, meta.labels_of(pod))]
            out |= {(namespace, name): used for name, used in hpa_rules.usage(load, mine).items()}
    return out


def _share(*names: str) -> float:
    """A number from 0 to 1 that is always the same for the same names."""
    return int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:4]) / 2**32


def _asked(container: Obj, kind: str, name: str) -> float | None:
    value = ((container.get("resources") or {}).get(kind) or {}).get(name)
    return None if value is None else float(amount(value))


def _idle(pod: Obj, container: Obj) -> Usage:
    """What a container uses that nobody has given a load."""
    share = _share(pod["metadata"]["uid"], container["name"])
    cpu = 1 + 3 * share + 1000 * (_asked(container, "requests", "cpu") or 0.0) * 0.05 * share
    asked, most = _asked(container, "requests", "memory"), _asked(container, "limits", "memory")
    memory = (12 + 48 * share) * MEBI if asked is None else asked * (0.5 + 0.4 * share)
    return cpu, memory if most is None else min(memory, 0.9 * most)


def _containers(pod: Obj, loads: dict[tuple[str, str], float]) -> list[tuple[str, Usage]]:
    meta, containers = pod["metadata"], pod["spec"]["containers"]
    load = loads.get((meta["namespace"], meta["name"]))
    out = []
    for container in containers:
        cpu, memory = _idle(pod, container)
        out.append((container["name"], (cpu if load is None else load / len(containers), memory)))
    return out


def _written(usage: Usage) -> dict[str, str]:
    return {"cpu": f"{round(usage[0] * 1e6)}n", "memory": f"{int(usage[1]) // 1024}Ki"}


def _head(api: Api, resource: Resource, obj: Obj) -> Obj:
    meta, stamp = obj["metadata"], api.clock.stamp()
    shown: Obj = {"name": meta["name"]}
    if resource.namespaced:
        shown["namespace"] = meta["namespace"]
    shown["creationTimestamp"] = stamp
    if meta.get("labels"):
        shown["labels"] = meta["labels"]
    head = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": shown}
    return {**head, "timestamp": stamp, "window": WINDOW}


def _pod(api: Api, resource: Resource, pod: Obj, loads: dict[tuple[str, str], float]) -> Obj:
    containers = [{"name": name, "usage": _written(usage)} for name, usage in _containers(pod, loads)]
    return {**_head(api, resource, pod), "containers": containers}


def _node(api: Api, resource: Resource, node: Obj, pods: Iterable[Obj], loads: dict[tuple[str, str], float]) -> Obj:
    name = node["metadata"]["name"]
    cpu, memory = NODE_CPU * (1 + _share(name)), NODE_MEMORY * (1 + _share(name, "memory"))
    for pod in pods:
        if pod["spec"].get("nodeName") == name:
            used = [usage for _, usage in _containers(pod, loads)]
            cpu += sum(usage[0] for usage in used)
            memory += sum(usage[1] for usage in used)
    return {**_head(api, resource, node), "usage": _written((cpu, memory))}
