"""Reading all conditions of an object together: which one sums it up, and what the others say against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dashboard.core.conditions import Condition, read_conditions
from dashboard.core.model import Cause, Verdict
from dashboard.core.polarity import SUMMARY, Polarity, polarity
from dashboard.core.subject import Finding, Subject
from dashboard.core.words import Sense, sense, tokens

HARD = frozenset({"error", "errors", "failed", "failure", "fail", "failing", "fatal", "invalid", "denied", "terminal"})
"""Words in a reason that mean failure even while the condition is only Unknown."""

STILL = ("in progress", "not yet", "is being", "are being", "still ", "waiting for", "to become ready", "to be ready")
"""Phrases in a message that mean work goes on; messages are only asked where the reason says nothing."""

SYNC_HEADS = frozenset({"synced", "sync", "reconciled", "reconcile", "operation", "synchronized", "applied", "valid"})
"""Heads of conditions that stay True beside a good summary only if the last change went through."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the conditions say: `summed_up` by one of them, `ambiguous` when only the default decided."""

    finding: Finding | None = None
    held: Finding | None = None
    summed_up: bool = False
    ambiguous: bool = False
    failed: bool = False


def read_all(subject: Subject) -> Reading:
    """The reading of the object's own conditions, then of the worst nested list (listeners, parents, ancestors)."""
    generation = subject.meta.get("generation")
    wanted = generation if type(generation) is int else None
    top = read(subject.conditions, wanted) if subject.conditions else Reading()
    if top.held is not None or (top.finding is not None and top.finding.verdict is not Verdict.CONVERGED):
        return top
    for nested in nested_conditions(subject, lists_only=top.finding is not None):
        reading = read(nested, wanted)
        if reading.finding is None:
            continue
        if reading.finding.verdict is not Verdict.CONVERGED:
            return reading
        if top.finding is None:
            top = reading
    return top


def nested_conditions(subject: Subject, *, lists_only: bool) -> Iterator[tuple[Condition, ...]]:
    """Conditions one level down: of mappings (`conditionedStatus`) and of lists (`parents`, `listeners`)."""
    for value in subject.status.values():
        if isinstance(value, Mapping) and not lists_only:
            found = read_conditions(value)
            if found:
                yield found
        elif isinstance(value, list):
            for entry in value[:200]:
                if isinstance(entry, Mapping) and "conditions" in entry:
                    yield read_conditions(entry)


def read(conditions: Iterable[Condition], generation: int | None) -> Reading:
    """Held, failed, stale, summed up, or merely the sum of the parts; linear in the number of conditions."""
    by_polarity: dict[Polarity, list[Condition]] = {each: [] for each in Polarity}
    by_type: dict[str, Condition] = {}
    for condition in conditions:
        by_type.setdefault(condition.type, condition)
        by_polarity[polarity(condition.type)].append(condition)
    held = next((each for each in by_polarity[Polarity.PAUSED] if each.status == "True"), None)
    if held is not None:
        return Reading(held=_finding(Verdict.SUSPENDED, held))
    summary = next((by_type[name] for name in SUMMARY if name in by_type), None)
    ill = next((each for each in by_polarity[Polarity.BAD] if each.status == "True"), None)
    if ill is not None:
        verdict = (
            Verdict.CONVERGING if ill.severity == "Info" or sense(ill.reason) is Sense.WORKING else Verdict.STALLED
        )
        return Reading(_finding(verdict, ill), summed_up=True, failed=True)
    busy = [each for each in by_polarity[Polarity.WORKING] if _at_work(each)]
    if summary is None:
        busy += [
            each for each in by_polarity[Polarity.NEUTRAL] if each.status == "True" and still_working(each.message)
        ]
    good = by_polarity[Polarity.GOOD]
    stale = next((each for each in ([summary] if summary else good) if _stale(each, generation)), None)
    if stale is not None:
        sentence = f"condition {stale.type} describes generation {stale.generation}, spec is {generation}"
        return Reading(Finding(Verdict.CONVERGING, "GenerationUnseen", Cause(sentence)), summed_up=True)
    if summary is not None:
        return _summed_up(summary, good, busy)
    return _summed_parts(good, busy)


