"""The scheduler stand-in: finds each Pod a node, or says why there is none.

Imitates what kube-scheduler 1.36 publishes: the binding, the PodScheduled condition and its Events.
"""

from __future__ import annotations

from collections import Counter

from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import (
    Key,
    Obj,
    condition,
    controller_of,
    is_active,
    is_deleting,
    is_finished,
    key_of,
    uid_of,
)
from dashboard.sandbox.controllers.quantity import requests
from dashboard.sandbox.controllers.scheduler_rules import choose, explain, objections
from dashboard.sandbox.failures import ApiFailure

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
LATENCY = 0.004
"""Seconds from seeing a Pod to deciding about it."""


class Scheduler(Controller):
    """One Pod at a time, in order of arrival; what did not fit is tried again when something has changed."""

    name = "default-scheduler"
    workers = 1

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._placed: dict[str, tuple[str, Obj]] = {}
        self._used: dict[str, Counter[str]] = {}
        self._refused: set[Key] = set()
        self.informers.on("Pod", self._pod_changed)
        self.informers.on("Node", self._room_changed)
        self.informers.on("PersistentVolumeClaim", self._room_changed)

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None and new["spec"].get("nodeName") and not is_finished(new):
            self._reserve(new, new["spec"]["nodeName"])
            return
        if new is not None and not new["spec"].get("nodeName"):
            if not is_finished(new) and (old is None or old["metadata"].get("generation") != _generation(new)):
                self.queue.add(key_of(new))
            return
        self._release(new or old or {})

    def _reserve(self, pod: Obj, node: str) -> None:
        if uid_of(pod) in self._placed:
            return
        self._placed[uid_of(pod)] = (node, pod)
        self._used.setdefault(node, Counter()).update(requests(pod))

    def _release(self, pod: Obj) -> None:
        node, placed = self._placed.pop(uid_of(pod), ("", None))
        if placed is not None:
            self._used[node].subtract(requests(placed))
            self._room_changed(None, None)

    def _room_changed(self, old: Obj | None, new: Obj | None) -> None:
        """Pods that did not fit may fit now."""
        if old is not None and new is not None and _room(old) == _room(new):
            return
        for key in self._refused:
            self.queue.add(key)
        self._refused.clear()

    async def sync(self, key: Key) -> None:
        """Bind one Pod (scheduleOne)."""
        pod = self.informers.get("Pod", *key)
        if pod is None or pod["spec"].get("nodeName") or is_deleting(pod) or pod["spec"].get("schedulingGates"):
            return
        if pod["spec"].get("schedulerName", self.name) != self.name:
            return
        await self.pace.wait(LATENCY)
        nodes = self.informers.list("Node")
        if self._waits_for_claims(pod):
            self._refuse(pod, f"0/{len(nodes)} nodes are available: {UNBOUND}. not found")
            return
        refusals = [objections(pod, node, self._used.get(node["metadata"]["name"], Counter())) for node in nodes]
        fitting = [node for node, why in zip(nodes, refusals, strict=True) if not why]
        if not fitting:
            self._refuse(pod, explain(refusals))
            return
        load = Counter({node: used["pods"] for node, used in self._used.items()})
        self._bind(pod, choose(fitting, self._siblings(pod), load)["metadata"]["name"])

    def _siblings(self, pod: Obj) -> Counter[str]:
        owner = controller_of(pod)
        family = self.informers.owned("Pod", owner["uid"]) if owner else []
        placed = (self._placed.get(uid_of(one), ("", None))[0] for one in family if is_active(one))
        return Counter(filter(None, placed))

    def _waits_for_claims(self, pod: Obj) -> bool:
        """Whether a claim of the Pod is unbound and its class does not wait for a consumer."""
        for volume in pod["spec"].get("volumes") or ():
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            claim = self.informers.get("PersistentVolumeClaim", key_of(pod)[0], name) if name else None
            if name and (claim is None or not self._is_usable(claim)):
                return True
        return False

    def _is_usable(self, claim: Obj) -> bool:
        if (claim.get("status") or {}).get("phase") == "Bound":
            return True
        kind = self.informers.get("StorageClass", "", claim["spec"].get("storageClassName") or "")
        return kind is not None and kind.get("volumeBindingMode") == "WaitForFirstConsumer"

    def _bind(self, pod: Obj, node: str) -> None:
        namespace, name = key_of(pod)
        try:
            self.client.bind(namespace, name, node)
        except ApiFailure as failure:
            if failure.code not in (404, 409):
                raise
            return
        self._reserve(pod, node)
        said = f"Successfully assigned {namespace}/{name} to {node}"
        self.recorder.scheduling(pod, "Normal", "Scheduled", "Binding", said)

    def _refuse(self, pod: Obj, message: str) -> None:
        self._refused.add(key_of(pod))
        known = condition(pod.get("status") or {}, "PodScheduled") or {}
        self.recorder.scheduling(pod, "Warning", "FailedScheduling", "Scheduling", message)
        if (known.get("status"), known.get("message")) == ("False", message):
            return
        others = [
            entry for entry in (pod.get("status") or {}).get("conditions") or () if entry["type"] != "PodScheduled"
        ]
        said = {
            "type": "PodScheduled",
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": known.get("lastTransitionTime") or self.clock.stamp(),
            "reason": "Unschedulable",
            "message": message,
        }
        body = {"status": {"conditions": [*others, said]}}
        self.client.patch("Pod", *key_of(pod), body, subresource="status")


def _generation(pod: Obj) -> object:
    return pod["metadata"].get("generation")


def _room(obj: Obj) -> object:
    """What of a Node or a claim decides whether Pods fit."""
    status = obj.get("status") or {}
    return obj.get("spec"), status.get("allocatable"), status.get("phase"), obj["metadata"].get("labels")
