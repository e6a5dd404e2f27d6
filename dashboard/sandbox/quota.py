"""What objects cost a namespace, and whether a ResourceQuota lets another one in: pure functions.

Source: `pkg/quota/v1/evaluator/core` and the ResourceQuota admission plugin of Kubernetes 1.36. Kinds are named as the
store names them: `pods`, `deployments.apps`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from dashboard.sandbox.amounts import amount, is_bytes, written

Obj = dict[str, Any]
Usage = dict[str, Fraction]

COUNTED = frozenset(
    [
        "pods",
        "services",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
    ]
)
"""Kinds that may be counted by their bare names, beside `count/<plural>.<group>`."""

COMPUTE = frozenset(["cpu", "memory", "ephemeral-storage"])


def cost(storage: str, obj: Mapping[str, Any]) -> Usage:
    """What one object uses, by the names that a quota's `hard` may have."""
    out: Usage = {f"count/{storage}": Fraction(1)}
    if storage in COUNTED:
        out[storage] = Fraction(1)
    if storage == "pods":
        return out | _pod(obj)
    if storage == "services":
        return out | _service(obj["spec"])
    if storage == "persistentvolumeclaims":
        asked = ((obj["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0")
        name = obj["spec"].get("storageClassName")
        out["requests.storage"] = amount(asked)
        if name:
            prefix = f"{name}.storageclass.storage.k8s.io"
            out |= {f"{prefix}/requests.storage": amount(asked), f"{prefix}/persistentvolumeclaims": Fraction(1)}
    return out


def _service(spec: Mapping[str, Any]) -> Usage:
    kind, ports = spec.get("type"), len(spec.get("ports") or ())
    out = {"services.nodeports": Fraction(ports)} if kind in ("NodePort", "LoadBalancer") else {}
    return out | ({"services.loadbalancers": Fraction(1)} if kind == "LoadBalancer" else {})


def _pod(pod: Mapping[str, Any]) -> Usage:
    out: Usage = {}
    for container in pod["spec"]["containers"]:
        resources = container.get("resources") or {}
        for kind in ("requests", "limits"):
            for name, value in (resources.get(kind) or {}).items():
                keys = [f"{kind}.{name}"] + ([name] if kind == "requests" and name in COMPUTE else [])
                for key in keys:
                    out[key] = out.get(key, Fraction(0)) + amount(value)
    return out


def is_counted(storage: str, obj: Mapping[str, Any]) -> bool:
    """Ended Pods cost nothing any more."""
    return storage != "pods" or (obj.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def in_scope(quota: Mapping[str, Any], storage: str, obj: Mapping[str, Any]) -> bool:
    """Whether the quota is about this object; scopes only select Pods (priority classes are not imitated)."""
    scopes = quota["spec"].get("scopes") or ()
    if not scopes:
        return True
    if storage != "pods":
        return False
    terminating = obj["spec"].get("activeDeadlineSeconds") is not None
    effortless = not any((c.get("resources") or {}) for c in obj["spec"]["containers"])
    holds = {
        "Terminating": terminating,
        "NotTerminating": not terminating,
        "BestEffort": effortless,
        "NotBestEffort": not effortless,
    }
    return all(holds.get(scope, False) for scope in scopes)


def used(quota: Mapping[str, Any], objects: Callable[[str], Iterable[Obj]]) -> Usage:
    """What the namespace uses of each resource of `hard`; `objects(storage)` lists its objects of one kind."""
    hard = quota["spec"].get("hard") or {}
    total = dict.fromkeys(hard, Fraction(0))
    for storage in kinds_of(hard):
        for obj in objects(storage):
            if not is_counted(storage, obj) or not in_scope(quota, storage, obj):
                continue
            for name, value in cost(storage, obj).items():
                if name in total:
                    total[name] += value
    return total


def kinds_of(hard: Iterable[str]) -> set[str]:
    """The kinds that must be looked at to know the usage of these resources."""
    out = set()
    for name in hard:
        if name.startswith("count/"):
            out.add(name.removeprefix("count/"))
        elif name.split(".")[0] == "services":
            out.add("services")
        elif name in COUNTED:
            out.add(name)
        elif name == "requests.storage" or "storageclass.storage.k8s.io" in name:
            out.add("persistentvolumeclaims")
        else:
            out.add("pods")
    return out


def shown(usage: Mapping[str, Fraction]) -> dict[str, str]:
    """A usage as quantities."""
    return {name: written(value, binary=is_bytes(name)) for name, value in usage.items()}


def quota_refusal(quota: Mapping[str, Any], storage: str, obj: Mapping[str, Any], usage: Usage) -> str:
    """Why the quota does not let a new object in, "" when it does; `usage` is what is used without it."""
    if not in_scope(quota, storage, obj):
        return ""
    hard = quota["spec"].get("hard") or {}
    name, wanted = quota["metadata"]["name"], cost(storage, obj)
    if storage == "pods" and (missing := _unspecified(hard, obj)):
        return f"failed quota: {name}: must specify {missing}"
    over = sorted(
        key for key, value in wanted.items() if value and key in hard and usage.get(key, 0) + value > amount(hard[key])
    )
    if not over:
        return ""
    parts = {
        "requested": {key: wanted[key] for key in over},
        "used": {key: usage.get(key, Fraction(0)) for key in over},
        "limited": {key: amount(hard[key]) for key in over},
    }
    said = [f"{word}: {','.join(f'{k}={v}' for k, v in shown(values).items())}" for word, values in parts.items()]
    return f"exceeded quota: {name}, {', '.join(said)}"


def _unspecified(hard: Mapping[str, Any], pod: Mapping[str, Any]) -> str:
    """`cpu for: nginx; limits.memory for: nginx`: what a compute quota obliges containers to name."""
    obliged = [
        key for key in hard if key.split(".")[-1] in COMPUTE and key.split(".")[0] in (*COMPUTE, "requests", "limits")
    ]
    parts = []
    for key in sorted(obliged):
        kind, _, name = key.rpartition(".")
        asked = [
            (c["name"], (c.get("resources") or {}).get(kind or "requests") or {}) for c in pod["spec"]["containers"]
        ]
        lacking = sorted(container for container, resources in asked if name not in resources)
        if lacking:
            parts.append(f"{key} for: {','.join(lacking)}")
    return "; ".join(parts)
