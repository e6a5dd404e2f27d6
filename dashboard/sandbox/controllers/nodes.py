"""The stand-in nodes, and the heartbeats by which they say that they live.

A node is lost on purpose by the annotation LOST: its kubelet then neither renews its lease nor touches its Pods,
until the annotation is removed. A Node that somebody creates with the annotation STAND_IN gets a kubelet of its own.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.controllers.meta import Obj, annotations_of, is_deleting, is_true
from dashboard.sandbox.failures import ApiFailure

NAMES = ("node-0", "node-1", "node-2")
CAPACITY = {"cpu": "8", "ephemeral-storage": "100Gi", "memory": "32Gi", "pods": "110"}
RENEW = 10.0
"""Seconds between renewals of a node's lease (the kubelet's default)."""
LOST = "sandbox.reconcilerviz/lost"
"""Annotation of a Node, `true`: its kubelet has stopped."""
STAND_IN = "sandbox.reconcilerviz/stand-in"
"""Annotation of a Node, `true`: a kubelet registers for it, with the same room as the others."""
LEASES = "kube-node-lease"
HEALTH = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def is_lost(node: Mapping[str, Any]) -> bool:
    """Whether the node's kubelet is stopped on purpose."""
    return annotations_of(node).get(LOST) == "true"


def is_stand_in(node: Mapping[str, Any]) -> bool:
    """Whether somebody created the Node for a kubelet to register for."""
    return annotations_of(node).get(STAND_IN) == "true"


def new_node(index: int, name: str, stamp: str) -> Obj:
    """A Ready node with room for 110 Pods, 8 CPUs, 32 GiB."""
    labels = {"kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    labels |= {f"beta.{key}": value for key, value in labels.items() if "hostname" not in key}
    info = {
        "machineID": f"{index:032x}",
        "systemUUID": f"{index:032x}",
        "bootID": f"00000000-0000-0000-0000-{index:012x}",
        "kernelVersion": "6.1.0",
        "osImage": "ReconcilerViz sandbox",
        "containerRuntimeVersion": "containerd://2.1.0",
        "kubeletVersion": "v1.36.2",
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"node.alpha.kubernetes.io/ttl": "0"}},
        "spec": {"podCIDR": f"10.244.{index}.0/24", "podCIDRs": [f"10.244.{index}.0/24"]},
        "status": {
            "capacity": dict(CAPACITY),
            "allocatable": dict(CAPACITY),
            "conditions": [_health(entry, stamp) for entry in HEALTH],
            "addresses": [
                {"type": "InternalIP", "address": f"192.168.49.{10 + index}"},
                {"type": "Hostname", "address": name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}},
            "nodeInfo": info,
        },
    }


def _health(entry: tuple[str, str, str, str], stamp: str) -> Obj:
    kind, status, reason, message = entry
    times = {"lastHeartbeatTime": stamp, "lastTransitionTime": stamp}
    return {"type": kind, "status": status, **times, "reason": reason, "message": message}


class Nodes:
    """Creates the stand-in nodes and keeps their leases fresh."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def create(self) -> None:
        """Bring the nodes that are not there into being."""
        for index, name in enumerate(NAMES):
            if self._client.get("Node", "", name) is not None:
                continue
            node = new_node(index, name, self._clock.stamp())
            made = copy.deepcopy(self._client.create("Node", node))
            self._client.patch("Node", "", name, {"status": node["status"]}, subresource="status")
            self._renew(name, made)

    def changed(self, old: Obj | None, new: Obj | None) -> None:
        """Register for a new Node that asks for a kubelet."""
        if new is None or is_deleting(new) or not is_stand_in(new) or (new.get("status") or {}).get("capacity"):
            return
        name = new["metadata"]["name"]
        status = new_node(len(NAMES), name, self._clock.stamp())["status"]
        self._client.patch("Node", "", name, {"status": status}, subresource="status")
        self._renew(name, new)

    async def run(self) -> None:
        """Renew the leases for ever. A node that has been deleted has no kubelet any more."""
        while True:
            await self._clock.sleep(RENEW)
            for node in self._client.list("Node"):
                name = node["metadata"]["name"]
                mine = name in NAMES or is_stand_in(node)
                if mine and not is_deleting(node) and not is_lost(node):
                    self._renew(name, node)
                    self._recover(name, node)

    def _recover(self, name: str, node: Obj) -> None:
        """A kubelet that lives says so, whatever was said of its node meanwhile."""
        if not is_true(node, "Ready"):
            conditions = [_health(entry, self._clock.stamp()) for entry in HEALTH]
            self._client.patch("Node", "", name, {"status": {"conditions": conditions}}, subresource="status")

    def _renew(self, name: str, node: Obj) -> None:
        now = self._clock.micro_stamp()
        if self._client.get("Lease", LEASES, name) is not None:
            self._client.patch("Lease", LEASES, name, {"spec": {"renewTime": now}})
            return
        owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": LEASES, "ownerReferences": [owner]},
            "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": now},
        }
        try:
            self._client.create("Lease", lease)
        except ApiFailure as failure:
            # The namespace may not be there yet; the next renewal tries again.
            if failure.code != 404:
                raise
