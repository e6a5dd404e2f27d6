"""HorizontalPodAutoscaler: the algorithm, and the loop under load and without metrics."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.controllers import hpa_rules as rules
from tests.sandbox.loops import Obj, pod, workload, world

UTILISATION = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 50}}}


def busy(name: str, cpu: str = "100m", **how: Any) -> Obj:
    found = pod(name, **how)
    found["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu}}
    return found


def hpa(least: int = 1, most: int = 10, **spec: Any) -> Obj:
    target = {"type": "Utilization", "averageUtilization": 50}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    base = {"scaleTargetRef": reference, "minReplicas": least, "maxReplicas": most, "metrics": [metric]}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": base | spec,
    }


@pytest.mark.parametrize(
    ("load", "ready", "unready", "expected"),
    [
        (100, 2, 0, 2),  # 50 %: on target
        (110, 2, 0, 2),  # 55 %: ratio 1.1, within the tolerance
        (112, 2, 0, 3),  # 56 %: just outside
        (90, 2, 0, 2),  # 45 %: ratio 0.9, within
        (88, 2, 0, 2),  # 44 %: outside, rounded up to 2 again
        (40, 2, 0, 1),
        (400, 2, 0, 8),
        (0, 2, 0, 0),  # the floor is minReplicas, applied later
        (400, 2, 2, 8),  # Pods that start count as idle: 8 all the same
        (220, 2, 2, 4),  # 1.1 of four: no change
        (150, 2, 2, 4),  # would turn into scaling down: no change
    ],
)
def test_replicas_for_a_load(load: float, ready: int, unready: int, expected: int) -> None:
    pods = [busy(f"r{n}") for n in range(ready)] + [busy(f"u{n}", ready=False) for n in range(unready)]
    assert rules.propose(UTILISATION, len(pods), pods, load).replicas == expected


def test_what_is_shown_of_the_metric() -> None:
    found = rules.propose(UTILISATION, 2, [busy("a"), busy("b")], 300)
    assert found.status["resource"]["current"] == {"averageUtilization": 150, "averageValue": "150m"}
    value = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageValue": "100m"}}}
    found = rules.propose(value, 2, [busy("a"), busy("b")], 300)
    assert found.replicas == 3
    assert found.status["resource"]["current"] == {"averageValue": "150m"}


@pytest.mark.parametrize(
    ("metric", "pods", "load", "reason", "text"),
    [
        (UTILISATION, [busy("a")], None, "FailedGetResourceMetric", "(get pods.metrics.k8s.io)"),
        (UTILISATION, [busy("a", ready=False)], 100, "FailedGetResourceMetric", "no metrics returned"),
        (UTILISATION, [pod("a")], 100, "FailedGetResourceMetric", "missing request for cpu in container main of Pod a"),
        ({"type": "Pods", "pods": {}}, [busy("a")], 100, "FailedGetPodsMetric", "custom metrics API"),
    ],
)
def test_missing_metrics(metric: Obj, pods: list[Obj], load: float | None, reason: str, text: str) -> None:
    with pytest.raises(rules.MetricError, match=text.replace("(", r"\(").replace(")", r"\)")) as caught:
        rules.propose(metric, 1, pods, load)
    assert caught.value.reason == reason


@pytest.mark.parametrize(("text", "load"), [("900", 900.0), ("900m", 900.0), ("12.5", 12.5), ("", None), ("x", None)])
def test_the_knob(text: str, load: float | None) -> None:
    assert rules.load_of({"metadata": {"annotations": {rules.LOAD: text}}}) == load


@pytest.mark.parametrize(
    ("current", "desired", "history", "expected", "reason"),
    [
        (5, 8, [], 8, "ReadyForNewScale"),
        (5, 2, [(10.0, 5)], 5, "ScaleDownStabilized"),
        (5, 2, [(10.0, 4), (299.0, 3)], 4, "ScaleDownStabilized"),
        (5, 2, [(301.0, 5)], 2, "ReadyForNewScale"),
    ],
)
def test_stabilisation(
    current: int, desired: int, history: list[tuple[float, int]], expected: int, reason: str
) -> None:
    size, said = rules.stabilise(None, current, desired, history)
    assert (size, said[2]) == (expected, reason)


def test_stabilisation_on_the_way_up_by_behaviour() -> None:
    behaviour = {"scaleUp": {"stabilizationWindowSeconds": 60}}
    size, said = rules.stabilise(behaviour, 3, 8, [(30.0, 4)])
    assert (size, said[2]) == (4, "ScaleUpStabilized")


@pytest.mark.parametrize(
    ("autoscaler", "current", "desired", "events", "expected"),
    [
        (hpa(2, 10), 3, 1, [], (2, "TooFewReplicas")),
        (hpa(1, 4), 3, 9, [], (4, "TooManyReplicas")),
        (hpa(1, 20), 1, 9, [], (4, "ScaleUpLimit")),
        (hpa(1, 20), 5, 20, [], (10, "ScaleUpLimit")),
        (hpa(1, 10), 3, 5, [], (5, "DesiredWithinRange")),
        (hpa(1, 20, behavior={"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]}}),
         5, 20, [], (7, "ScaleUpLimit")),
        (hpa(1, 20, behavior={"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]}}),
         7, 20, [(30.0, 2)], (7, "ScaleUpLimit")),
        (hpa(1, 20, behavior={"scaleDown": {"policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}]}}),
         20, 1, [], (18, "ScaleDownLimit")),
        (hpa(1, 20, behavior={"scaleDown": {"selectPolicy": "Disabled"}}), 8, 1, [], (8, "ScaleDownLimit")),
        (hpa(1, 20, behavior={}), 3, 20, [], (7, "ScaleUpLimit")),
    ],
)  # fmt: skip
def test_limits(
    autoscaler: Obj, current: int, desired: int, events: list[tuple[float, int]], expected: tuple[int, str]
) -> None:
    size, said = rules.limit(autoscaler, current, desired, events)
    assert (size, said[2]) == expected
    assert said[1] == ("False" if expected[1] == "DesiredWithinRange" else "True")


def web(load: str | None, replicas: int = 2) -> Obj:
    obj = workload("Deployment", "web", replicas=replicas)
    obj["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "100m"}}
    if load is not None:
        obj["metadata"]["annotations"] = {rules.LOAD: load}
    return obj


def conditions(obj: Obj) -> dict[str, tuple[str, str]]:
    return {c["type"]: (c["status"], c["reason"]) for c in obj["status"].get("conditions") or ()}


async def test_load_up_and_down_again() -> None:
    async with world(60) as w:
        w.apply(web("100"))
        await w.status("Deployment", "web", readyReplicas=2)
        w.apply(hpa(1, 5))
        await w.status("HorizontalPodAutoscaler", "web", currentReplicas=2, desiredReplicas=2)
        w.patch("Deployment", "web", {"metadata": {"annotations": {rules.LOAD: "900"}}})
        grown = await w.status("HorizontalPodAutoscaler", "web", desiredReplicas=4)
        assert w.said("web", "SuccessfulRescale")[0] == (
            "New size: 4; reason: cpu resource utilization (percentage of request) above target"
        )
        assert conditions(grown)["ScalingLimited"] == ("True", "ScaleUpLimit")
        grown = await w.status("HorizontalPodAutoscaler", "web", desiredReplicas=5, currentReplicas=5)
        assert conditions(grown)["ScalingLimited"] == ("True", "TooManyReplicas")
        await w.status("Deployment", "web", readyReplicas=5)
        w.patch("Deployment", "web", {"metadata": {"annotations": {rules.LOAD: "40"}}})
        held = await w.until(
            lambda: (
                (h := w.get("HorizontalPodAutoscaler", "web"))
                and conditions(h)["AbleToScale"] == ("True", "ScaleDownStabilized")
                and h
            )
        )
        assert held["status"]["desiredReplicas"] == 5
        # Five minutes later, in the imitated world.
        await w.status("Deployment", "web", replicas=1)
        assert "New size: 1; reason: All metrics below target" in w.said("web", "SuccessfulRescale")


async def test_without_metrics_as_recorded() -> None:
    async with world(60) as w:
        w.apply(web(None))
        w.apply(hpa(3, 5))
        assert "conditions" not in w.get("HorizontalPodAutoscaler", "web")["status"]
        first = await w.status("HorizontalPodAutoscaler", "web", desiredReplicas=3)
        assert conditions(first) == {"AbleToScale": ("True", "SucceededRescale")}
        reason = "New size: 3; reason: Current number of replicas below Spec.MinReplicas"
        assert w.said("web", "SuccessfulRescale") == [reason]
        await w.until(lambda: w.said("web", "FailedComputeMetricsReplicas"))
        found = await w.until(
            lambda: (h := w.get("HorizontalPodAutoscaler", "web")) and "ScalingActive" in conditions(h) and h
        )
        assert conditions(found) == {
            "AbleToScale": ("True", "SucceededGetScale"),
            "ScalingActive": ("False", "FailedGetResourceMetric"),
        }
        assert found["status"]["currentMetrics"] == [{"type": ""}]


async def test_no_target_and_target_at_zero() -> None:
    async with world(60) as w:
        w.apply(hpa())
        found = await w.until(
            lambda: (h := w.get("HorizontalPodAutoscaler", "web")) and "AbleToScale" in conditions(h) and h
        )
        assert conditions(found) == {"AbleToScale": ("False", "FailedGetScale")}
        w.apply(web("500", replicas=0))
        found = await w.until(
            lambda: (h := w.get("HorizontalPodAutoscaler", "web")) and "ScalingActive" in conditions(h) and h
        )
        assert conditions(found)["ScalingActive"] == ("False", "ScalingDisabled")
