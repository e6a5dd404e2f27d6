"""The Deployment controller: rollouts, scaling, pausing, and what the status says of them.

Source: `pkg/controller/deployment`, Kubernetes 1.36 (deployment_controller.go, sync.go, rolling.go,
recreate.go, progress.go). The order of steps is kept: what is published between them is what people see.
"""

from __future__ import annotations

import copy

from dashboard.sandbox.controllers.deployment_notes import desired_annotation
from dashboard.sandbox.controllers.deployment_rules import (
    active,
    active_or_latest,
    count,
    has_deadline,
    is_rolling,
    max_unavailable,
    new_replicas,
    replicas,
    total,
    wanted,
)
from dashboard.sandbox.controllers.deployment_scaling import is_saturated, proportions
from dashboard.sandbox.controllers.deployment_sets import COMPONENT, DeploymentSets
from dashboard.sandbox.controllers.deployment_status import (
    copy_failure,
    is_complete,
    judge_progress,
    new_condition,
    new_status,
    set_condition,
    until_deadline,
)
from dashboard.sandbox.controllers.loop import MOST_RETRIES, Context, Controller
from dashboard.sandbox.controllers.meta import (
    Key,
    Obj,
    by_creation,
    condition,
    controller_of,
    is_deleting,
    is_finished,
    key_of,
    labels_of,
    matches,
    selects_nothing,
    uid_of,
)

Sets = list[Obj]


