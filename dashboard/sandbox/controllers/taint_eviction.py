"""Evictions that follow from taints and from nodes that have gone.

Imitates `pkg/controller/tainteviction` (NoExecute taints; a Pod stays as long as it tolerates all of them) and
`pkg/controller/podgc` (Pods of nodes that no longer exist), Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import Key, Obj, is_deleting, is_finished, key_of, uid_of
from dashboard.sandbox.controllers.scheduler_rules import tolerates
from dashboard.sandbox.failures import ApiFailure

COMPONENT = "taint-eviction-controller"
QUARANTINE = 40.0
"""Seconds that a Pod outlives its node's object (podgc's quarantineTime)."""

FOR_EVER = float("inf")


def stay(pod: Mapping[str, Any], node: Mapping[str, Any]) -> float | None:
    """Seconds that the Pod may stay on the tainted node: 0 at once, FOR_EVER, None when no taint wants it gone."""
    taints = [t for t in (node.get("spec") or {}).get("taints") or () if t.get("effect") == "NoExecute"]
    if not taints:
        return None
    limits = []
    for taint in taints:
        held = [t for t in pod["spec"].get("tolerations") or () if tolerates({"spec": {"tolerations": [t]}}, taint)]
        if not held:
            return 0.0
        limits += [max(0.0, float(t["tolerationSeconds"])) for t in held if t.get("tolerationSeconds") is not None]
    return min(limits, default=FOR_EVER)


class TaintEvictionController(Controller):
    """One sync per Pod of a node whose taints change, and per new Pod on a node."""

    name = COMPONENT

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._doomed: dict[str, float] = {}
        """When (Unix seconds) each Pod that will be evicted was first seen so, by uid."""
        self.informers.on("Node", self._node_changed)
        self.informers.on("Pod", self._pod_changed)

    def _node_changed(self, old: Obj | None, new: Obj | None) -> None:
        if old is not None and new is not None and _taints(old) == _taints(new):
            return
        name = key_of(new or old or {"metadata": {"name": ""}})[1]
        for pod in self.informers.list("Pod"):
            if pod["spec"].get("nodeName") == name:
                self.queue.add(key_of(pod))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is None:
            self._doomed.pop(uid_of(old or {"metadata": {}}), None)
        elif old is None or old["spec"] != new["spec"]:
            self.queue.add(key_of(new))

    async def sync(self, key: Key) -> None:
        """Evict the Pod when its time has come."""
        pod = self.informers.get("Pod", *key)
        if pod is None or not pod["spec"].get("nodeName") or is_deleting(pod):
            return
        node = self.informers.get("Node", "", pod["spec"]["nodeName"])
        if node is None:
            await self._outlive(key, pod)
            return
        limit = stay(pod, node)
        if limit is None or limit == FOR_EVER:
            if self._doomed.pop(uid_of(pod), None) is not None:
                self._say(pod, f"Cancelling deletion of Pod {key[0]}/{key[1]}")
            return
        left = self._left(key, pod, limit)
        if left <= 0:
            self._say(pod, f"Marking for deletion Pod {key[0]}/{key[1]}")
            await self._evict(pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")

    def _left(self, key: Key, pod: Obj, limit: float) -> float:
        """Seconds until `limit` seconds have passed since the Pod was first seen to have to go; queues it for then."""
        since = self._doomed.setdefault(uid_of(pod), self.clock.now())
        left = limit - (self.clock.now() - since) * self.clock.speed
        if left > 0:
            self.queue.add_after(key, left)
        return left

    async def _outlive(self, key: Key, pod: Obj) -> None:
        if self._left(key, pod, QUARANTINE) <= 0:
            await self._evict(pod, "DeletionByPodGC", "PodGC: node no longer exists", grace=0)

    async def _evict(self, pod: Obj, reason: str, message: str, grace: float | None = None) -> None:
        others = [c for c in (pod.get("status") or {}).get("conditions") or () if c["type"] != "DisruptionTarget"]
        said = {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": self.clock.stamp()}
        said |= {"reason": reason, "message": message}
        status: Obj = {"conditions": [*others, said]}
        if grace == 0 and not is_finished(pod):
            status["phase"] = "Failed"
        try:
            self.client.patch("Pod", *key_of(pod), {"status": status}, subresource="status")
            await self.settle()
            self.client.delete("Pod", *key_of(pod), uid=uid_of(pod), grace=grace)
        except ApiFailure as failure:
            if failure.code != 404:
                raise
        self._doomed.pop(uid_of(pod), None)

    def _say(self, pod: Obj, message: str) -> None:
        self.recorder.event(COMPONENT, pod, "Normal", "TaintManagerEviction", message)


def _taints(node: Obj) -> object:
    return (node.get("spec") or {}).get("taints")
