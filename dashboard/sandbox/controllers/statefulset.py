"""The StatefulSet loop: Pods with names that last, made and replaced in the order of their ordinals.

Imitates `pkg/controller/statefulset` of kube-controller-manager 1.36: OrderedReady and Parallel management, the
RollingUpdate partition, OnDelete, ControllerRevisions and the claims of `volumeClaimTemplates`.
What to do is decided in statefulset_rules.py; this does it.
"""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.controllers.children import owner_key, write_status
from dashboard.sandbox.controllers.claims import claim_pods
from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import Key, Obj, is_deleting, key_of, labels_of, selects_nothing, uid_of
from dashboard.sandbox.controllers.revisions import (
    HASH,
    STATEFUL_HASH,
    current_revision,
    patch_hash,
    revisions_of,
    surplus,
    template_patch,
)
from dashboard.sandbox.controllers.statefulset_rules import (
    Step,
    availability,
    by_ordinal,
    claims_of,
    counts,
    is_running_and_ready,
    ordinal_of,
    plan,
    pod_of,
    status_of,
    uses_current,
)
from dashboard.sandbox.failures import ApiFailure

COMPONENT = "statefulset-controller"


class StatefulSetController(Controller):
    """One sync per changed StatefulSet, or per change of one of its Pods."""

    name = COMPONENT

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.informers.on("StatefulSet", self._set_changed)
        self.informers.on("Pod", self._pod_changed)

    def _set_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        for pod in (old, new):
            key = owner_key(pod, "StatefulSet") if pod is not None else None
            if key is not None:
                self.queue.add(key)

    async def sync(self, key: Key) -> None:
        """Bring one StatefulSet a step further and publish its status."""
        workload = self.informers.get("StatefulSet", *key)
        if workload is None or selects_nothing(workload["spec"].get("selector")):
            return
        ours = [
            p for p in self.informers.list("Pod", key[0]) if ordinal_of(workload, p["metadata"]["name"]) is not None
        ]
        pods = by_ordinal(workload, await claim_pods(self.client, workload, ours, self.settle))
        history = revisions_of(workload, self.client.list("ControllerRevision", key[0]))
        current, update = self._revisions(workload, history)
        min_ready = float(workload["spec"].get("minReadySeconds") or 0)
        available = availability(min_ready / self.clock.speed, self.clock.now())
        names = current["metadata"]["name"], update["metadata"]["name"]
        steps = [] if is_deleting(workload) else plan(workload, pods, names[1], available)
        # The status counts what the sync began with, less the outdated Pods that it has just deleted.
        figures = counts(pods.values(), *names, available)
        try:
            for step in steps:
                await self._take(workload, step, pods, current, update)
                figures["currentReplicas"] -= step.why == "outdated"
        finally:
            collisions = int((workload.get("status") or {}).get("collisionCount") or 0)
            write_status(self.client, "StatefulSet", workload, status_of(workload, figures, *names, collisions))
            await self.settle()
        if min_ready and any(is_running_and_ready(pod) and not available(pod) for pod in pods.values()):
            self.queue.add_after(key, min_ready)
        self._forget_old(workload, history, pods, names)

    def _revisions(self, workload: Obj, history: list[Obj]) -> tuple[Obj, Obj]:
        """The (current, newest) revisions; the newest is made when the template is new."""
        status = workload.get("status") or {}
        digest = patch_hash(template_patch(workload["spec"]["template"]), int(status.get("collisionCount") or 0))
        update, _ = current_revision(self.client, workload, history, digest, STATEFUL_HASH)
        named = (r for r in history if r["metadata"]["name"] == status.get("currentRevision"))
        return next(named, update), update

    async def _take(self, workload: Obj, step: Step, pods: dict[int, Obj], current: Obj, update: Obj) -> None:
        if step.verb == "create":
            revision = current if uses_current(workload, step.ordinal) else update
            await self._create(workload, step.ordinal, revision)
            return
        if step.why == "finished":
            self._announce_replacement(workload, pods[step.ordinal])
        await self._delete(workload, pods[step.ordinal])

    async def _create(self, workload: Obj, ordinal: int, revision: Obj) -> None:
        pod = pod_of(workload, ordinal, revision)
        for claim in claims_of(workload, ordinal):
            await self._claim(workload, pod, claim)
        try:
            self.client.create("Pod", pod)
        except ApiFailure as failure:
            self._tell(workload, "Create", "create", pod, failure)
            # The watch has not shown the Pod yet: another sync will find it.
            if failure.reason != "AlreadyExists":
                raise
        else:
            self._tell(workload, "Create", "create", pod)
        await self.settle()

    async def _claim(self, workload: Obj, pod: Obj, claim: Obj) -> None:
        meta = claim["metadata"]
        if self.client.get("PersistentVolumeClaim", meta["namespace"], meta["name"]) is not None:
            return
        what = f"Claim {meta['name']} Pod {pod['metadata']['name']} in StatefulSet {workload['metadata']['name']}"
        try:
            self.client.create("PersistentVolumeClaim", claim)
        except ApiFailure as failure:
            text = f"create {what} failed error: {failure}"
            self.recorder.event(COMPONENT, workload, "Warning", "FailedCreate", text)
            raise
        self.recorder.event(COMPONENT, workload, "Normal", "SuccessfulCreate", f"create {what} success")
        await self.settle()

    async def _delete(self, workload: Obj, pod: Obj) -> None:
        namespace, name = key_of(pod)
        try:
            self.client.delete("Pod", namespace, name, uid=uid_of(pod))
        except ApiFailure as failure:
            if failure.reason == "NotFound":
                return
            self._tell(workload, "Delete", "delete", pod, failure)
            raise
        self._tell(workload, "Delete", "delete", pod)
        await self.settle()

    def _tell(self, workload: Obj, verb: str, lower: str, pod: Obj, failure: ApiFailure | None = None) -> None:
        what = f"Pod {pod['metadata']['name']} in StatefulSet {workload['metadata']['name']}"
        if failure is None:
            self.recorder.event(COMPONENT, workload, "Normal", f"Successful{verb}", f"{verb} {what} successful")
        elif failure.reason != "AlreadyExists":
            text = f"{lower} {what} failed error: {failure}"
            self.recorder.event(COMPONENT, workload, "Warning", f"Failed{verb}", text)

    def _announce_replacement(self, workload: Obj, pod: Obj) -> None:
        failed = pod["status"]["phase"] == "Failed"
        reason, word = ("RecreatingFailedPod", "failed") if failed else ("RecreatingTerminatedPod", "terminated")
        namespace, name = key_of(workload)
        text = f"StatefulSet {namespace}/{name} is recreating {word} Pod {pod['metadata']['name']}"
        self.recorder.event(COMPONENT, workload, "Warning" if failed else "Normal", reason, text)

    def _forget_old(self, workload: Obj, history: list[Obj], pods: dict[int, Obj], names: tuple[Any, ...]) -> None:
        limit = workload["spec"].get("revisionHistoryLimit")
        in_use = {*names, *(labels_of(pod).get(HASH, "") for pod in pods.values())}
        for revision in surplus(history, in_use, 10 if limit is None else int(limit)):
            self.client.delete("ControllerRevision", *key_of(revision))
