"""LimitRanges: what they fill in for containers, and what they refuse: pure functions.

Source: the LimitRanger admission plugin of Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dashboard.sandbox.amounts import amount

Obj = dict[str, Any]


def fill_limits(ranges: Iterable[Mapping[str, Any]], pod: Obj) -> None:
    """Give containers the default requests and limits that they do not name themselves (in place)."""
    for item in _items(ranges, "Container"):
        for container in (*(pod["spec"].get("initContainers") or ()), *(pod["spec"].get("containers") or ())):
            resources = container.setdefault("resources", {})
            for kind, defaults in (("limits", item.get("default")), ("requests", item.get("defaultRequest"))):
                for name, value in (defaults or {}).items():
                    resources.setdefault(kind, {}).setdefault(name, value)


def limit_refusals(ranges: Iterable[Mapping[str, Any]], storage: str, obj: Mapping[str, Any]) -> list[str]:
    """Why LimitRanges do not let a Pod or a claim in; [] when they do."""
    items = list(ranges)
    if storage == "persistentvolumeclaims":
        asked = (obj["spec"].get("resources") or {}).get("requests") or {}
        return [text for item in _items(items, "PersistentVolumeClaim") for text in _broken(item, asked, asked)]
    if storage != "pods":
        return []
    said: list[str] = []
    containers = [c.get("resources") or {} for c in obj["spec"].get("containers") or ()]
    for item in _items(items, "Container"):
        for resources in containers:
            said += _broken(item, resources.get("requests") or {}, resources.get("limits") or {})
    for item in _items(items, "Pod"):
        said += _broken(item, _sum(containers, "requests"), _sum(containers, "limits"))
    return said


def _items(ranges: Iterable[Mapping[str, Any]], kind: str) -> Iterator[Mapping[str, Any]]:
    for one in ranges:
        for item in one["spec"].get("limits") or ():
            if item.get("type") == kind:
                yield item


def _sum(containers: Iterable[Mapping[str, Any]], kind: str) -> dict[str, str]:
    total: dict[str, Any] = {}
    for resources in containers:
        for name, value in (resources.get(kind) or {}).items():
            total[name] = total.get(name, 0) + amount(value)
    return {name: str(float(value)) for name, value in total.items()}


def _broken(item: Mapping[str, Any], requests: Mapping[str, Any], limits: Mapping[str, Any]) -> Iterator[str]:
    kind = item["type"]
    for name, least in (item.get("min") or {}).items():
        if name not in requests:
            yield f"minimum {name} usage per {kind} is {least}.  No request is specified"
        elif amount(requests[name]) < amount(least):
            yield f"minimum {name} usage per {kind} is {least}, but request is {requests[name]}"
    for name, most in (item.get("max") or {}).items():
        if name not in limits:
            yield f"maximum {name} usage per {kind} is {most}.  No limit is specified"
        elif amount(limits[name]) > amount(most):
            yield f"maximum {name} usage per {kind} is {most}, but limit is {limits[name]}"
    for name, most in (item.get("maxLimitRequestRatio") or {}).items():
        if name in requests and name in limits and amount(requests[name]):
            ratio = amount(limits[name]) / amount(requests[name])
            if ratio > amount(most):
                yield f"{name} max limit to request ratio per {kind} is {most}, but provided ratio is {float(ratio):f}"
