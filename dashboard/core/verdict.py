"""`assess`: the one question, has this object converged?

In this order: deletion, a wish to hold it, the generation that the status describes, the kind's own rule, the
generic rules; then the children, since an owner is told of a stalled child only after a long while.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dashboard.core.family import overruled_by_child
from dashboard.core.gaps import ledger
from dashboard.core.generic import generic
from dashboard.core.kinds import KINDS
from dashboard.core.lifecycle import deletion, stale_generation, wish
from dashboard.core.model import Assessment, Cause, EventNote, Gap, Relative, Verdict
from dashboard.core.profiles import by_profile
from dashboard.core.relatives import digest, event_note
from dashboard.core.subject import Finding, Subject


def assess(
    obj: Mapping[str, Any],
    now: float | datetime,
    related: Iterable[Relative | EventNote | Mapping[str, Any]] = (),
    *,
    has_status: bool | None = None,
    with_gaps: bool = True,
) -> Assessment:
    """Say whether `obj` has converged, with its gaps and the cause. Never raises for any JSON value.

    `now` is Unix seconds or an aware datetime. `related` are digests of owners and children, notes of Events,
    or the objects themselves (they are digested). `has_status` says whether a custom kind's schema has a
    status at all (`ResourceType.has_status`). Without `with_gaps` the ledger, half of the cost, is only read where
    the verdict's time depends on it, and left out of the answer: a list of rows does not show it.
    """
    moment = now.timestamp() if isinstance(now, datetime) else float(now)
    relatives, events = _sort(related, moment) if related else ((), ())
    subject = Subject(obj, moment, relatives, events, has_status)
    finding = overruled_by_child(subject, judge(subject))
    dated = finding.since is not None or finding.verdict is Verdict.CONVERGED
    gaps = ledger(subject.obj, moment, relatives) if with_gaps or not dated else ()
    since, at_least = _since(subject, finding, gaps)
    kept = gaps if with_gaps else ()
    return Assessment(finding.verdict, finding.reason, finding.cause, kept, since, at_least, finding.recheck_at)


def judge(subject: Subject, *, with_profiles: bool = True) -> Finding:
    """The object's own published verdict, without its children. `with_profiles` is for measuring only."""
    if not subject.kind:
        return Finding(Verdict.UNKNOWN, "NotAnObject", Cause("not a Kubernetes object: it has no kind"))
    rule = KINDS.get((subject.group, subject.kind))
    finding = deletion(subject) or wish(subject, built_in=rule is not None) or stale_generation(subject)
    if finding is not None:
        return finding
    finding = rule(subject) if rule is not None else by_profile(subject) if with_profiles else None
    return finding or generic(subject)


def _sort(
    related: Iterable[Relative | EventNote | Mapping[str, Any]], now: float
) -> tuple[tuple[Relative, ...], tuple[EventNote, ...]]:
    relatives: list[Relative] = []
    events: list[EventNote] = []
    for item in related:
        if isinstance(item, Relative):
            relatives.append(item)
        elif isinstance(item, EventNote):
            events.append(item)
        elif isinstance(item, Mapping):
            note = event_note(item) if item.get("kind") == "Event" else None
            if note is not None:
                events.append(note)
            else:
                relatives.append(digest(item, assess(item, now)))
    return tuple(relatives), tuple(events)


def _since(subject: Subject, finding: Finding, gaps: tuple[Gap, ...]) -> tuple[float | None, bool]:
    """Since when it has this verdict: the rule's own time, else the oldest open gap, else its creation."""
    if finding.since is not None or finding.verdict is Verdict.CONVERGED:
        return finding.since, False
    opened = [gap for gap in gaps if gap.open and gap.since is not None]
    if opened:
        oldest = min(opened, key=lambda gap: gap.since or 0.0)
        return oldest.since, oldest.at_least
    return subject.created, True
