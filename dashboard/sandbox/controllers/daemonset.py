"""The DaemonSet loop: one Pod on each node that may run it.

Imitates `pkg/controller/daemon` of kube-controller-manager 1.36: placement by a node affinity on `metadata.name`,
rolling updates with maxUnavailable and maxSurge, OnDelete, status counts and ControllerRevisions.
What to do is decided in daemonset_rules.py; this does it.
"""

from __future__ import annotations

from dashboard.sandbox.controllers.children import owner_key, write_status
from dashboard.sandbox.controllers.claims import claim_pods
from dashboard.sandbox.controllers.daemonset_rules import (
    Available,
    Changes,
    by_node,
    manage,
    placement,
    pod_for,
    roll,
    status_of,
)
from dashboard.sandbox.controllers.expectations import Expectations
from dashboard.sandbox.controllers.hashing import template_hash
from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import (
    Key,
    Obj,
    available_at,
    is_deleting,
    is_ready,
    key_of,
    labels_of,
    selects_nothing,
    uid_of,
)
from dashboard.sandbox.controllers.revisions import HASH, current_revision, revisions_of, surplus
from dashboard.sandbox.failures import ApiFailure

COMPONENT = "daemonset-controller"


class DaemonSetController(Controller):
    """One sync per changed DaemonSet, per change of one of its Pods, and of all when a node changes."""

    name = COMPONENT

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.expected = Expectations(self.clock)
        self.informers.on("DaemonSet", self._daemon_changed)
        self.informers.on("Pod", self._pod_changed)
        self.informers.on("Node", self._node_changed)

    def _daemon_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))
        elif old is not None:
            self.expected.forget(key_of(old))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        pod = new or old
        key = owner_key(pod, "DaemonSet") if pod is not None else None
        if pod is None or key is None:
            return
        if old is None:
            self.expected.created(key)
        if new is None or is_deleting(new):
            self.expected.deleted(key, uid_of(pod))
        self.queue.add(key)

    def _node_changed(self, old: Obj | None, new: Obj | None) -> None:
        if old is not None and new is not None and _placement(old) == _placement(new):
            return
        for daemon in self.informers.list("DaemonSet"):
            self.queue.add(key_of(daemon))

    async def sync(self, key: Key) -> None:
        """Bring one DaemonSet a step further and publish its status."""
        daemon = self.informers.get("DaemonSet", *key)
        if daemon is None or is_deleting(daemon) or selects_nothing(daemon["spec"].get("selector")):
            return
        history = revisions_of(daemon, self.client.list("ControllerRevision", key[0]))
        collisions = (daemon.get("status") or {}).get("collisionCount")
        digest = template_hash(daemon["spec"]["template"], collisions)
        revision, _ = current_revision(self.client, daemon, history, digest, HASH)
        digest = labels_of(revision).get(HASH, digest)
        available = self._availability(daemon)
        nodes, pods = self.informers.list("Node"), await self._pods(daemon)
        due = self.expected.satisfied(key)
        try:
            # The status is written from the caches as they are then: what was just created is not in them yet.
            if due:
                self._act(daemon, manage(daemon, nodes, pods, digest, available), digest)
            if due and self.expected.satisfied(key) and _rolls(daemon):
                desired = sum(placement(daemon, node)[0] for node in nodes)
                self._act(daemon, roll(daemon, pods, digest, desired, available), digest)
        finally:
            await self._publish(daemon, nodes, await self._pods(daemon), digest, available, observed=due)
        self._forget_old(daemon, history, pods, revision)

    async def _pods(self, daemon: Obj) -> dict[str, list[Obj]]:
        pods = self.informers.list("Pod", key_of(daemon)[0])
        return by_node(await claim_pods(self.client, daemon, pods, self.settle))

    def _availability(self, daemon: Obj) -> Available:
        patience = float(daemon["spec"].get("minReadySeconds") or 0) / self.clock.speed
        now = self.clock.now()

        def available(pod: Obj) -> bool:
            at = available_at(pod, patience)
            return at is not None and at <= now

        return available

    def _act(self, daemon: Obj, changes: Changes, digest: str) -> None:
        key = key_of(daemon)
        for pod in changes.failed:
            word = pod["status"]["phase"]
            namespace, name = key_of(pod)
            node = pod["spec"].get("nodeName", "")
            text = f"Found {word.lower()} daemon pod {namespace}/{name} on node {node}, will try to kill it"
            kind = "Warning" if word == "Failed" else "Normal"
            self.recorder.event(COMPONENT, daemon, kind, f"{word}DaemonPod", text)
        if changes.delete:
            self.expected.expect_deletions(key, [uid_of(pod) for pod in changes.delete])
        if changes.create:
            self.expected.expect_creations(key, len(changes.create))
        for node in changes.create:
            self._create(daemon, key, node, digest)
        for pod in changes.delete:
            self._delete(daemon, key, pod)

    def _create(self, daemon: Obj, key: Key, node: str, digest: str) -> None:
        try:
            pod = self.client.create("Pod", pod_for(daemon, node, digest))
        except ApiFailure as failure:
            self.expected.created(key)
            self.recorder.event(COMPONENT, daemon, "Warning", "FailedCreate", f"Error creating: {failure.message}")
            raise
        name = pod["metadata"]["name"]
        self.recorder.event(COMPONENT, daemon, "Normal", "SuccessfulCreate", f"Created pod: {name}")

    def _delete(self, daemon: Obj, key: Key, pod: Obj) -> None:
        try:
            self.client.delete("Pod", *key_of(pod), uid=uid_of(pod))
        except ApiFailure as failure:
            self.expected.deleted(key, uid_of(pod))
            if failure.code == 404:
                return
            self.recorder.event(COMPONENT, daemon, "Warning", "FailedDelete", f"Error deleting: {failure.message}")
            raise
        name = pod["metadata"]["name"]
        self.recorder.event(COMPONENT, daemon, "Normal", "SuccessfulDelete", f"Deleted pod: {name}")

    async def _publish(
        self,
        daemon: Obj,
        nodes: list[Obj],
        pods: dict[str, list[Obj]],
        digest: str,
        available: Available,
        *,
        observed: bool,
    ) -> None:
        before = daemon.get("status") or {}
        status = status_of(daemon, nodes, pods, digest, available)
        generation = daemon["metadata"].get("generation", 1) if observed else before.get("observedGeneration")
        status |= {"observedGeneration": generation} if generation else {}
        status |= {name: before[name] for name in ("collisionCount", "conditions") if name in before}
        write_status(self.client, "DaemonSet", daemon, status)
        await self.settle()
        waiting = (pod for here in pods.values() for pod in here if is_ready(pod) and not available(pod))
        if next(waiting, None) is not None:
            self.queue.add_after(key_of(daemon), float(daemon["spec"].get("minReadySeconds") or 0))

    def _forget_old(self, daemon: Obj, history: list[Obj], pods: dict[str, list[Obj]], current: Obj) -> None:
        in_use = {labels_of(pod).get(HASH) for here in pods.values() for pod in here}
        live = {r["metadata"]["name"] for r in history if labels_of(r).get(HASH) in in_use}
        limit = daemon["spec"].get("revisionHistoryLimit")
        for revision in surplus(history, live | {current["metadata"]["name"]}, 10 if limit is None else int(limit)):
            self.client.delete("ControllerRevision", *key_of(revision))


def _placement(node: Obj) -> tuple[object, object]:
    """What of a node decides whether daemons run there."""
    return labels_of(node), (node.get("spec") or {}).get("taints")


def _rolls(daemon: Obj) -> bool:
    return (daemon["spec"].get("updateStrategy") or {}).get("type") == "RollingUpdate"
