"""The ReplicaSet controller: as many Pods as wanted, and no others.

Source: `pkg/controller/replicaset/replica_set.go`, Kubernetes 1.36.
"""

from __future__ import annotations

import copy

from dashboard.sandbox.controllers.claims import claim_pods
from dashboard.sandbox.controllers.expectations import Expectations
from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import (
    Key,
    Obj,
    controlled_by,
    controller_of,
    is_active,
    is_deleting,
    is_ready,
    is_terminating,
    key_of,
    labels_of,
    matches,
    selects_nothing,
    uid_of,
)
from dashboard.sandbox.controllers.replicaset_rules import (
    judge_failure,
    new_status,
    next_available,
    pod_from_template,
    to_delete,
)
from dashboard.sandbox.failures import ApiFailure

COMPONENT = "replicaset-controller"
BURST = 500
"""Pods made or removed in one sync."""


class ReplicaSetController(Controller):
    """One sync per changed ReplicaSet, or per change of one of its Pods."""

    name = COMPONENT

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.expected = Expectations(self.clock)
        self.informers.on("ReplicaSet", self._set_changed)
        self.informers.on("Pod", self._pod_changed)

    def _set_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))
        elif old is not None:
            self.expected.forget(key_of(old))
            self.queue.add(key_of(old))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is None or is_deleting(new):
            self._pod_leaves(new or old or {})
            if old is not None and new is not None and labels_of(old) != labels_of(new):
                self._pod_leaves(old)
            return
        owner = self._owner(new)
        before = self._owner(old) if old is not None else None
        if before is not None and before != owner:
            self.queue.add(before)
        if owner is not None:
            if old is None:
                self.expected.created(owner)
            self.queue.add(owner)
            if old is not None and not is_ready(old) and is_ready(new):
                self._await_availability(owner)
        elif controller_of(new) is None and (old is None or before or labels_of(old) != labels_of(new)):
            self._offer_orphan(new)

    def _pod_leaves(self, pod: Obj) -> None:
        owner = self._owner(pod)
        if owner is not None:
            self.expected.deleted(owner, uid_of(pod))
            self.queue.add(owner)

    def _await_availability(self, owner: Key) -> None:
        one = self.informers.get("ReplicaSet", *owner)
        if one is not None and one["spec"].get("minReadySeconds"):
            self.queue.add_after(owner, one["spec"]["minReadySeconds"])

    def _owner(self, pod: Obj) -> Key | None:
        """The key of the ReplicaSet that controls the Pod, if it is there and the same one."""
        owner = controller_of(pod)
        if owner is None or owner["kind"] != "ReplicaSet":
            return None
        key = (key_of(pod)[0], owner["name"])
        one = self.informers.get("ReplicaSet", *key)
        return key if one is not None and controlled_by(pod, one) else None

    def _offer_orphan(self, pod: Obj) -> None:
        for one in self.informers.list("ReplicaSet", key_of(pod)[0]):
            if matches(one["spec"]["selector"], labels_of(pod)):
                self.queue.add(key_of(one))

    async def sync(self, key: Key) -> None:
        """Make or remove Pods until their number is right, then say so (syncReplicaSet)."""
        one = self.informers.get("ReplicaSet", *key)
        if one is None or selects_nothing(one["spec"].get("selector")):
            self.expected.forget(key)
            return
        due = self.expected.satisfied(key)
        candidates = self.informers.owned("Pod", uid_of(one)) + self.informers.orphans("Pod", key[0])
        pods = await claim_pods(self.client, one, [pod for pod in candidates if is_active(pod)], self.settle)
        leaving = sum(1 for pod in self.informers.owned("Pod", uid_of(one)) if is_terminating(pod))
        difference = len(pods) - _wanted(one)
        trouble: ApiFailure | None = None
        if due and not is_deleting(one):
            trouble = await self._correct(one, key, pods, difference)
        await self._publish(one, pods, leaving, trouble, difference)
        if trouble is not None:
            raise trouble

    async def _correct(self, one: Obj, key: Key, pods: list[Obj], difference: int) -> ApiFailure | None:
        if difference < 0:
            return await self._create(one, key, min(-difference, BURST))
        if difference > 0:
            doomed = to_delete(pods, self._related(one), min(difference, BURST), self.clock.now())
            return await self._delete(one, key, doomed)
        return None

    async def _create(self, one: Obj, key: Key, number: int) -> ApiFailure | None:
        """Make Pods in batches of 1, 2, 4 …: a refusal that would hit all of them is met once (slowStartBatch)."""
        self.expected.expect_creations(key, number)
        left, batch = number, 1
        while left > 0:
            trouble = None
            size = min(batch, left)
            for _ in range(size):
                trouble = self._create_one(one) or trouble
            await self.settle()
            left -= size
            if trouble is not None:
                self.expected.created(key, left + 1)
                return None if _is_namespace_ending(trouble) else trouble
            batch *= 2
        return None

    def _create_one(self, one: Obj) -> ApiFailure | None:
        try:
            pod = self.client.create("Pod", pod_from_template(one, one["spec"]["template"]))
        except ApiFailure as failure:
            if not _is_namespace_ending(failure):
                self.recorder.event(COMPONENT, one, "Warning", "FailedCreate", f"Error creating: {failure.message}")
            return failure
        said = f"Created pod: {pod['metadata']['name']}"
        self.recorder.event(COMPONENT, one, "Normal", "SuccessfulCreate", said)
        return None

    async def _delete(self, one: Obj, key: Key, doomed: list[Obj]) -> ApiFailure | None:
        self.expected.expect_deletions(key, [uid_of(pod) for pod in doomed])
        trouble = None
        for pod in doomed:
            try:
                self.client.delete("Pod", *key_of(pod), uid=uid_of(pod))
            except ApiFailure as failure:
                self.expected.deleted(key, uid_of(pod))
                if failure.code != 404:
                    self.recorder.event(COMPONENT, one, "Warning", "FailedDelete", f"Error deleting: {failure.message}")
                    trouble = failure
                continue
            said = f"Deleted pod: {pod['metadata']['name']}"
            self.recorder.event(COMPONENT, one, "Normal", "SuccessfulDelete", said)
        await self.settle()
        return trouble

    def _related(self, one: Obj) -> list[Obj]:
        """Pods of all ReplicaSets of the same Deployment; its own where there is none."""
        owner = controller_of(one)
        family = self.informers.owned("ReplicaSet", owner["uid"]) if owner else [one]
        return [pod for member in family for pod in self.informers.owned("Pod", uid_of(member))]

    async def _publish(
        self, one: Obj, pods: list[Obj], leaving: int, trouble: ApiFailure | None, difference: int
    ) -> None:
        now, patience = self.clock.now(), (one["spec"].get("minReadySeconds") or 0) / self.clock.speed
        status = new_status(one, pods, leaving, now, patience)
        judge_failure(status, trouble.message if trouble else "", difference, self.clock.stamp())
        wait = next_available(pods, patience, now)
        if wait is not None:
            self.queue.add_after(key_of(one), wait * self.clock.speed)
        if status == (one.get("status") or {}):
            return
        await self._write_status(one, status)

    async def _write_status(self, one: Obj, status: Obj) -> None:
        """Write it; where the copy was stale, once more on the newest (updateReplicaSetStatus)."""
        changed = copy.deepcopy(one)
        changed["status"] = status
        try:
            self.client.update_status("ReplicaSet", changed)
        except ApiFailure as failure:
            newest = self.client.get("ReplicaSet", *key_of(one)) if failure.reason == "Conflict" else None
            if newest is None or uid_of(newest) != uid_of(one):
                raise
            changed = copy.deepcopy(newest)
            changed["status"] = status
            self.client.update_status("ReplicaSet", changed)
        await self.settle()


def _wanted(one: Obj) -> int:
    value = one["spec"].get("replicas")
    return 1 if value is None else int(value)


def _is_namespace_ending(failure: ApiFailure) -> bool:
    return failure.code == 403 and "because it is being terminated" in failure.message
