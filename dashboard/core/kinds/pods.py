"""Pod: kstatus `podConditions` (`pkg/kstatus/status/core.go`), the Pod lifecycle page of the Kubernetes
documentation, and one rule of our own: a container that has restarted is not trusted at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.core import causes
from dashboard.core.conditions import Condition
from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import text, timestamp
from dashboard.core.subject import Finding, Subject, as_count, as_list, as_mapping

SCHEDULE_WINDOW = 15.0
"""Seconds that kstatus (`ScheduleWindow`) gives the scheduler before an unschedulable Pod has failed."""

UNREADY_WINDOW = 600.0
"""Seconds a running Pod may stay unready: the default of a Deployment's progressDeadlineSeconds."""

TRUST_AFTER = 10.0
"""A restarted container must have run for at least this long: the kubelet's first back-off is 10 s."""

BLOCKING = frozenset({"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedMapVolume"})
"""Events of the kubelet and the attach controller that hold a Pod's containers back."""

LONGEST_BACKOFF = 300.0
"""The kubelet's longest back-off in seconds (`MaxContainerBackOff`)."""

GAVE_UP = frozenset(
    {
        "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName",
        "ImageInspectError", "RegistryUnavailable", "CreateContainerConfigError", "CreateContainerError",
        "RunContainerError", "PreStartHookError", "PostStartHookError", "StartError", "SignatureValidationFailed",
    }
)  # fmt: skip
"""Waiting reasons of the kubelet (`pkg/kubelet/container/sync_result.go`, `images/types.go`) that are failures."""


def pod(subject: Subject) -> Finding:
    """Phase first, then the containers' states, then scheduling, then readiness."""
    phase = text(subject.status.get("phase"))
    if phase == "Succeeded":
        return Finding(Verdict.CONVERGED, "Succeeded")
    if phase == "Failed":
        return _failed(subject)
    failing = _failing_container(subject)
    if failing is not None:
        return failing
    ready = subject.condition("Ready")
    if ready is not None and ready.status == "True":
        return _ready(subject, ready.since)
    return _not_ready(subject, phase)


def container_statuses(subject: Subject) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Each container status with whether it is an init container's, init containers first."""
    for name, init in (("initContainerStatuses", True), ("containerStatuses", False)):
        for entry in as_list(subject.status.get(name)):
            if isinstance(entry, dict):
                yield entry, init


def _failed(subject: Subject) -> Finding:
    reason = text(subject.status.get("reason"))
    for entry, _ in container_statuses(subject):
        ended = as_mapping(as_mapping(entry.get("state")).get("terminated"))
        if ended and ended.get("exitCode") != 0:
            word = reason or text(ended.get("reason")) or "Failed"
            return Finding(Verdict.STALLED, word, Cause(causes.ending(subject, entry, ended), reason=word))
    sentence = text(subject.status.get("message")) or f"the Pod has failed ({reason or 'no reason given'})"
    return Finding(Verdict.STALLED, reason or "Failed", Cause(sentence, reason=reason))


def _failing_container(subject: Subject) -> Finding | None:
    """A container that waits after a failure, has ended badly, or restarted too recently to be trusted."""
    recovering: Finding | None = None
    always = subject.spec.get("restartPolicy", "Always") == "Always"
    for entry, init in container_statuses(subject):
        state = as_mapping(entry.get("state"))
        waiting = state.get("waiting")
        if isinstance(waiting, dict):
            reason = text(waiting.get("reason"))
            if reason in GAVE_UP:
                return Finding(Verdict.STALLED, reason, _waiting_cause(subject, entry, waiting, reason))
            continue
        ended = state.get("terminated")
        if isinstance(ended, dict):
            if ended.get("exitCode") != 0 or (always and not init):
                reason = text(ended.get("reason")) or "Error"
                sentence = causes.ending(subject, entry, ended)
                return Finding(
                    Verdict.STALLED, reason, Cause(sentence, reason=reason), timestamp(ended.get("finishedAt"))
                )
            continue
        last = as_mapping(entry.get("lastState")).get("terminated")
        if isinstance(last, dict) and recovering is None:
            recovering = _recovering(subject, entry, as_mapping(state.get("running")), last)
    return recovering


