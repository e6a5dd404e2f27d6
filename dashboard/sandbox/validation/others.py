"""Pods (what may change), Services, ConfigMaps, Secrets, budgets, claims."""

from __future__ import annotations

import copy
import re
from typing import Any

from dashboard.sandbox.validation.errors import IMMUTABLE, Errors
from dashboard.sandbox.validation.podspec import pod_spec, port_number, quantity
from dashboard.sandbox.validation.selectors import amount, at_most_all, selector

Obj = dict[str, Any]

POD_FORBIDDEN = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def pod(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """v1 Pod."""
    pod_spec(errors, "spec", obj["spec"])
    if live is not None and _fixed(obj["spec"]) != _fixed(live["spec"]):
        errors.forbidden("spec", POD_FORBIDDEN)


def _fixed(spec: Obj) -> Obj:
    """What may not change. The node is: it is set once, by the scheduler."""
    kept = copy.deepcopy(spec)
    for name in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName"):
        kept.pop(name, None)
    for group in ("containers", "initContainers"):
        for container in kept.get(group) or ():
            container.pop("image", None)
    return kept


SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


def service(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """v1 Service."""
    spec = obj["spec"]
    kind = spec.get("type")
    if kind not in SERVICE_TYPES:
        errors.unsupported("spec.type", kind, SERVICE_TYPES)
    ports = spec.get("ports") or []
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        errors.required("spec.ports")
    names: set[str] = set()
    for index, port in enumerate(ports):
        at = f"spec.ports[{index}]"
        if "port" not in port:
            errors.required(f"{at}.port")
        else:
            port_number(errors, f"{at}.port", port["port"])
        name = port.get("name", "")
        if len(ports) > 1 and not name:
            errors.required(f"{at}.name")
        elif name and name in names:
            errors.duplicate(f"{at}.name", name)
        names.add(name)
    if kind == "ExternalName" and not spec.get("externalName"):
        errors.required("spec.externalName")
    was = (live or {}).get("spec", {})
    if was.get("clusterIP") and kind != "ExternalName" and spec.get("clusterIP") != was["clusterIP"]:
        errors.invalid("spec.clusterIPs[0]", spec.get("clusterIPs"), "may not change once set")


KEY = re.compile(r"[-._a-zA-Z0-9]+")
KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
    "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
DATA_LIMIT = 1048576


def _data(errors: Errors, obj: Obj, live: Obj | None, kind: str) -> None:
    size = 0
    for name in ("data", "binaryData"):
        for key, value in (obj.get(name) or {}).items():
            if not KEY.fullmatch(key):
                errors.invalid(f"{name}[{key}]", key, KEY_TEXT)
            size += len(str(value).encode())
    if size > DATA_LIMIT:
        errors.too_long("" if kind == "configmap" else "data", DATA_LIMIT)
    if live is not None and live.get("immutable"):
        if not obj.get("immutable"):
            errors.forbidden("immutable", "field is immutable when `immutable` is set")
        for name in ("data", "binaryData"):
            if obj.get(name) != live.get(name):
                errors.forbidden(name, "field is immutable when `immutable` is set")


def config_map(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """v1 ConfigMap."""
    _data(errors, obj, live, "configmap")


def secret(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """v1 Secret."""
    _data(errors, obj, live, "secret")
    if live is not None and obj.get("type") != live.get("type"):
        errors.invalid("type", obj.get("type"), IMMUTABLE)


EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")


def budget(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """policy/v1 PodDisruptionBudget."""
    spec = obj.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        errors.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        amount(errors, f"spec.{name}", spec.get(name))
        at_most_all(errors, f"spec.{name}", spec.get(name))
    selector(errors, "spec.selector", spec.get("selector") or {})
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in EVICTION_POLICIES:
        errors.unsupported("spec.unhealthyPodEvictionPolicy", policy, EVICTION_POLICIES)


def claim(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """v1 PersistentVolumeClaim."""
    spec = obj["spec"]
    if not spec.get("accessModes"):
        errors.required("spec.accessModes", "at least 1 access mode is required")
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if storage is None:
        errors.required("spec.resources[storage]")
    elif (quantity(storage) or 0) <= 0:
        errors.invalid("spec.resources[storage]", storage, "must be greater than zero")
    if live is not None and live["spec"].get("volumeName"):
        kept = {k: v for k, v in live["spec"].items() if k not in ("resources", "volumeAttributesClassName")}
        if any(spec.get(key) != value for key, value in kept.items()):
            text = (
                "spec is immutable after creation except resources.requests and volumeAttributesClassName for "
                "bound claims"
            )
            errors.forbidden("spec", text)
