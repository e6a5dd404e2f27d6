"""When a Job is done, what it lacks, and how its figures are written: pure decisions.

Source: `pkg/controller/job/job_controller.go`, `indexed_job_utils.go` and `backoff_utils.go`, Kubernetes 1.36.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.sandbox.controllers.children import new_pod
from dashboard.sandbox.controllers.meta import (
    Obj,
    annotations_of,
    condition,
    is_active,
    is_deleting,
    is_finished,
    is_ready,
    is_terminating,
    labels_of,
    uid_of,
)

FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"

FIRST_DELAY = 10.0
"""Seconds before the first Pod that failed is replaced; twice as long after each further failure in a row."""

LONGEST_DELAY = 600.0

REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")
LIMIT = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
DEADLINE = ("DeadlineExceeded", "Job was active longer than specified deadline")


@dataclass(slots=True)
class Tally:
    """The Job's Pods as one sync sees them."""

    active: list[Obj] = field(default_factory=list)
    ready: int = 0
    terminating: int = 0
    new_succeeded: list[Obj] = field(default_factory=list)
    """Ended, still tracked, and not in the status' lists yet."""
    new_failed: list[Obj] = field(default_factory=list)
    succeeded: int = 0
    """All that ever succeeded, counted or not."""
    failed: int = 0
    indexes: frozenset[int] = frozenset()
    """Indexed Jobs: the indexes that are done."""


def is_indexed(job: Mapping[str, Any]) -> bool:
    """completionMode Indexed."""
    return bool(job["spec"].get("completionMode") == "Indexed")


def is_suspended(job: Mapping[str, Any]) -> bool:
    """spec.suspend."""
    return job["spec"].get("suspend") is True


def finished(job: Mapping[str, Any]) -> Obj | None:
    """The Complete or Failed condition that is True, None while there is none."""
    for kind in ("Complete", "Failed"):
        found = condition(job.get("status") or {}, kind)
        if found is not None and found.get("status") == "True":
            return found
    return None


def has_failed(job: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    """Whether a Pod counts as failed: also one being deleted, unless only ended Pods are replaced (isPodFailed)."""
    phase = (pod.get("status") or {}).get("phase")
    if phase == "Failed" or job["spec"].get("podReplacementPolicy") == "Failed":
        return bool(phase == "Failed")
    return is_deleting(pod) and phase != "Succeeded"


def is_tracked(pod: Mapping[str, Any]) -> bool:
    """Whether the Pod still has the Job's finalizer."""
    return FINALIZER in (pod["metadata"].get("finalizers") or ())


def index_of(pod: Mapping[str, Any]) -> int | None:
    """The completion index of a Pod of an Indexed Job."""
    text = annotations_of(pod).get(INDEX, "")
    return int(text) if text.isdigit() else None


def tally(job: Obj, pods: Iterable[Obj]) -> Tally:
    """Count the Pods; those that ended count once, by their finalizer and the status' lists."""
    out = Tally()
    status = job.get("status") or {}
    uncounted = status.get("uncountedTerminatedPods") or {}
    listed = {*(uncounted.get("succeeded") or ()), *(uncounted.get("failed") or ())}
    for pod in pods:
        if is_active(pod):
            out.active.append(pod)
            out.ready += is_ready(pod)
        out.terminating += is_terminating(pod)
        if not is_tracked(pod) or uid_of(pod) in listed:
            continue
        if pod["status"].get("phase") == "Succeeded":
            out.new_succeeded.append(pod)
        elif has_failed(job, pod):
            out.new_failed.append(pod)
    out.failed = int(status.get("failed") or 0) + len(uncounted.get("failed") or ()) + len(out.new_failed)
    if is_indexed(job):
        done = parse_indexes(status.get("completedIndexes", ""))
        out.indexes = frozenset(done | {i for pod in out.new_succeeded if (i := index_of(pod)) is not None})
        out.succeeded = len(out.indexes)
    else:
        earlier = int(status.get("succeeded") or 0) + len(uncounted.get("succeeded") or ())
        out.succeeded = earlier + len(out.new_succeeded)
    return out


def parse_indexes(text: str) -> set[int]:
    """`0-2,5` → {0, 1, 2, 5}."""
    out: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        out.update(range(int(first), int(last or first) + 1))
    return out


def format_indexes(indexes: Iterable[int]) -> str:
    """{0, 1, 2, 5} → `0-2,5`; two neighbours are written with a comma, as upstream does."""
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    texts = (f"{r[0]}-{r[-1]}" if len(r) > 2 else ",".join(map(str, r)) for r in runs)
    return ",".join(texts)


def is_complete(job: Mapping[str, Any], count: Tally) -> bool:
    """Whether enough Pods have succeeded; without `completions`, one and none running."""
    completions = job["spec"].get("completions")
    if completions is None:
        return count.succeeded > 0 and not count.active
    return count.succeeded >= int(completions)


def failure(job: Mapping[str, Any], count: Tally, active_for: float) -> tuple[str, str] | None:
    """(reason, message) why the Job fails now; `active_for` is seconds of the imitated world since it started."""
    limit = int(job["spec"].get("backoffLimit", 6))
    if count.failed > limit or _restarts_exceed(job, count.active, limit):
        return LIMIT
    deadline = job["spec"].get("activeDeadlineSeconds")
    if deadline is not None and not is_suspended(job) and active_for >= float(deadline):
        return DEADLINE
    return None


def _restarts_exceed(job: Mapping[str, Any], active: Iterable[Obj], limit: int) -> bool:
    """With OnFailure Pods restart in place: their restarts count instead (pastBackoffLimitOnFailure)."""
    if job["spec"]["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    restarts = 0
    for pod in active:
        status = pod.get("status") or {}
        for kind in ("initContainerStatuses", "containerStatuses"):
            restarts += sum(int(entry.get("restartCount") or 0) for entry in status.get(kind) or ())
    return restarts > 0 if limit == 0 else restarts >= limit


def lacking(job: Mapping[str, Any], count: Tally) -> int:
    """Pods to create (> 0) or to delete (< 0) so that `parallelism` are active, and no more than are needed."""
    spec = job["spec"]
    parallelism = int(spec.get("parallelism", 1))
    completions = spec.get("completions")
    if completions is None:
        wanted = len(count.active) if count.succeeded > 0 else parallelism
    else:
        wanted = max(0, min(int(completions) - count.succeeded, parallelism))
    leaving = count.terminating if spec.get("podReplacementPolicy") == "Failed" else 0
    difference = wanted - len(count.active)
    return max(0, difference - leaving) if difference > 0 else difference


def free_indexes(job: Mapping[str, Any], count: Tally, number: int) -> list[int]:
    """The lowest `number` indexes that are neither done nor worked on."""
    taken = count.indexes | {i for pod in count.active if (i := index_of(pod)) is not None}
    completions = int(job["spec"].get("completions") or 0)
    return [index for index in range(completions) if index not in taken][:number]


def delay(failures_in_a_row: int) -> float:
    """Seconds to wait after the last failure before the next Pod."""
    return min(FIRST_DELAY * 2 ** (failures_in_a_row - 1), LONGEST_DELAY) if failures_in_a_row else 0.0


def pod_for(job: Obj, index: int | None, random: str) -> Obj:
    """A Pod of the Job: tracked by the finalizer; of an Indexed Job with its index in name, label and environment."""
    name = job["metadata"]["name"]
    pod = new_pod(job, job["spec"]["template"])
    meta = pod["metadata"]
    meta["finalizers"] = [*(meta.get("finalizers") or ()), FINALIZER]
    if index is None:
        return pod
    meta |= {"name": f"{name}-{index}-{random}", "generateName": f"{name}-{index}-"}
    meta["labels"] = labels_of(pod) | {INDEX: str(index)}
    meta["annotations"] = annotations_of(pod) | {INDEX: str(index)}
    pod["spec"].setdefault("hostname", f"{name}-{index}")
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}}
    for container in (*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]):
        container.setdefault("env", []).append({"name": "JOB_COMPLETION_INDEX", "valueFrom": copy.deepcopy(source)})
    return pod


