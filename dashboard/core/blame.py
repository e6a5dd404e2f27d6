"""Why one condition is not as it should be: still working, gave up, or held by somebody's wish."""

from __future__ import annotations

import re

from dashboard.core.conditions import Condition
from dashboard.core.model import Cause, Verdict
from dashboard.core.subject import Finding
from dashboard.core.words import Sense, sense, tokens

HARD = frozenset({"error", "errors", "failed", "failure", "fail", "failing", "fatal", "invalid", "denied", "terminal"})
"""Words in a reason that mean failure even while the condition is only Unknown or another one is at work."""

FAILED_STARTS = ("error", "failed", "failure", "fatal", "cannot ", "could not ", "unable to", "invalid", "panic")
"""How a message begins that tells of a failure, whatever the reason beside it says."""

REFUSED = frozenset({"unauthorized", "unauthorised", "forbidden", "denied", "unauthenticated"})

PARTS = re.compile(r"(?<![\d./:-])(\d{1,6})/(\d{1,6})(?![\d./:-])")

ENDS = frozenset({"Complete", "Completed", "Succeeded", "Finished", "Done"})
UNDERWAY = frozenset({"running", "active", "started", "created", "scheduled", "submitted", "executing"})

STILL = (
    "in progress", "not yet", "is being", "are being", "still ", "waiting for", "to become ready", "to be ready",
    "not ready", "not complete", "requeu", "yet to", "to be created", "will retry", "retrying",
)  # fmt: skip
"""Phrases in a message that mean work goes on; messages are only asked where the reason says nothing."""


def blame(condition: Condition) -> Verdict | None:
    """Why a condition that should be True is not; None where nothing tells.

    Severity as Azure Service Operator and Cluster API document it: Info works, Warning retries, Error gave up.
    """
    if condition.severity == "Error":
        return Verdict.STALLED
    if condition.severity in ("Info", "Warning"):
        return Verdict.CONVERGING
    told = sense(condition.reason)
    if told is Sense.PAUSED:
        return Verdict.SUSPENDED
    if condition.status != "False":
        return Verdict.STALLED if _hard_reason(condition) else Verdict.CONVERGING
    waits = tokens(condition.reason)[:1] in (("waiting",), ("awaiting",)) and told is Sense.WORKING
    if told is Sense.BAD or (failed_message(condition.message) and not waits):
        return Verdict.STALLED
    if told is Sense.WORKING and "not" in tokens(condition.reason) and refused(condition.message):
        return Verdict.STALLED
    if told is Sense.WORKING or still_working(condition.message) or _not_at_its_end(condition):
        return Verdict.CONVERGING
    return None if condition.reason or condition.message else Verdict.CONVERGING


def at_fault(condition: Condition) -> Verdict:
    """The verdict of a condition that is True when things go ill (`Degraded`, `ReconcileError`)."""
    if condition.severity in ("Info", "Warning") or "recoverable" in tokens(condition.type):
        return Verdict.CONVERGING
    return Verdict.CONVERGING if sense(condition.reason) is Sense.WORKING else Verdict.STALLED


def failed_openly(condition: Condition) -> bool:
    """Whether its reason or the beginning of its message says in so many words that something failed."""
    return _hard_reason(condition) or (condition.status == "False" and failed_message(condition.message))


def still_working(message: str) -> bool:
    """Whether a message tells of work that goes on: `Waiting for …`, `… is being created`."""
    start = message[:200].lower()
    first = tokens(message[:24])
    if first and (first[0].endswith("ing") or first[0] == "wait") and sense(first[0]) is Sense.WORKING:
        return True
    return any(phrase in start for phrase in STILL) or _part_of_all(start)


def _part_of_all(message: str) -> bool:
    """`1/3 proxies up to date`; a scheduler's `0/3 nodes are available` is no progress."""
    match = PARTS.search(message)
    return match is not None and int(match[1]) < int(match[2]) and "are available" not in message


def finding_of(verdict: Verdict, condition: Condition) -> Finding:
    """A finding in the condition's own words."""
    named = condition.type if verdict is Verdict.CONVERGED else f"{condition.type}{condition.status}"
    reason = condition.reason or named
    if verdict is Verdict.CONVERGED:
        return Finding(verdict, reason, since=condition.since)
    sentence = condition.message or condition.reason or f"condition {condition.type} is {condition.status or 'not set'}"
    return Finding(verdict, reason, Cause(sentence, reason=condition.reason), condition.since)


def _not_at_its_end(condition: Condition) -> bool:
    """`Complete` is False because it runs."""
    return condition.type in ENDS and not UNDERWAY.isdisjoint(tokens(condition.reason))


def _hard_reason(condition: Condition) -> bool:
    return not HARD.isdisjoint(tokens(condition.reason))


def refused(message: str) -> bool:
    """Whether a message says that somebody said no, which waiting does not change."""
    return not REFUSED.isdisjoint(tokens(message.lower()))


def failed_message(message: str) -> bool:
    """Whether a message begins like one that tells of a failure."""
    return message[:24].lower().startswith(FAILED_STARTS)
