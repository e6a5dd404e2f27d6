"""Binding a Pod to a node: what a POST of a Binding does (`pkg/registry/core/pod/storage`, assignPod)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.sandbox.failures import conflict, not_found

if TYPE_CHECKING:
    from dashboard.sandbox.api import Api
    from dashboard.sandbox.registry import Resource

Obj = dict[str, Any]


def bind(api: Api, resource: Resource, namespace: str, name: str, node: str) -> Obj:
    """Give the Pod its node and its PodScheduled condition. Raises ApiFailure 404, or 409 when it has one already."""
    pod = api.find(resource, namespace, name)
    if pod is None:
        raise not_found(resource.plural, resource.group, name)
    if pod["metadata"].get("deletionTimestamp"):
        raise conflict("pods/binding", "", name, f"pod {name} is being deleted, cannot be assigned to a host")
    if pod["spec"].get("nodeName"):
        taken = f"pod {name} is already assigned to node {pod['spec']['nodeName']!r}"
        raise conflict("pods/binding", "", name, taken.replace("'", '"'))

    def assign(copied: Obj) -> None:
        copied["spec"] = {**copied["spec"], "nodeName": node}
        status = dict(copied.get("status") or {})
        others = [entry for entry in status.get("conditions") or () if entry["type"] != "PodScheduled"]
        said = {
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": api.clock.stamp(),
        }
        copied["status"] = {**status, "conditions": [*others, said]}

    return api.rewrite(resource, api.key(resource, namespace, name), assign)
