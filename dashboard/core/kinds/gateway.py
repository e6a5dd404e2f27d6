"""Gateway API: conditions of the object, of its listeners, and per parent or ancestor.

https://gateway-api.sigs.k8s.io/geps/gep-1364/: Accepted, ResolvedRefs and Programmed, each True when well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.core.conditions import Condition, is_count, read_conditions
from dashboard.core.model import Cause, Verdict
from dashboard.core.reading import Reading, read
from dashboard.core.subject import Finding, Subject, as_list

UNANSWERED = Finding(Verdict.CONVERGING, "NoStatus", Cause("no controller has answered yet"))


def attached(subject: Subject) -> Finding | None:
    """Routes: each parent that was judged at the newest generation; what is left of an older spec is history."""
    return _worst(subject, "parents", newest_only=True)


def policy(subject: Subject) -> Finding | None:
    """Policies: every ancestor must have answered for the newest generation."""
    return _worst(subject, "ancestors", newest_only=False)


def gateway(subject: Subject) -> Finding | None:
    """Gateway and GatewayClass: own conditions first, then the listeners'; the generic reading does both."""
    return None if subject.conditions else UNANSWERED


def _worst(subject: Subject, name: str, *, newest_only: bool) -> Finding | None:
    entries = [_conditions(entry) for entry in as_list(subject.status.get(name))]
    answered = [entry for entry in entries if entry]
    if not answered:
        return None if subject.conditions else UNANSWERED
    newest = max((_generation(entry) for entry in answered), default=0)
    wanted = subject.meta.get("generation")
    readings: list[Reading] = []
    for entry in answered:
        if newest_only and _generation(entry) < newest:
            continue
        readings.append(read(entry, wanted if is_count(wanted) else None))
    findings = [reading.finding for reading in readings if reading.finding is not None]
    for verdict in (Verdict.STALLED, Verdict.SUSPENDED, Verdict.CONVERGING):
        for finding in findings:
            if finding.verdict is verdict:
                return finding
    return findings[0] if findings else UNANSWERED


def _conditions(entry: Any) -> tuple[Condition, ...]:
    return read_conditions(entry) if isinstance(entry, Mapping) else ()


def _generation(entry: tuple[Condition, ...]) -> int:
    return max((condition.generation or 0 for condition in entry), default=0)
