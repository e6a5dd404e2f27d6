"""The PodDisruptionBudget loop: how many Pods an eviction may take right now.

Imitates `pkg/controller/disruption` of kube-controller-manager 1.36.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dashboard.sandbox.controllers.children import scaled, write_status
from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import (
    Key,
    Obj,
    condition,
    controller_of,
    is_deleting,
    is_ready,
    key_of,
    labels_of,
    matches,
    seconds,
    uid_of,
)

COMPONENT = "controllermanager"
"""The component that upstream's disruption controller names in its Events."""

DISRUPTION_TIMEOUT = 120.0
"""Seconds for which an evicted Pod that was not deleted counts as disrupted."""

Scale = Callable[[Obj], int | None]
"""How many Pods the controller of a Pod wants; None when it has none."""


class NoScaleError(Exception):
    """A percentage or maxUnavailable needs the scale of a controller, and a Pod has none."""


def expected(budget: Mapping[str, Any], pods: list[Obj], scales: Iterable[int | None]) -> tuple[int, int]:
    """(expectedPods, desiredHealthy); `scales` holds each distinct controller once. Raises NoScaleError."""
    spec = budget["spec"]
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if most is None and not isinstance(least, str):
        return len(pods), 1 if least is None else int(least)
    total = 0
    for scale in scales:
        if scale is None:
            raise NoScaleError(f"found no controllers for pod {pods[0]['metadata']['name']!r}")
        total += scale
    if most is not None:
        return total, max(0, total - scaled(most, total, up=True))
    return total, scaled(least, total, up=True)


def disrupted(budget: Mapping[str, Any], pods: Iterable[Obj], now: float, speed: float) -> dict[str, str]:
    """Evicted Pods that are still there and not yet on their way out: name → when, without those too long ago."""
    noted = (budget.get("status") or {}).get("disruptedPods") or {}
    present = {pod["metadata"]["name"] for pod in pods if not is_deleting(pod)}
    return {
        name: at for name, at in noted.items() if name in present and (now - seconds(at)) * speed < DISRUPTION_TIMEOUT
    }


def healthy(pods: Iterable[Obj], without: Iterable[str]) -> int:
    """Ready Pods that are neither leaving nor evicted."""
    gone = set(without)
    return sum(1 for p in pods if is_ready(p) and not is_deleting(p) and p["metadata"]["name"] not in gone)


def verdict(allowed: int, generation: int, old: Mapping[str, Any], stamp: str) -> list[Obj]:
    """The conditions with DisruptionAllowed as it is now."""
    known = condition(old, "DisruptionAllowed") or {}
    status, reason = ("True", "SufficientPods") if allowed > 0 else ("False", "InsufficientPods")
    said = {
        "type": "DisruptionAllowed",
        "status": status,
        "observedGeneration": generation,
        "lastTransitionTime": known["lastTransitionTime"] if known.get("status") == status else stamp,
        "reason": reason,
        "message": "",
    }
    return [*(c for c in old.get("conditions") or () if c["type"] != "DisruptionAllowed"), said]


class DisruptionController(Controller):
    """One sync per changed budget, or per change of a Pod that it selects."""

    name = "disruption"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.informers.on("PodDisruptionBudget", self._budget_changed)
        self.informers.on("Pod", self._pod_changed)

    def _budget_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        changed = [pod for pod in (old, new) if pod is not None]
        for budget in self.informers.list("PodDisruptionBudget", key_of(changed[0])[0]):
            if any(matches(budget["spec"].get("selector"), labels_of(pod)) for pod in changed):
                self.queue.add(key_of(budget))

    async def sync(self, key: Key) -> None:
        """Count, and publish what may go (trySync)."""
        budget = self.informers.get("PodDisruptionBudget", *key)
        if budget is None:
            return
        pods = [p for p in self.informers.list("Pod", key[0]) if matches(budget["spec"].get("selector"), labels_of(p))]
        if not pods:
            self.recorder.event(COMPONENT, budget, "Normal", "NoPods", "No matching pods found")
        try:
            total, least = expected(budget, pods, self._scales(pods))
        except NoScaleError as missing:
            text = f"Failed to calculate the number of expected pods: {missing}"
            self.recorder.event(COMPONENT, budget, "Warning", "CalculateExpectedPodCountFailed", text)
            self._fail(budget, str(missing))
            return
        gone = disrupted(budget, pods, self.clock.now(), self.clock.speed)
        self._publish(budget, healthy(pods, gone), least, total, gone)
        await self.settle()
        if gone:
            self.queue.add_after(key, DISRUPTION_TIMEOUT)

    def _scales(self, pods: Iterable[Obj]) -> list[int | None]:
        """The size that each distinct controller of these Pods wants."""
        sizes: dict[str, int | None] = {}
        for pod in pods:
            owner = self._workload(pod)
            sizes[uid_of(owner) if owner else ""] = _size(owner) if owner else None
        return list(sizes.values())

    def _workload(self, pod: Obj) -> Obj | None:
        """The Deployment, ReplicaSet or StatefulSet that decides how many of these Pods there are."""
        found: Obj | None = None
        reference = controller_of(pod)
        while reference is not None and reference["kind"] in ("ReplicaSet", "Deployment", "StatefulSet"):
            owner = self.informers.get(reference["kind"], key_of(pod)[0], reference["name"])
            if owner is None or uid_of(owner) != reference["uid"]:
                break
            found, reference = owner, controller_of(owner)
        return found

    def _publish(self, budget: Obj, current: int, least: int, total: int, gone: dict[str, str]) -> None:
        allowed = max(0, current - least) if total > 0 else 0
        generation = budget["metadata"].get("generation", 1)
        before = budget.get("status") or {}
        status: Obj = {
            "observedGeneration": generation,
            "disruptionsAllowed": allowed,
            "currentHealthy": current,
            "desiredHealthy": least,
            "expectedPods": total,
            "conditions": verdict(allowed, generation, before, self.clock.stamp()),
        }
        status |= {"disruptedPods": gone} if gone else {}
        if _figures(before) != _figures(status):
            write_status(self.client, "PodDisruptionBudget", budget, status)

    def _fail(self, budget: Obj, why: str) -> None:
        """Allow nothing while the figures cannot be known (failSafe)."""
        status = copy.deepcopy(budget.get("status") or {})
        status["disruptionsAllowed"] = 0
        said = verdict(0, budget["metadata"].get("generation", 1), status, self.clock.stamp())
        said[-1] |= {"reason": "SyncFailed", "message": why}
        status["conditions"] = said
        write_status(self.client, "PodDisruptionBudget", budget, status)


def _size(owner: Mapping[str, Any]) -> int:
    replicas = owner["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def _figures(status: Mapping[str, Any]) -> Obj:
    """The status without the times of its conditions."""
    plain = [{k: v for k, v in c.items() if k != "lastTransitionTime"} for c in status.get("conditions") or ()]
    return {**status, "conditions": plain}
