"""An absent or empty status: no loop, a controller that has not answered yet, or one that never will."""

from __future__ import annotations

from dashboard.core.blame import failed_message, still_working
from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import text
from dashboard.core.statuswords import runs_to_an_end
from dashboard.core.subject import Finding, Subject

BEGAN = ("startTime", "startedAt", "startTimestamp", "started")
ENDED = ("completionTime", "completedAt", "completionTimestamp", "finishedAt", "finishTime", "endTime", "finished")
"""Names under which a run's beginning and end stand in a status."""

ANSWER_WITHIN = 300.0
"""Seconds that a controller has for its first word about an object whose schema has a status."""

OWN_GROUPS = frozenset(
    f"{name}.k8s.io"
    for name in (
        "admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "certificates",
        "coordination", "discovery", "events", "flowcontrol.apiserver", "internal.apiserver", "metrics", "networking",
        "node", "rbac.authorization", "resource", "scheduling", "storage", "storagemigration",
    )
)  # fmt: skip
"""https://kubernetes.io/docs/reference/kubernetes-api/: most of these kinds only declare, and have no loop."""


def no_answer(subject: Subject) -> Finding | None:
    """The finding for an object without a status, None where there is one."""
    if subject.has_status is False:
        return Finding(Verdict.CONVERGED, "NoLoop")
    if not _empty(subject):
        return None
    if subject.has_status is None and (_built_in(subject.group) or subject.spec.get("enabled") is True):
        return Finding(Verdict.CONVERGED, "NoLoop")
    created = subject.created
    if subject.has_status is True and created is not None:
        silent = subject.now - created
        if silent >= ANSWER_WITHIN:
            cause = Cause(f"no controller has answered for {silent / 60:.0f} min: is its operator running?")
            return Finding(Verdict.STALLED, "NoController", cause, created)
        cause = Cause("no controller has answered yet")
        return Finding(Verdict.CONVERGING, "NoStatus", cause, created, created + ANSWER_WITHIN)
    return Finding(Verdict.CONVERGING, "NoStatus", Cause("no controller has answered yet"), created)


def nothing_said(subject: Subject) -> Finding | None:
    """A status whose `conditions` are an empty list, or whose `phase` is empty: its controller has not got there yet.

    Asked last, where nothing else in the status can be read.
    """
    for name in ("conditions", "phase", "state", "health"):
        if name in subject.status and subject.status[name] in ("", [], None):
            cause = Cause(f"status.{name} is still empty")
            return Finding(Verdict.CONVERGING, "NotReported", cause, subject.created)
    if subject.conditions and runs_to_an_end(subject.kind):
        return Finding(Verdict.CONVERGING, "Running", Cause("no condition tells of its end yet"), subject.created)
    return _by_message(text(subject.status.get("message"))) or _unended(subject)


def _by_message(message: str) -> Finding | None:
    """A message and nothing else: how it begins says whether something failed or goes on."""
    if failed_message(message):
        return Finding(Verdict.STALLED, "Message", Cause(message))
    return Finding(Verdict.CONVERGING, "Message", Cause(message)) if still_working(message) else None


def _unended(subject: Subject) -> Finding | None:
    """A run that has begun and not ended, by its times alone."""
    if not runs_to_an_end(subject.kind) or not any(name in subject.status for name in BEGAN):
        return None
    if any(subject.status.get(name) for name in ENDED):
        return None
    return Finding(Verdict.CONVERGING, "Running", Cause("running to its end"), subject.created)


def _empty(subject: Subject) -> bool:
    return not any(subject.status.values())


def _built_in(group: str) -> bool:
    """One of the API server's own groups; the others' kinds are custom resources, whoever hosts their names."""
    return "." not in group or group in OWN_GROUPS
