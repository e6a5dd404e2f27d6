"""The CronJob loop: a Job for each time that a five-field schedule names.

Imitates `pkg/controller/cronjob` of kube-controller-manager 1.36: suspend, concurrencyPolicy,
startingDeadlineSeconds and history limits. Schedules follow the real clock, at whatever speed the sandbox runs.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox.controllers.children import owner_key, write_status
from dashboard.sandbox.controllers.cron import Schedule, ScheduleError, parse
from dashboard.sandbox.controllers.job_rules import finished
from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import (
    Key,
    Obj,
    by_creation,
    condition,
    created,
    is_deleting,
    key_of,
    owner_reference,
    seconds,
    uid_of,
)
from dashboard.sandbox.failures import ApiFailure

COMPONENT = "cronjob-controller"
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
TOO_MANY = 100
"""Missed start times after which a warning is due."""


@dataclass(frozen=True, slots=True)
class Due:
    """The newest time that has come and was not served (None: none), and how many there were."""

    at: float | None
    missed: int
    next: float | None


def due(cron: Mapping[str, Any], schedule: Schedule, now: float) -> Due:
    """What is due at `now` (mostRecentScheduleTime). All in Unix seconds."""
    since = seconds((cron.get("status") or {}).get("lastScheduleTime")) or created(cron)
    deadline = cron["spec"].get("startingDeadlineSeconds")
    if deadline is not None:
        since = max(since, now - float(deadline))
    first = schedule.after(since)
    if first is None or first > now:
        return Due(None, 0, first)
    second = schedule.after(first)
    # Upstream's estimate: as if the times were evenly spaced.
    missed = 1 if second is None else int((now - first) / (second - first)) + 1
    return Due(_latest(schedule, first, now), missed, schedule.after(now))


def _latest(schedule: Schedule, first: float, now: float) -> float:
    """The last time up to `now`; `first` is one of them. Looks back an hour, a day, a month, then as far as needed."""
    latest = first
    for window in (3600.0, 86400.0, 31 * 86400.0, now - first):
        at = schedule.after(now - window - 1) if now - window > first else first
        while at is not None and at <= now:
            latest, at = at, schedule.after(at)
        if latest > first or now - window <= first:
            break
    return latest


def job_name(cron: Mapping[str, Any], at: float) -> str:
    """`backup-29400600`: the name and the minute since 1970, so that one time makes one Job."""
    return f"{cron['metadata']['name']}-{int(at) // 60}"


def job_of(cron: Mapping[str, Any], at: float, stamp: str) -> Obj:
    """The Job for one time."""
    template = cron["spec"]["jobTemplate"]
    given = template.get("metadata") or {}
    meta: Obj = {"name": job_name(cron, at), "namespace": cron["metadata"]["namespace"]}
    meta["labels"] = dict(given.get("labels") or {})
    meta["annotations"] = (given.get("annotations") or {}) | {SCHEDULED: stamp}
    meta["ownerReferences"] = [owner_reference(cron)]
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": copy.deepcopy(template["spec"])}


def outdated(cron: Mapping[str, Any], jobs: Iterable[Obj]) -> list[Obj]:
    """Finished Jobs beyond the history limits, oldest first."""
    ended: dict[str, list[Obj]] = {"Complete": [], "Failed": []}
    for job in by_creation(jobs):
        end = finished(job)
        if end is not None:
            ended[end["type"]].append(job)
    spec = cron["spec"]
    kept = {"Complete": spec.get("successfulJobsHistoryLimit", 3), "Failed": spec.get("failedJobsHistoryLimit", 1)}
    return [job for kind, all_ in ended.items() for job in all_[: max(0, len(all_) - int(kept[kind]))]]


class CronJobController(Controller):
    """One sync per changed CronJob, per change of one of its Jobs, and when its next time comes."""

    name = COMPONENT

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.informers.on("CronJob", self._cron_changed)
        self.informers.on("Job", self._job_changed)

    def _cron_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))

    def _job_changed(self, old: Obj | None, new: Obj | None) -> None:
        job = new or old
        key = owner_key(job, "CronJob") if job is not None else None
        if key is not None:
            self.queue.add(key)

    async def sync(self, key: Key) -> None:
        """Start what is due and tidy up (syncCronJob)."""
        cron = self.client.get("CronJob", *key)
        if cron is None:
            return
        jobs = [job for job in self.client.list("Job", key[0]) if owner_key(job, "CronJob") == key]
        status: Obj = copy.deepcopy(cron.get("status") or {})
        self._note_ends(cron, jobs, status)
        if not is_deleting(cron):
            await self._schedule(key, cron, jobs, status)
            for job in outdated(cron, jobs):
                self._delete(cron, job)
        write_status(self.client, "CronJob", cron, status)
        await self.settle()

    def _note_ends(self, cron: Obj, jobs: list[Obj], status: Obj) -> None:
        """Active Jobs that have ended leave the list."""
        known = {uid_of(job): job for job in jobs}
        still = []
        for reference in status.get("active") or ():
            job = known.get(reference["uid"])
            end = finished(job) if job is not None else None
            if job is None:
                self._say(cron, "Normal", "MissingJob", f"Active job went missing: {reference['name']}")
            elif end is None:
                still.append(reference)
            else:
                text = f"Saw completed job: {reference['name']}, condition: {end['type']}"
                self._say(cron, "Normal", "SawCompletedJob", text)
        for job in jobs:
            done = condition(job.get("status") or {}, "Complete")
            at = (job.get("status") or {}).get("completionTime")
            if done is not None and at and seconds(at) > seconds(status.get("lastSuccessfulTime")):
                status["lastSuccessfulTime"] = at
        status.pop("active", None)
        if still:
            status["active"] = still

    async def _schedule(self, key: Key, cron: Obj, jobs: list[Obj], status: Obj) -> None:
        spec = cron["spec"]
        try:
            schedule = parse(spec["schedule"], spec.get("timeZone") or "")
        except ScheduleError as wrong:
            self._say(cron, "Warning", "UnparseableSchedule", f'unparseable schedule: "{spec["schedule"]}" : {wrong}')
            return
        if spec.get("suspend"):
            return
        now = self.clock.now()
        found = due(cron, schedule, now)
        if found.next is not None:
            # Schedules are real times, the queue waits in scaled ones.
            self.queue.add_after(key, (found.next - now + 0.1) * self.clock.speed)
        if found.missed > TOO_MANY:
            text = (
                f"too many missed start times: {found.missed}. Set or decrease .spec.startingDeadlineSeconds or check "
                "clock skew"
            )
            self._say(cron, "Warning", "TooManyMissedTimes", text)
        if found.at is not None and await self._may_start(cron, jobs, status, found.at):
            await self._start(cron, status, found.at)

    async def _may_start(self, cron: Obj, jobs: list[Obj], status: Obj, at: float) -> bool:
        policy = cron["spec"].get("concurrencyPolicy", "Allow")
        running = [job for job in jobs if finished(job) is None]
        if policy == "Forbid" and running:
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._say(cron, "Normal", "JobAlreadyActive", text)
            return False
        if policy == "Replace":
            for job in running:
                self._delete(cron, job)
            status.pop("active", None)
        return all(job["metadata"]["name"] != job_name(cron, at) for job in jobs)

    async def _start(self, cron: Obj, status: Obj, at: float) -> None:
        try:
            job = self.client.create("Job", job_of(cron, at, self.clock.stamp(at)))
        except ApiFailure as failure:
            if failure.reason == "AlreadyExists":
                return
            self._say(cron, "Warning", "FailedCreate", f"Error creating job: {failure}")
            raise
        meta = job["metadata"]
        self._say(cron, "Normal", "SuccessfulCreate", f"Created job {meta['name']}")
        reference = {"kind": "Job", "apiVersion": "batch/v1", "namespace": meta["namespace"], "name": meta["name"]}
        reference |= {"uid": uid_of(job), "resourceVersion": meta["resourceVersion"]}
        status["active"] = [*(status.get("active") or ()), reference]
        status["lastScheduleTime"] = self.clock.stamp(at)
        await self.settle()

    def _delete(self, cron: Obj, job: Obj) -> None:
        try:
            self.client.delete("Job", *key_of(job), uid=uid_of(job))
        except ApiFailure as failure:
            if failure.code != 404:
                raise
            return
        self._say(cron, "Normal", "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")

    def _say(self, cron: Obj, kind: str, reason: str, message: str) -> None:
        self.recorder.event(COMPONENT, cron, kind, reason, message)