def _recovering(
    subject: Subject, entry: Mapping[str, Any], running: Mapping[str, Any], last: Mapping[str, Any]
) -> Finding | None:
    """Stalled until a restarted container is ready and has run for the larger of its last back-off and 10 s."""
    started, ended = timestamp(running.get("startedAt")), timestamp(last.get("finishedAt"))
    if started is None:
        return None
    backoff = started - ended if ended is not None else 0.0
    trusted_at = started + max(TRUST_AFTER, min(backoff, LONGEST_BACKOFF))
    if subject.now >= trusted_at and entry.get("ready") is True:
        return None
    reason = text(last.get("reason")) or "Error"
    sentence = _restarted(entry, causes.ending(subject, entry, last))
    recheck = trusted_at if subject.now < trusted_at else None
    return Finding(Verdict.STALLED, "Restarted", Cause(sentence, reason=reason), ended, recheck)


def _ready(subject: Subject, since: float | None) -> Finding:
    """A Pod that is meant to end (Never, OnFailure) is still on its way while it runs (Argo CD says so too)."""
    if subject.spec.get("restartPolicy") in ("Never", "OnFailure"):
        return Finding(Verdict.CONVERGING, "Running", Cause("running to completion"), since)
    return Finding(Verdict.CONVERGED, "Ready", since=since)


def _not_ready(subject: Subject, phase: str) -> Finding:
    scheduled = subject.condition("PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        return _unscheduled(subject, scheduled)
    shown = subject.condition("Ready")
    since = shown.since if shown is not None else subject.created
    blocked = causes.newest(subject.own_events, lambda note: note.type == "Warning" and note.reason in BLOCKING)
    if blocked is not None and phase != "Running":
        cause = Cause(causes.one_line(blocked.message), reason=blocked.reason)
        verdict = Verdict.STALLED if "not found" in blocked.message else Verdict.CONVERGING
        return Finding(verdict, blocked.reason, cause, since)
    if phase == "Running" and since is not None and subject.spec.get("restartPolicy", "Always") == "Always":
        return _unready(subject, since)
    if subject.spec.get("restartPolicy") in ("Never", "OnFailure") and phase == "Running":
        return Finding(Verdict.CONVERGING, "Running", Cause("running to completion"), since)
    return Finding(Verdict.CONVERGING, phase or "Pending", Cause(_progress(subject)), since)


def _unready(subject: Subject, since: float) -> Finding:
    """Running, and not ready: the probe's Event says why; after 10 minutes nobody expects it any more."""
    failing = causes.newest(subject.own_events, lambda note: note.reason == "Unhealthy")
    told = causes.probing(failing.message) if failing is not None else None
    cause = Cause(told or _progress(subject), reason="Unhealthy" if told else "")
    if subject.now >= since + UNREADY_WINDOW:
        return Finding(Verdict.STALLED, "Unready", cause, since)
    return Finding(Verdict.CONVERGING, "Unready", cause, since, since + UNREADY_WINDOW)


def _unscheduled(subject: Subject, scheduled: Condition) -> Finding:
    began = scheduled.since or subject.created
    cause = Cause(causes.scheduling(scheduled.message), reason=scheduled.reason)
    if scheduled.reason != "Unschedulable":
        return Finding(Verdict.CONVERGING, scheduled.reason or "Scheduling", cause, began)
    until = began + SCHEDULE_WINDOW if began is not None else None
    if until is None or subject.now >= until:
        return Finding(Verdict.STALLED, scheduled.reason, cause, began)
    return Finding(Verdict.CONVERGING, scheduled.reason, cause, began, until)


def _progress(subject: Subject) -> str:
    """`starting: 1 of 2 containers ready`, or the init container that runs."""
    ready = total = 0
    for entry, init in container_statuses(subject):
        if init:
            if as_mapping(entry.get("state")).get("running") is not None and entry.get("ready") is not True:
                return f"init container {text(entry.get('name'), 100)} is running"
            continue
        total += 1
        ready += entry.get("ready") is True
    return f"starting: {ready} of {max(total, len(as_list(subject.spec.get('containers'))))} containers ready"


def _waiting_cause(subject: Subject, entry: Mapping[str, Any], waiting: Mapping[str, Any], reason: str) -> Cause:
    if reason == "CrashLoopBackOff":
        last = as_mapping(as_mapping(entry.get("lastState")).get("terminated"))
        return Cause(_restarted(entry, causes.ending(subject, entry, last)), reason=reason)
    if "Image" in reason:
        image = text(entry.get("image"), 200) or text(entry.get("name"), 100)
        return Cause(causes.pulling(image, text(waiting.get("message"), 2000)), reason=reason)
    return Cause(causes.starting(entry, waiting, reason), reason=reason)


def _restarted(entry: Mapping[str, Any], sentence: str) -> str:
    times = as_count(entry.get("restartCount"))
    return f"{sentence}, restarted {times} {'time' if times == 1 else 'times'}" if times else sentence
