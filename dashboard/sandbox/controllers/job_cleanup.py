"""What is left of Jobs: finalizers of Pods whose Job has gone, and Jobs whose time after finishing is over.

Source: `pkg/controller/job` (the orphan queue) and `pkg/controller/ttlafterfinished`, Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.sandbox.client import Client
from dashboard.sandbox.controllers.job_rules import FINALIZER, finished, is_tracked
from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import Key, Obj, controller_of, is_deleting, key_of, seconds, uid_of
from dashboard.sandbox.failures import ApiFailure


def untrack(client: Client, pod: Mapping[str, Any]) -> None:
    """Take the Job's finalizer off a Pod, if it has it; a Pod that is gone is fine. Raises ApiFailure otherwise."""
    newest = client.get("Pod", *key_of(pod))
    if newest is None or uid_of(newest) != uid_of(pod) or not is_tracked(newest):
        return
    kept = [name for name in newest["metadata"]["finalizers"] if name != FINALIZER]
    change = {"metadata": {"uid": uid_of(pod), "finalizers": kept or None}}
    try:
        client.patch("Pod", *key_of(pod), change)
    except ApiFailure as failure:
        if failure.code != 404:
            raise


class OrphanedJobPods(Controller):
    """Frees tracked Pods that no Job will count any more."""

    name = "job-orphans"
    workers = 1

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.informers.on("Pod", self._pod_changed)
        self.informers.on("Job", self._job_changed)

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None and is_tracked(new):
            self.queue.add(key_of(new))

    def _job_changed(self, old: Obj | None, new: Obj | None) -> None:
        if old is not None and (new is None or finished(new)):
            for pod in self.informers.owned("Pod", uid_of(old)):
                self.queue.add(key_of(pod))

    async def sync(self, key: Key) -> None:
        """Free the Pod when its Job has gone or is done."""
        pod = self.informers.get("Pod", *key)
        if pod is None or not is_tracked(pod):
            return
        owner = controller_of(pod)
        job = self.client.get("Job", key[0], owner["name"]) if owner is not None and owner["kind"] == "Job" else None
        if job is None or owner is None or uid_of(job) != owner["uid"] or finished(job):
            untrack(self.client, pod)


class TtlAfterFinished(Controller):
    """Deletes Jobs `ttlSecondsAfterFinished` after their end."""

    name = "ttl-after-finished-controller"
    workers = 1

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.informers.on("Job", self._job_changed)

    def _job_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None and new["spec"].get("ttlSecondsAfterFinished") is not None and finished(new):
            self.queue.add(key_of(new))

    async def sync(self, key: Key) -> None:
        """Delete the Job, or come back when it is time."""
        job = self.informers.get("Job", *key)
        end = finished(job) if job is not None else None
        ttl = job["spec"].get("ttlSecondsAfterFinished") if job is not None else None
        if job is None or end is None or ttl is None or is_deleting(job):
            return
        left = float(ttl) - (self.clock.now() - seconds(end["lastTransitionTime"])) * self.clock.speed
        if left > 0:
            self.queue.add_after(key, left)
            return
        self.client.delete("Job", *key, propagation="Foreground", uid=uid_of(job))
