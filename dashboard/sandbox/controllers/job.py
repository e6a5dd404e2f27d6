"""The Job loop: Pods that are meant to end, counted until enough of them succeeded or too many failed.

Imitates `pkg/controller/job` of kube-controller-manager 1.36: completions, parallelism, Indexed, backoffLimit and its
delays, activeDeadlineSeconds, suspend and the tracking finalizer. Left out: pod failure and success policies,
backoffLimitPerIndex. ttlSecondsAfterFinished and orphans are in job_cleanup.py, the decisions in job_rules.py.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.sandbox.controllers import job_rules as rules
from dashboard.sandbox.controllers.children import owner_key, write_status
from dashboard.sandbox.controllers.expectations import Expectations
from dashboard.sandbox.controllers.hashing import suffix
from dashboard.sandbox.controllers.job_cleanup import untrack
from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import (
    Key,
    Obj,
    condition,
    is_active,
    is_deleting,
    is_finished,
    is_ready,
    key_of,
    seconds,
    uid_of,
)
from dashboard.sandbox.failures import ApiFailure

COMPONENT = "job-controller"
BATCH = 1.0
"""Seconds for which changes of Pods are gathered before a Job is looked at (syncJobBatchPeriod)."""


@dataclass(slots=True)
class _Run:
    """What the loop remembers of a Job: stamps have whole seconds, which is too coarse at high speeds."""

    started: float = 0.0
    failures: int = 0
    """Failures in a row since the last success."""
    last_failure: float = 0.0


class JobController(Controller):
    """At once for a new or changed Job, a second after a change of one of its Pods."""

    name = COMPONENT

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.expected = Expectations(self.clock)
        self._runs: dict[str, _Run] = {}
        self._ended: dict[str, float] = {}
        self.informers.on("Job", self._job_changed)
        self.informers.on("Pod", self._pod_changed)

    def _job_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is None:
            if old is not None:
                self.expected.forget(key_of(old))
                self._runs.pop(uid_of(old), None)
        elif old is not None and old["metadata"].get("generation") == new["metadata"].get("generation"):
            self.queue.add_after(key_of(new), BATCH)
        else:
            self.queue.add(key_of(new))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        pod = new or old
        key = owner_key(pod, "Job") if pod is not None else None
        if pod is None or key is None:
            return
        if new is None:
            self._ended.pop(uid_of(pod), None)
        elif is_finished(new):
            self._ended.setdefault(uid_of(new), self.clock.now())
        if old is None:
            self.expected.created(key)
        if new is None or is_deleting(new):
            self.expected.deleted(key, uid_of(pod))
        self.queue.add_after(key, BATCH)

    async def sync(self, key: Key) -> None:
        """Count the Pods, make or remove some, publish (syncJob)."""
        job = self.informers.get("Job", *key)
        if job is None or rules.finished(job) is not None:
            return
        run = self._runs.setdefault(uid_of(job), _Run())
        due = self.expected.satisfied(key)
        pods = self.informers.owned("Pod", uid_of(job))
        count = rules.tally(job, pods)
        self._remember(run, count)
        status: Obj = copy.deepcopy(job.get("status") or {})
        self._start(job, status, run)
        verdict = self._judge(job, status, count, run)
        trouble = await self._act(job, key, status, count, run, verdict=verdict) if due else None
        await self._publish(job, status, pods, count, verdict)
        if trouble is not None:
            raise trouble

    def _remember(self, run: _Run, count: rules.Tally) -> None:
        ends = [(self._ended.get(uid_of(pod), self.clock.now()), False) for pod in count.new_failed]
        ends += [(self._ended.get(uid_of(pod), self.clock.now()), True) for pod in count.new_succeeded]
        for at, succeeded in sorted(ends):
            run.failures = 0 if succeeded else run.failures + 1
            run.last_failure = run.last_failure if succeeded else at

    def _start(self, job: Obj, status: Obj, run: _Run) -> None:
        """Note the start, and what suspend changed about it."""
        now = self.clock.stamp()
        if rules.is_suspended(job):
            said = rules.new_condition("Suspended", "True", "JobSuspended", "Job suspended", now)
            if rules.set_condition(status, said):
                self.recorder.event(COMPONENT, job, "Normal", "Suspended", "Job suspended")
            return
        said = rules.new_condition("Suspended", "False", "JobResumed", "Job resumed", now)
        if rules.set_condition(status, said):
            self.recorder.event(COMPONENT, job, "Normal", "Resumed", "Job resumed")
            status.pop("startTime", None)
        if "startTime" not in status:
            status["startTime"] = now
            run.started = self.clock.now()

    def _judge(self, job: Obj, status: Obj, count: rules.Tally, run: _Run) -> tuple[str, str, str] | None:
        """(final condition, reason, message) once it is known how the Job ends; sets the condition that precedes it."""
        for target, kind in (("FailureTarget", "Failed"), ("SuccessCriteriaMet", "Complete")):
            found = condition(status, target)
            if found is not None:
                return kind, found["reason"], found["message"]
        started = run.started or seconds(status.get("startTime")) or self.clock.now()
        active_for = (self.clock.now() - started) * self.clock.speed
        why = rules.failure(job, count, active_for)
        if why is not None:
            rules.set_condition(status, rules.new_condition("FailureTarget", "True", *why, self.clock.stamp()))
            return ("Failed", *why)
        if rules.is_complete(job, count):
            reached = rules.new_condition("SuccessCriteriaMet", "True", *rules.REACHED, self.clock.stamp())
            rules.set_condition(status, reached)
            return ("Complete", *rules.REACHED)
        deadline = job["spec"].get("activeDeadlineSeconds")
        if deadline is not None and not rules.is_suspended(job):
            # Every time: the queue keeps only the earliest of a key's wake-ups, and one may come a hair too early.
            self.queue.add_after(key_of(job), max(BATCH, float(deadline) - active_for))
        return None

    async def _act(
        self, job: Obj, key: Key, status: Obj, count: rules.Tally, run: _Run, *, verdict: tuple[str, str, str] | None
    ) -> ApiFailure | None:
        if is_deleting(job):
            return None
        if verdict is not None:
            return await self._delete(job, key, count, count.active, untracked=verdict[0] == "Complete")
        if rules.is_suspended(job):
            return await self._delete(job, key, count, count.active, untracked=True)
        lacking = rules.lacking(job, count)
        if lacking < 0:
            # The youngest and least far go first (ActivePods).
            doomed = sorted(count.active, key=lambda pod: (is_ready(pod), _age_order(pod)))[:-lacking]
            return await self._delete(job, key, count, doomed, untracked=True)
        wait = rules.delay(run.failures) - (self.clock.now() - run.last_failure) * self.clock.speed
        if lacking > 0 and run.failures and wait > 0:
            self.queue.add_after(key, wait)
            return None
        return await self._create(job, key, count, lacking) if lacking else None

    async def _create(self, job: Obj, key: Key, count: rules.Tally, number: int) -> ApiFailure | None:
        """Make Pods in batches of 1, 2, 4 …, ending with the first batch that is refused."""
        indexed = rules.is_indexed(job)
        indexes: list[int | None] = list(rules.free_indexes(job, count, number)) if indexed else [None] * number
        self.expected.expect_creations(key, len(indexes))
        size = 1
        while indexes:
            batch, indexes = indexes[:size], indexes[size:]
            refused = [self._create_one(job, count, index) for index in batch]
            await self.settle()
            failure = next((one for one in refused if one is not None), None)
            if failure is not None:
                self.expected.created(key, sum(1 for one in refused if one is not None) + len(indexes))
                return failure
            size *= 2
        return None

    def _create_one(self, job: Obj, count: rules.Tally, index: int | None) -> ApiFailure | None:
        try:
            pod = self.client.create("Pod", rules.pod_for(job, index, suffix()))
        except ApiFailure as failure:
            text = f"Error creating: {failure.message}"
            self.recorder.event(COMPONENT, job, "Warning", "FailedCreate", text)
            return failure
        count.active.append(pod)
        name = pod["metadata"]["name"]
        self.recorder.event(COMPONENT, job, "Normal", "SuccessfulCreate", f"Created pod: {name}")
        return None

    async def _delete(
        self, job: Obj, key: Key, count: rules.Tally, doomed: Iterable[Obj], *, untracked: bool
    ) -> ApiFailure | None:
        """Delete Pods; without their finalizer they are not counted as failed."""
        doomed = list(doomed)
        self.expected.expect_deletions(key, [uid_of(pod) for pod in doomed])
        for pod in doomed:
            try:
                if untracked:
                    untrack(self.client, pod)
                self.client.delete("Pod", *key_of(pod), uid=uid_of(pod))
            except ApiFailure as failure:
                self.expected.deleted(key, uid_of(pod))
                if failure.code == 404:
                    continue
                self.recorder.event(COMPONENT, job, "Warning", "FailedDelete", f"Error deleting: {failure.message}")
                return failure
            count.active.remove(pod)
            count.ready -= is_ready(pod)
            count.terminating += is_active(pod)
            name = pod["metadata"]["name"]
            self.recorder.event(COMPONENT, job, "Normal", "SuccessfulDelete", f"Deleted pod: {name}")
        if doomed:
            await self.settle()
        return None

    async def _publish(
        self, job: Obj, status: Obj, pods: list[Obj], count: rules.Tally, verdict: tuple[str, str, str] | None
    ) -> None:
        """First the uids of what ended, then their finalizers, then the numbers: so none is lost or counted twice."""
        rules.write_figures(status, job, count)
        uncounted = {k: list(v) for k, v in (status.get("uncountedTerminatedPods") or {}).items() if v}
        indexed = rules.is_indexed(job)
        for name, ended in (("succeeded", () if indexed else count.new_succeeded), ("failed", count.new_failed)):
            uids = uncounted.get(name, []) + [uid_of(pod) for pod in ended]
            uncounted |= {name: uids} if uids else {}
        status["uncountedTerminatedPods"] = uncounted
        freed = [pod for pod in pods if rules.is_worth_freeing(pod)]
        if uncounted or freed or verdict is None:
            job = write_status(self.client, "Job", job, status)
            await self.settle()
        for pod in freed:
            untrack(self.client, pod)
        final = copy.deepcopy(status)
        rules.settle_counts(final, count, indexed=indexed)
        ending = verdict is not None and not count.active and not count.terminating
        if verdict is not None and ending:
            rules.set_condition(final, rules.new_condition(verdict[0], "True", *verdict[1:], self.clock.stamp()))
            if verdict[0] == "Complete":
                final["completionTime"] = self.clock.stamp()
        write_status(self.client, "Job", job, final)
        await self.settle()
        if verdict is not None and ending:
            self._announce(job, *verdict)

    def _announce(self, job: Obj, kind: str, reason: str, message: str) -> None:
        if kind == "Complete":
            self.recorder.event(COMPONENT, job, "Normal", "Completed", "Job completed")
        else:
            self.recorder.event(COMPONENT, job, "Warning", reason, message)


def _age_order(pod: Obj) -> tuple[float, str]:
    return -seconds(pod["metadata"].get("creationTimestamp")), pod["metadata"]["name"]
