"""Evictions: a deletion that asks the disruption budgets first.

Source: `pkg/registry/core/pod/storage/eviction.go`, Kubernetes 1.36. An eviction takes one disruption from its budget
at once, so that two in a row cannot both use the last one.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from dashboard.sandbox.failures import ApiFailure
from dashboard.sandbox.options import Delete, Write
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.scale import selector_text
from dashboard.sandbox.selectors import parse_labels

if TYPE_CHECKING:
    from dashboard.sandbox.api import Api

Obj = dict[str, Any]

REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."


def evict(api: Api, resource: Resource, pod: Obj, options: Delete, write: Write) -> None:
    """Delete a Pod unless a disruption budget forbids it. Raises ApiFailure 429, 500 for several budgets."""
    meta = pod["metadata"]
    budgets = [] if is_free(pod) else _budgets(api, pod)
    if len(budgets) > 1:
        raise ApiFailure(500, "InternalError", SEVERAL)
    for budget in budgets:
        if needs_allowance(budget, pod):
            _take(api, budget, meta["name"], write)
    api.delete(resource, meta["namespace"], meta["name"], options, write)


def is_free(pod: Obj) -> bool:
    """Whether no budget is asked: the Pod has not started, has ended, or is on its way out (canIgnorePDB)."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Succeeded", "Failed", "Pending") or bool(pod["metadata"].get("deletionTimestamp"))


def needs_allowance(budget: Obj, pod: Obj) -> bool:
    """Whether the eviction costs a disruption; one of an unready Pod may not (unhealthyPodEvictionPolicy)."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    if any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions):
        return True
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return False
    status = budget.get("status") or {}
    healthy, desired = int(status.get("currentHealthy") or 0), int(status.get("desiredHealthy") or 0)
    return not (desired > 0 and healthy >= desired)


def _budgets(api: Api, pod: Obj) -> list[Obj]:
    meta = pod["metadata"]
    found = []
    for budget in api.store.objects("poddisruptionbudgets.policy").values():
        if budget["metadata"]["namespace"] != meta["namespace"] or "selector" not in budget["spec"]:
            continue
        if parse_labels(selector_text(budget["spec"]["selector"])).matches(meta.get("labels")):
            found.append(budget)
    return found


def _take(api: Api, budget: Obj, name: str, write: Write) -> None:
    """Use up one disruption and note the Pod; raises ApiFailure 429 when there is none."""
    status = budget.get("status") or {}
    if int(status.get("disruptionsAllowed") or 0) < 1:
        raise _refusal(budget["metadata"]["name"], status)
    if write.dry_run:
        return

    def spend(obj: Obj) -> None:
        spent = copy.deepcopy(obj["status"])
        spent["disruptionsAllowed"] -= 1
        spent["disruptedPods"] = {**(spent.get("disruptedPods") or {}), name: api.clock.stamp()}
        obj["status"] = spent

    meta = budget["metadata"]
    api.rewrite(api.registry.kind("PodDisruptionBudget"), (meta["namespace"], meta["name"]), spend)


def _refusal(name: str, status: Obj) -> ApiFailure:
    healthy, desired = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    said = f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
    details = {"causes": [{"reason": "DisruptionBudget", "message": said}]}
    return ApiFailure(429, "TooManyRequests", REFUSED, details)
