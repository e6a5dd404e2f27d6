"""The HorizontalPodAutoscaler loop: replicas chosen from how busy the Pods are.

Imitates `pkg/controller/podautoscaler` of kube-controller-manager 1.36 on CPU: tolerance, stabilisation,
scaling policies, limits, and what it says when there are no metrics. The load is a knob:
the annotation `sandbox.reconcilerviz/cpu-load` on the scaled workload, in millicores for all of its Pods together;
without it there are no metrics. The algorithm is in hpa_rules.py.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.sandbox.controllers import hpa_rules as rules
from dashboard.sandbox.controllers.children import write_status
from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import Key, Obj, condition, key_of, labels_of, matches
from dashboard.sandbox.failures import ApiFailure

COMPONENT = "horizontal-pod-autoscaler"
PERIOD = 15.0
"""Seconds between looks; a new autoscaler is looked at after the first of them."""

MEMORY = 3600.0
"""Seconds for which recommendations and scalings are remembered (the longest window that the API allows)."""

NO_SCALE = "the HPA controller was unable to get the target's current scale: "
HAS_SCALE = (
    "AbleToScale",
    "True",
    "SucceededGetScale",
    "the HPA controller was able to get the target's current scale",
)
AT_ZERO = "scaling is disabled since the replica count of the target is zero"


@dataclass(slots=True)
class _Memory:
    """Recent recommendations and scalings of one autoscaler, with the real time of each."""

    recommendations: list[tuple[float, int]] = field(default_factory=list)
    scalings: list[tuple[float, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Decision:
    size: int
    reason: str


class HorizontalController(Controller):
    """Every fifteen seconds, each autoscaler."""

    name = COMPONENT

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._memory: dict[Key, _Memory] = {}
        self.informers.on("HorizontalPodAutoscaler", self._changed)

    def _changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is None and old is not None:
            self._memory.pop(key_of(old), None)
        elif new is not None:
            self.queue.add_after(key_of(new), PERIOD)

    async def sync(self, key: Key) -> None:
        """Look once and come back (reconcileAutoscaler)."""
        hpa = self.client.get("HorizontalPodAutoscaler", *key)
        if hpa is None:
            return
        self.queue.add_after(key, PERIOD)
        status: Obj = copy.deepcopy(hpa.get("status") or {})
        target = self._target(hpa)
        if target is None:
            reference = hpa["spec"]["scaleTargetRef"]
            missing = f'{reference["kind"].lower()}s.apps "{reference["name"]}" not found'
            self._say(hpa, "Warning", "FailedGetScale", missing)
            self._note(status, ("AbleToScale", "False", "FailedGetScale", NO_SCALE + missing))
        else:
            self._note(status, HAS_SCALE)
            await self._look(hpa, target, status)
        write_status(self.client, "HorizontalPodAutoscaler", hpa, status)
        await self.settle()

    def _target(self, hpa: Obj) -> Obj | None:
        reference = hpa["spec"]["scaleTargetRef"]
        try:
            return self.client.get(reference["kind"], key_of(hpa)[0], reference["name"])
        except KeyError:
            # A kind that the sandbox does not serve.
            return None

    async def _look(self, hpa: Obj, target: Obj, status: Obj) -> None:
        replicas = target["spec"].get("replicas")
        current = 1 if replicas is None else int(replicas)
        memory = self._memory.setdefault(key_of(hpa), _Memory([(self.clock.now(), current)]))
        decision = self._decide(hpa, target, current, memory, status)
        status["currentReplicas"] = current
        if decision is None:
            return
        if decision.size == current:
            status["desiredReplicas"] = current
            return
        by = decision.size - current
        if self._rescale(hpa, target, decision, status):
            memory.scalings.append((self.clock.now(), by))

    def _decide(self, hpa: Obj, target: Obj, current: int, memory: _Memory, status: Obj) -> _Decision | None:
        """The size to have and why; None when it cannot be known."""
        least, most = int(hpa["spec"].get("minReplicas") or 1), int(hpa["spec"]["maxReplicas"])
        if current == 0 and least != 0:
            self._note(status, ("ScalingActive", "False", "ScalingDisabled", AT_ZERO))
            return _Decision(0, "")
        if current > most:
            return _Decision(most, "Current number of replicas above Spec.MaxReplicas")
        if current < least:
            return _Decision(least, "Current number of replicas below Spec.MinReplicas")
        proposal = self._measure(hpa, target, current, status)
        if proposal is None:
            return None
        size = self._moderate(hpa, current, proposal.replicas, memory, status)
        reason = f"{proposal.name} above target" if proposal.replicas > current else "All metrics below target"
        return _Decision(size, reason)

    def _measure(self, hpa: Obj, target: Obj, current: int, status: Obj) -> rules.Proposal | None:
        """The highest proposal of the metrics; what is missing is published (computeReplicasForMetrics)."""
        selector = target["spec"].get("selector")
        pods = [p for p in self.informers.list("Pod", key_of(hpa)[0]) if matches(selector, labels_of(p))]
        metrics = hpa["spec"].get("metrics") or []
        shown, proposals, errors = [], [], []
        for metric in metrics:
            try:
                proposal = rules.propose(metric, current, pods, rules.load_of(target))
            except rules.MetricError as error:
                errors.append((metric, error))
                shown.append({"type": ""})
            else:
                proposals.append(proposal)
                shown.append(proposal.status)
        status["currentMetrics"] = shown
        best = max(proposals, key=lambda one: one.replicas, default=None)
        for _, failed in errors:
            self._say(hpa, "Warning", failed.reason, f"{failed.prefix}: {failed}")
        if errors and (best is None or best.replicas < current):
            self._unable(hpa, status, len(metrics), errors)
            return None
        if best is not None:
            text = f"the HPA was able to successfully calculate a replica count from {best.name}"
            self._note(status, ("ScalingActive", "True", "ValidMetricFound", text))
        return best

    def _unable(self, hpa: Obj, status: Obj, total: int, errors: list[tuple[Obj, rules.MetricError]]) -> None:
        metric, error = errors[0]
        text = f"{error.prefix}: {error}"
        said = f"the HPA was unable to compute the replica count: {text}"
        self._note(status, ("ScalingActive", "False", error.reason, said))
        name = (metric.get("resource") or {}).get("name", metric.get("type", "").lower())
        first = f"failed to get {name} resource metric value: {text}"
        said = f"invalid metrics ({len(errors)} invalid out of {total}), first error is: {first}"
        self._say(hpa, "Warning", "FailedComputeMetricsReplicas", said)

    def _moderate(self, hpa: Obj, current: int, wanted: int, memory: _Memory, status: Obj) -> int:
        """Look back, then apply the limits (normalizeDesiredReplicas…)."""
        now, behaviour = self.clock.now(), hpa["spec"].get("behavior")
        past = self._ago(memory.recommendations, now)
        stable, able = rules.stabilise(behaviour, current, wanted, past)
        memory.recommendations = [*self._recent(memory.recommendations, now), (now, wanted)]
        memory.scalings = self._recent(memory.scalings, now)
        size, limited = rules.limit(hpa, current, stable, self._ago(memory.scalings, now))
        self._note(status, able)
        self._note(status, limited)
        return size

    def _ago(self, entries: list[tuple[float, int]], now: float) -> list[tuple[float, int]]:
        return [((now - at) * self.clock.speed, value) for at, value in entries]

    def _recent(self, entries: list[tuple[float, int]], now: float) -> list[tuple[float, int]]:
        return [(at, value) for at, value in entries if (now - at) * self.clock.speed < MEMORY]

    def _rescale(self, hpa: Obj, target: Obj, decision: _Decision, status: Obj) -> bool:
        """Whether the target took the new size."""
        size = decision.size
        try:
            body = {"spec": {"replicas": size}}
            self.client.patch(target["kind"], *key_of(target), body, subresource="scale")
        except ApiFailure as failure:
            text = f"New size: {size}; reason: {decision.reason}; error: {failure}"
            self._say(hpa, "Warning", "FailedRescale", text)
            said = f"the HPA controller was unable to update the target scale: {failure}"
            self._note(status, ("AbleToScale", "False", "FailedUpdateScale", said))
            return False
        said = f"the HPA controller was able to update the target scale to {size}"
        self._note(status, ("AbleToScale", "True", "SucceededRescale", said))
        self._say(hpa, "Normal", "SuccessfulRescale", f"New size: {size}; reason: {decision.reason}")
        status["desiredReplicas"] = size
        status["lastScaleTime"] = self.clock.stamp()
        return True

    def _note(self, status: Obj, said: rules.Condition) -> None:
        """Put a condition into the status, keeping the time of its last change of status."""
        kind, value, reason, message = said
        old: Mapping[str, Any] = condition(status, kind) or {}
        since = old["lastTransitionTime"] if old.get("status") == value else self.clock.stamp()
        new = {"type": kind, "status": value, "lastTransitionTime": since, "reason": reason, "message": message}
        entries = list(status.get("conditions") or ())
        if old:
            entries = [new if entry["type"] == kind else entry for entry in entries]
        else:
            entries.append(new)
        status["conditions"] = entries

    def _say(self, hpa: Obj, kind: str, reason: str, message: str) -> None:
        self.recorder.event(COMPONENT, hpa, kind, reason, message)
