"""The node lifecycle loop: taints for cordoned and lost nodes, and what happens to the Pods there.

Imitates `pkg/controller/nodelifecycle` of kube-controller-manager 1.36. A node whose lease is not renewed for fifty
seconds is Unknown, its Pods are no longer Ready; what taint_eviction.py does to them follows from the taints.
A stand-in node is lost on purpose by an annotation (nodes.py).
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import Key, Obj, condition, is_finished, is_ready, key_of
from dashboard.sandbox.failures import ApiFailure

COMPONENT = "node-controller"
LEASES = "kube-node-lease"
MONITOR = 5.0
"""Seconds between looks at the leases (node-monitor-period)."""

PATIENCE = 10
"""Looks without a renewal after which a node is Unknown (node-monitor-grace-period, 50 s, in looks: a look that comes
late because the process was busy is then no reason to suspect a node)."""

UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
PRESSURES = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
MANAGED = frozenset([UNSCHEDULABLE, NOT_READY, UNREACHABLE, *PRESSURES.values()])


def wanted_taints(node: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(key, effect) of the taints that follow from the node's spec and conditions."""
    out = []
    if (node.get("spec") or {}).get("unschedulable"):
        out.append((UNSCHEDULABLE, "NoSchedule"))
    status = node.get("status") or {}
    ready = (condition(status, "Ready") or {}).get("status")
    key = {"False": NOT_READY, "Unknown": UNREACHABLE}.get(str(ready))
    if key is not None:
        out += [(key, "NoSchedule"), (key, "NoExecute")]
    for kind, name in PRESSURES.items():
        if (condition(status, kind) or {}).get("status") == "True":
            out.append((name, "NoSchedule"))
    return out


def retainted(taints: Iterable[Obj], wanted: Iterable[tuple[str, str]], stamp: str) -> list[Obj]:
    """The taints afterwards: other people's stay, the managed ones are exactly `wanted`, old ones keep their time."""
    old = list(taints)
    kept = [taint for taint in old if taint["key"] not in MANAGED]
    known = {(taint["key"], taint["effect"]): taint for taint in old}
    return kept + [known.get(pair, {"key": pair[0], "effect": pair[1], "timeAdded": stamp}) for pair in wanted]


def unknown_conditions(node: Mapping[str, Any], stamp: str) -> list[Obj]:
    """The node's conditions when nothing has been heard of it."""
    out = []
    for entry in (node.get("status") or {}).get("conditions") or ():
        changed = {"reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
        since = entry["lastTransitionTime"] if entry["status"] == "Unknown" else stamp
        out.append({**entry, "status": "Unknown", "lastTransitionTime": since} | changed)
    return out


class NodeLifecycleController(Controller):
    """One sync per changed node; every five seconds a look at the leases."""

    name = COMPONENT
    workers = 1

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._renewals: dict[str, tuple[str, int]] = {}
        self.informers.on("Node", self._changed)

    def _changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))
        elif old is not None:
            self._renewals.pop(key_of(old)[1], None)

    async def run(self) -> None:
        """Work and watch the leases for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run())
            group.create_task(self._monitor())

    async def _monitor(self) -> None:
        while True:
            await self.clock.sleep(MONITOR)
            for node in self.informers.list("Node"):
                self._look(node)

    def _look(self, node: Obj) -> None:
        name = node["metadata"]["name"]
        lease = self.client.get("Lease", LEASES, name)
        if lease is None:
            # Never heard of: nothing can be said of its silence.
            return
        renewed = str((lease.get("spec") or {}).get("renewTime"))
        before, looks = self._renewals.get(name, ("", 0))
        looks = looks + 1 if renewed == before else 0
        self._renewals[name] = (renewed, looks)
        if looks >= PATIENCE and (condition(node.get("status") or {}, "Ready") or {}).get("status") != "Unknown":
            body = {"status": {"conditions": unknown_conditions(node, self.clock.stamp())}}
            self.client.patch("Node", "", name, body, subresource="status")

    async def sync(self, key: Key) -> None:
        """Put the taints right, and take readiness from the Pods of a node that is not ready."""
        node = self.client.get("Node", *key)
        if node is None:
            return
        before = (node.get("spec") or {}).get("taints") or []
        after = retainted(before, wanted_taints(node), self.clock.stamp())
        if before != after:
            changed = copy.deepcopy(node)
            changed.setdefault("spec", {})["taints"] = after
            if not after:
                del changed["spec"]["taints"]
            self.client.update("Node", changed)
            await self.settle()
        was_down, is_down = (any(t["key"] in (NOT_READY, UNREACHABLE) for t in taints) for taints in (before, after))
        if is_down and not was_down:
            said = f"Node {key[1]} status is now: NodeNotReady"
            self.recorder.event(COMPONENT, node, "Normal", "NodeNotReady", said)
            for pod in self.informers.list("Pod"):
                if pod["spec"].get("nodeName") == key[1] and not is_finished(pod):
                    await self._mark(pod)

    async def _mark(self, pod: Obj) -> None:
        """The Pod's Ready condition becomes False (MarkPodsNotReady)."""
        if not is_ready(pod):
            return
        conditions = copy.deepcopy(pod["status"]["conditions"])
        for entry in conditions:
            if entry["type"] == "Ready":
                entry |= {"status": "False", "lastTransitionTime": self.clock.stamp()}
        try:
            self.client.patch("Pod", *key_of(pod), {"status": {"conditions": conditions}}, subresource="status")
        except ApiFailure as failure:
            if failure.code != 404:
                raise
            return
        self.recorder.event(COMPONENT, pod, "Warning", "NodeNotReady", "Node is not ready")
        await self.settle()
