"""Rules for any kind: what every well-behaved controller says of its work, in conditions and words."""

from __future__ import annotations

from dashboard.core.model import Cause, Verdict
from dashboard.core.subject import Finding, Subject

READY = ("Ready", "Available", "Synced", "Healthy")


def generic(subject: Subject) -> Finding:
    """kstatus's generic rules: `Ready` decides; without anything said, there is nothing to wait for."""
    for type_ in READY:
        condition = subject.condition(type_)
        if condition is None:
            continue
        cause = Cause(condition.message or condition.reason, reason=condition.reason)
        if condition.status == "True":
            return Finding(Verdict.CONVERGED, condition.reason or type_, since=condition.since)
        return Finding(Verdict.CONVERGING, condition.reason or f"Not{type_}", cause, condition.since)
    return Finding(Verdict.CONVERGED, "NothingToWaitFor")