class DeploymentController(Controller):
    """One sync per changed Deployment, or per change of one of its ReplicaSets."""

    name = COMPONENT
    retries = MOST_RETRIES

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.sets = DeploymentSets(self.client, self.clock, self.informers, self.recorder, self.settle)
        self.informers.on("Deployment", self._deployment_changed)
        self.informers.on("ReplicaSet", self._set_changed)
        self.informers.on("Pod", self._pod_changed)

    def _deployment_changed(self, old: Obj | None, new: Obj | None) -> None:
        changed = new or old
        if changed is not None:
            self.queue.add(key_of(changed))

    def _set_changed(self, old: Obj | None, new: Obj | None) -> None:
        for one in (old, new):
            if one is None:
                continue
            owner = controller_of(one)
            namespace, _ = key_of(one)
            if owner is not None:
                if owner["kind"] == "Deployment":
                    self.queue.add((namespace, owner["name"]))
                continue
            for deployment in self.informers.list("Deployment", namespace):
                if matches(deployment["spec"]["selector"], labels_of(one)):
                    self.queue.add(key_of(deployment))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        """Only the last Pod's end matters, and only to a Recreate Deployment."""
        if old is None or new is not None:
            return
        owner, (namespace, _) = controller_of(old), key_of(old)
        one = self.informers.get("ReplicaSet", namespace, owner["name"]) if owner else None
        parent = controller_of(one) if one else None
        deployment = self.informers.get("Deployment", namespace, parent["name"]) if parent else None
        if deployment is not None and not is_rolling(deployment) and not self._pods(deployment):
            self.queue.add(key_of(deployment))

    def _pods(self, deployment: Obj) -> dict[str, list[Obj]]:
        """The Deployment's Pods by the uid of their ReplicaSet; no entry for one without Pods."""
        pods = {uid_of(one): self.informers.owned("Pod", uid_of(one)) for one in self._owned_sets(deployment)}
        return {uid: found for uid, found in pods.items() if found}

    def _owned_sets(self, deployment: Obj) -> Sets:
        return self.informers.owned("ReplicaSet", uid_of(deployment))

    async def sync(self, key: Key) -> None:
        """Bring one Deployment a step nearer to its spec (syncDeployment)."""
        seen = self.informers.get("Deployment", *key)
        if seen is None:
            return
        deployment = copy.deepcopy(seen)
        if selects_nothing(deployment["spec"].get("selector")):
            said = "This deployment is selecting all pods. A non-empty selector is required."
            self.recorder.event(COMPONENT, deployment, "Warning", "SelectingAll", said)
            return
        sets = await self.sets.claim(deployment)
        if is_deleting(deployment):
            new, old = await self.sets.split(deployment, sets, create=False)
            await self._publish_counts(deployment, [*old, new], new)
            return
        await self._mark_pause(deployment)
        if deployment["spec"].get("paused") or await self._is_scaling(deployment, sets):
            await self._scale_only(deployment, sets)
        elif is_rolling(deployment):
            await self._roll(deployment, sets)
        else:
            await self._recreate(deployment, sets)

    async def _mark_pause(self, deployment: Obj) -> None:
        """Say DeploymentPaused or DeploymentResumed, so that a pause is not taken for lack of progress."""
        if not has_deadline(deployment):
            return
        current = condition(deployment.get("status") or {}, "Progressing")
        reason = (current or {}).get("reason")
        paused = bool(deployment["spec"].get("paused"))
        if reason == "ProgressDeadlineExceeded" or paused == (reason == "DeploymentPaused"):
            return
        word, said = ("DeploymentPaused", "paused") if paused else ("DeploymentResumed", "resumed")
        new = new_condition("Progressing", "Unknown", word, f"Deployment is {said}", self.clock.stamp())
        set_condition(deployment.setdefault("status", {}), new)
        await self.sets.publish(deployment)

    async def _is_scaling(self, deployment: Obj, sets: Sets) -> bool:
        """Whether spec.replicas has changed since a ReplicaSet was last sized (isScalingEvent)."""
        new, old = await self.sets.split(deployment, sets, create=False)
        sizes = (desired_annotation(one) for one in active([*old, new]))
        return any(size is not None and size != replicas(deployment) for size in sizes)

    async def _scale_only(self, deployment: Obj, sets: Sets) -> None:
        """Scale without rolling out (sync): the old template may grow and shrink before the new one exists."""
        new, old = await self.sets.split(deployment, sets, create=False)
        await self._share_out(deployment, new, old)
        if deployment["spec"].get("paused"):
            await self.sets.clean(deployment, old)
        await self._publish_counts(deployment, [*old, new], new)

    async def _share_out(self, deployment: Obj, new: Obj | None, old: Sets) -> None:
        only = active_or_latest(new, old)
        if only is not None:
            await self.sets.scale(only, replicas(deployment), deployment)
        elif is_saturated(deployment, new):
            for one in active(old):
                await self.sets.scale(one, 0, deployment)
        elif is_rolling(deployment):
            for one, size in proportions(deployment, new, old):
                await self.sets.resize(one, size, deployment)

    async def _roll(self, deployment: Obj, sets: Sets) -> None:
        """One step of a rolling update: up if there is room, else down if enough are available."""
        new, old = await self.sets.split(deployment, sets, create=True)
        if new is None:
            return
        everything: list[Obj | None] = [*old, new]
        scaled, _ = await self.sets.scale(new, self._new_size(deployment, everything, new), deployment)
        if not scaled:
            scaled = await self._shrink_old(deployment, everything, active(old), new)
        if not scaled and is_complete(deployment, deployment.get("status") or {}):
            await self.sets.clean(deployment, old)
        await self._publish_rollout(deployment, everything, new)

    def _new_size(self, deployment: Obj, everything: list[Obj | None], new: Obj) -> int:
        if replicas(new) >= replicas(deployment):
            return replicas(deployment)
        return new_replicas(deployment, everything, new)

    async def _shrink_old(self, deployment: Obj, everything: list[Obj | None], old: Sets, new: Obj) -> bool:
        """Take Pods from the old ReplicaSets, the unhealthy first, as far as maxUnavailable lets (reconcileOld…)."""
        if wanted(old) == 0:
            return False
        least = replicas(deployment) - max_unavailable(deployment)
        missing = replicas(new) - count(new, "availableReplicas")
        room = wanted(everything) - least - missing
        if room <= 0:
            return False
        old, cleaned = await self._shrink_unhealthy(deployment, by_creation(old), room)
        return await self._shrink_healthy(deployment, old, new, least) + cleaned > 0

    async def _shrink_unhealthy(self, deployment: Obj, old: Sets, room: int) -> tuple[Sets, int]:
        taken, left = 0, list(old)
        for index, one in enumerate(old):
            unhealthy = replicas(one) - count(one, "availableReplicas")
            fewer = min(room - taken, unhealthy)
            if replicas(one) == 0 or fewer <= 0:
                continue
            _, left[index] = await self.sets.scale(one, replicas(one) - fewer, deployment)
            taken += fewer
        return left, taken

    async def _shrink_healthy(self, deployment: Obj, old: Sets, new: Obj, least: int) -> int:
        spare = total([*old, new], "availableReplicas") - least
        taken = 0
        for one in by_creation(old):
            fewer = min(replicas(one), spare - taken)
            if fewer <= 0:
                continue
            await self.sets.scale(one, replicas(one) - fewer, deployment)
            taken += fewer
        return taken

    async def _recreate(self, deployment: Obj, sets: Sets) -> None:
        """Recreate: all old Pods have to be gone before the new ReplicaSet exists."""
        new, old = await self.sets.split(deployment, sets, create=False)
        everything: list[Obj | None] = [*old, new]
        shrunk = [(await self.sets.scale(one, 0, deployment))[0] for one in active(old)]
        if not any(shrunk) and not self._old_pods_run(deployment, new, old):
            if new is None:
                new, old = await self.sets.split(deployment, sets, create=True)
                everything = [*old, new]
            if new is not None:
                await self.sets.scale(new, replicas(deployment), deployment)
            if is_complete(deployment, deployment.get("status") or {}):
                await self.sets.clean(deployment, old)
        await self._publish_rollout(deployment, everything, new)

    def _old_pods_run(self, deployment: Obj, new: Obj | None, old: Sets) -> bool:
        if total(old, "replicas") > 0:
            return True
        pods = self._pods(deployment)
        if new is not None:
            pods.pop(uid_of(new), None)
        return any(not is_finished(pod) for found in pods.values() for pod in found)

    async def _publish_counts(self, deployment: Obj, everything: list[Obj | None], new: Obj | None) -> None:
        status = new_status(deployment, everything, new, self.clock.stamp())
        if status != (deployment.get("status") or {}):
            deployment["status"] = status
            await self.sets.publish(deployment)

    async def _publish_rollout(self, deployment: Obj, everything: list[Obj | None], new: Obj | None) -> None:
        now, stamp = self.clock.now(), self.clock.stamp()
        status = new_status(deployment, everything, new, stamp)
        judge_progress(deployment, status, new, now, stamp, speed=self.clock.speed)
        copy_failure(status, everything, new)
        if status == (deployment.get("status") or {}):
            self._check_again(deployment, status, now)
            return
        deployment["status"] = status
        await self.sets.publish(deployment)

    def _check_again(self, deployment: Obj, status: Obj, now: float) -> None:
        """Come back when the progress deadline will have passed; nothing else would wake us (requeueStuck…)."""
        current = condition(status, "Progressing")
        if not has_deadline(deployment) or current is None or is_complete(deployment, status):
            return
        if current.get("reason") == "ProgressDeadlineExceeded":
            return
        left = until_deadline(deployment, current, now, self.clock.speed)
        if left < 1:
            self.queue.retry(key_of(deployment))
        else:
            self.queue.add_after(key_of(deployment), left + 1)
