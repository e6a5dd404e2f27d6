"""Evictions and disruption budgets."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.eviction import evict, is_free, needs_allowance
from dashboard.sandbox.failures import ApiFailure
from dashboard.sandbox.options import Delete, Write
from tests.sandbox.loops import Obj, World, pod, workload, world


def budget(name: str = "web", **spec: Any) -> Obj:
    base = {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 2}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": base | spec}


@pytest.mark.parametrize(
    ("how", "free"),
    [
        ({}, False),
        ({"ready": False}, False),
        ({"leaving": True}, True),
        ({"phase": "Failed"}, True),
        ({"phase": "Pending"}, True),
    ],
)
def test_who_is_free(how: Obj, free: bool) -> None:
    assert is_free(pod("a", **how)) is free


@pytest.mark.parametrize(
    ("ready", "spec", "status", "needs"),
    [
        (True, {}, {"currentHealthy": 5, "desiredHealthy": 2}, True),
        (False, {}, {"currentHealthy": 2, "desiredHealthy": 2}, False),
        (False, {}, {"currentHealthy": 1, "desiredHealthy": 2}, True),
        (False, {"unhealthyPodEvictionPolicy": "AlwaysAllow"}, {"currentHealthy": 1, "desiredHealthy": 2}, False),
    ],
)
def test_unready_pods_may_cost_nothing(ready: bool, spec: Obj, status: Obj, needs: bool) -> None:
    assert needs_allowance(budget(**spec) | {"status": status}, pod("a", ready=ready)) is needs


def evict_one(w: World, name: str, **how: Any) -> None:
    evict(w.api, w.api.registry.kind("Pod"), w.get("Pod", name), Delete(), Write("kubectl", **how))


async def test_the_last_disruption_can_be_used_once() -> None:
    async with world() as w:
        w.apply(budget())
        w.apply(workload("Deployment", "web", replicas=3))
        await w.status("PodDisruptionBudget", "web", disruptionsAllowed=1)
        first, second, _ = w.names(app="web")
        evict_one(w, first, dry_run=True)
        assert not w.get("Pod", first)["metadata"].get("deletionTimestamp")
        evict_one(w, first)
        # Before any loop has looked again: the budget is used up already.
        assert w.get("PodDisruptionBudget", "web")["status"]["disruptionsAllowed"] == 0
        with pytest.raises(ApiFailure, match="would violate the pod's disruption budget") as refused:
            evict_one(w, second)
        assert refused.value.code == 429
        await w.status("PodDisruptionBudget", "web", disruptionsAllowed=1, disruptedPods={})


async def test_two_budgets_for_one_pod_are_refused() -> None:
    async with world() as w:
        w.apply(budget("one"))
        w.apply(budget("two"))
        w.apply(workload("Deployment", "web", replicas=3))
        await w.status("Deployment", "web", readyReplicas=3)
        with pytest.raises(ApiFailure, match="more than one PodDisruptionBudget"):
            evict_one(w, w.names(app="web")[0])