def _summed_up(summary: Condition, good: list[Condition], busy: list[Condition]) -> Reading:
    if summary.status == "True":
        for each in good:
            if each.status == "False" and each is not summary and tokens(each.type)[-1] in SYNC_HEADS:
                return Reading(_finding(blame(each) or Verdict.STALLED, each), summed_up=True)
        if busy:
            return Reading(_finding(Verdict.CONVERGING, busy[0]), summed_up=True)
        return Reading(_finding(Verdict.CONVERGED, summary), summed_up=True)
    verdict = blame(summary)
    if verdict is Verdict.STALLED and not _hard(summary) and any(map(_went_through, good)):
        verdict = Verdict.CONVERGING
    others = [each for each in good if each.status != "True" and each is not summary]
    if verdict is not Verdict.STALLED:
        for each in others:
            if blame(each) is Verdict.SUSPENDED:
                return Reading(held=_finding(Verdict.SUSPENDED, each))
        worse = next((each for each in others if each.status == "False" and _hard(each)), None)
        if worse is not None:
            return Reading(_finding(Verdict.STALLED, worse), summed_up=True)
    if verdict is not None:
        return Reading(_finding(verdict, summary), summed_up=True)
    if busy:
        return Reading(_finding(Verdict.CONVERGING, busy[0]), summed_up=True)
    for each in others:
        told = blame(each)
        if told is not None:
            return Reading(_finding(told, each), summed_up=True)
    return Reading(_finding(Verdict.STALLED, summary), summed_up=True, ambiguous=True)


def _summed_parts(good: list[Condition], busy: list[Condition]) -> Reading:
    """No summary: the worst of the parts."""
    unwell = [(blame(each), each) for each in good if each.status != "True"]
    for wanted in (Verdict.STALLED, Verdict.SUSPENDED, Verdict.CONVERGING, None):
        for verdict, each in unwell:
            if verdict is wanted:
                if verdict is None and busy:
                    return Reading(_finding(Verdict.CONVERGING, busy[0]))
                return Reading(
                    _finding(verdict or Verdict.STALLED, each), ambiguous=verdict is None, failed=_hard(each)
                )
    if busy:
        return Reading(_finding(Verdict.CONVERGING, busy[0]))
    return Reading(_finding(Verdict.CONVERGED, good[0])) if good else Reading()


def blame(condition: Condition) -> Verdict | None:
    """Why a condition that should be True is not: still working, gave up, held; None where nothing tells.

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
        return Verdict.STALLED if _hard(condition) else Verdict.CONVERGING
    if told is Sense.BAD:
        return Verdict.STALLED
    if told is Sense.WORKING or still_working(condition.message):
        return Verdict.CONVERGING
    return None if condition.reason or condition.message else Verdict.CONVERGING


def still_working(message: str) -> bool:
    """Whether a message tells of work that goes on: `Waiting for …`, `… is being created`."""
    start = message[:200].lower()
    first = tokens(start[:24])
    if first and first[0].endswith("ing") and sense(first[0]) is Sense.WORKING:
        return True
    return any(phrase in start for phrase in STILL)


def _hard(condition: Condition) -> bool:
    return not HARD.isdisjoint(tokens(condition.reason))


def _went_through(condition: Condition) -> bool:
    """The controller's last action succeeded (`Synced`), so that what is not ready is still on its way."""
    return condition.status == "True" and tokens(condition.type)[-1:] == ("synced",)


def _at_work(condition: Condition) -> bool:
    return condition.status == "True" and sense(condition.reason) is not Sense.GOOD


def _stale(condition: Condition, generation: int | None) -> bool:
    return generation is not None and condition.generation is not None and condition.generation < generation


def _finding(verdict: Verdict, condition: Condition) -> Finding:
    reason = condition.reason or (
        condition.type if verdict is Verdict.CONVERGED else f"{condition.type}{condition.status}"
    )
    if verdict is Verdict.CONVERGED:
        return Finding(verdict, reason, since=condition.since)
    sentence = condition.message or condition.reason or f"condition {condition.type} is {condition.status or 'not set'}"
    return Finding(verdict, reason, Cause(sentence, reason=condition.reason), condition.since)