def new_condition(kind: str, status: str, reason: str, message: str, stamp: str) -> Obj:
    """A Job's condition, with the probe time that only Jobs still write."""
    return {
        "type": kind,
        "status": status,
        "lastProbeTime": stamp,
        "lastTransitionTime": stamp,
        "reason": reason,
        "message": message,
    }


def set_condition(status: Obj, new: Obj) -> bool:
    """Put the condition into the status; True when it changes it. One that is False is only written over another."""
    others = list(status.get("conditions") or ())
    for place, old in enumerate(others):
        if old["type"] == new["type"]:
            if (old["status"], old.get("reason"), old.get("message")) == (new["status"], new["reason"], new["message"]):
                return False
            others[place] = new
            status["conditions"] = others
            return True
    if new["status"] == "False":
        return False
    status["conditions"] = [*others, new]
    return True


def write_figures(status: Obj, job: Mapping[str, Any], count: Tally) -> None:
    """active, ready, terminating and the done indexes, in place."""
    status.pop("active", None)
    if count.active:
        status["active"] = len(count.active)
    status["ready"] = count.ready
    status["terminating"] = count.terminating
    if is_indexed(job) and count.indexes:
        status["completedIndexes"] = format_indexes(count.indexes)


def settle_counts(status: Obj, count: Tally, *, indexed: bool) -> None:
    """Move the uids whose finalizers are gone into the numbers, in place."""
    uncounted = status.get("uncountedTerminatedPods") or {}
    succeeded = (
        count.succeeded if indexed else int(status.get("succeeded") or 0) + len(uncounted.get("succeeded") or ())
    )
    failed = int(status.get("failed") or 0) + len(uncounted.get("failed") or ())
    status |= {name: value for name, value in (("succeeded", succeeded), ("failed", failed)) if value}
    status["uncountedTerminatedPods"] = {}


def is_worth_freeing(pod: Mapping[str, Any]) -> bool:
    """Whether a tracked Pod has ended or is going, so that its finalizer must not hold it."""
    return is_tracked(pod) and (is_finished(pod) or is_deleting(pod))
