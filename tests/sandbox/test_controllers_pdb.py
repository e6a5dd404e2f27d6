"""PodDisruptionBudgets: what is expected, what is healthy, what may go."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.controllers import pdb as rules
from tests.sandbox.loops import Obj, pod, workload, world


def budget(**spec: Any) -> Obj:
    base = {"selector": {"matchLabels": {"app": "web"}}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": base | spec}


PODS = [pod(f"p{n}") for n in range(4)]


@pytest.mark.parametrize(
    ("spec", "scales", "expected"),
    [
        ({"minAvailable": 2}, [], (4, 2)),
        ({"minAvailable": 2}, [None], (4, 2)),
        ({}, [], (4, 1)),
        ({"minAvailable": "50%"}, [5], (5, 3)),
        ({"maxUnavailable": 1}, [5], (5, 4)),
        ({"maxUnavailable": "30%"}, [5], (5, 3)),
        ({"maxUnavailable": 9}, [5], (5, 0)),
        ({"maxUnavailable": 1}, [3, 2], (5, 4)),
    ],
)
def test_expected(spec: Obj, scales: list[int | None], expected: tuple[int, int]) -> None:
    assert rules.expected(budget(**spec), PODS, scales) == expected


def test_a_percentage_of_pods_without_a_controller_cannot_be_known() -> None:
    with pytest.raises(rules.NoScaleError, match="found no controllers for pod"):
        rules.expected(budget(maxUnavailable=1), PODS, [None])


def test_healthy_leaves_out_the_unready_the_leaving_and_the_evicted() -> None:
    pods = [pod("a"), pod("b", ready=False), pod("c", leaving=True), pod("d")]
    assert rules.healthy(pods, ["d"]) == 1


def test_an_eviction_that_came_to_nothing_is_forgotten() -> None:
    noted = budget() | {"status": {"disruptedPods": {"p0": "2026-01-01T00:00:00Z", "gone": "2026-01-01T00:00:00Z"}}}
    began = 1767225600.0
    assert rules.disrupted(noted, PODS, began + 119, 1.0) == {"p0": "2026-01-01T00:00:00Z"}
    assert rules.disrupted(noted, PODS, began + 121, 1.0) == {}
    assert rules.disrupted(noted, PODS, began + 7, 20.0) == {}


def test_the_condition_keeps_its_time_while_it_holds() -> None:
    first = rules.verdict(1, 1, {}, "t1")
    assert (first[0]["status"], first[0]["reason"]) == ("True", "SufficientPods")
    assert rules.verdict(2, 1, {"conditions": first}, "t2")[0]["lastTransitionTime"] == "t1"
    assert rules.verdict(0, 1, {"conditions": first}, "t2")[0]["lastTransitionTime"] == "t2"


async def test_what_may_go_follows_the_pods() -> None:
    async with world() as w:
        w.apply(budget(minAvailable=2))
        await w.status("PodDisruptionBudget", "web", desiredHealthy=2, expectedPods=0)
        assert w.said("web", "NoPods") == ["No matching pods found"]
        w.apply(workload("Deployment", "web", replicas=3))
        await w.status("PodDisruptionBudget", "web", currentHealthy=3, disruptionsAllowed=1, expectedPods=3)
        w.patch("Deployment", "web", {"spec": {"replicas": 2}})
        held = await w.status("PodDisruptionBudget", "web", currentHealthy=2, disruptionsAllowed=0, expectedPods=2)
        said = held["status"]["conditions"][0]
        assert (said["type"], said["status"], said["reason"]) == ("DisruptionAllowed", "False", "InsufficientPods")


async def test_unmanaged_pods_cannot_be_counted_in_percent() -> None:
    async with world() as w:
        meta = {"name": "bare", "labels": {"app": "web"}}
        w.apply({"kind": "Pod", "metadata": meta, "spec": {"containers": [{"name": "main", "image": "nginx:1"}]}})
        w.apply(budget(maxUnavailable="50%"))
        await w.until(lambda: w.said("web", "CalculateExpectedPodCountFailed"))
        found = await w.until(lambda: w.get("PodDisruptionBudget", "web")["status"].get("conditions"))
        assert found[0]["reason"] == "SyncFailed"
