"""Reading all conditions of an object together: which one sums it up, and what the others say against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dashboard.core.blame import at_fault, blame, failed_message, failed_openly, finding_of, still_working
from dashboard.core.conditions import Condition, is_count, nested_conditions
from dashboard.core.model import Cause, Verdict
from dashboard.core.polarity import SUMMARY, Polarity, guessed, polarity
from dashboard.core.subject import Finding, Subject
from dashboard.core.words import NEGATIONS, Sense, sense, tokens

SYNC_HEADS = frozenset({"synced", "sync", "reconciled", "reconcile", "operation", "synchronized", "applied", "valid"})
"""Heads of conditions that stay True beside a good summary only if the last change went through."""

DONE = frozenset(
    {
        "available",
        "complete",
        "completed",
        "success",
        "successful",
        "succeeded",
        "finished",
        "done",
        "expected",
        "ready",
        "running",
    }
)
"""Words in a transition's reason that say that it is over: `Progressing` for the reason NewReplicaSetAvailable."""

BEGINNINGS = frozenset(
    {"Created", "Initialized", "Scheduled", "Launched", "Requested", "Started", "Submitted", "Approved"}
)
"""Conditions that an object passes first: True they say that work has begun, and nothing of its end."""

OVER = ("Completed", "Complete", "Succeeded", "Finished", "Done", "Failed")
UNENDED = (("Completed", ("False", "Unknown")), ("Complete", ("False", "Unknown")), ("Succeeded", ("Unknown",)))
"""Ends, with the statuses that say beside `Ready` that not everything is done yet."""

BEFORE = frozenset(
    {"Initializing", "Initialising", "initializing", "Creating", "Bootstrapping", "Starting", "Installing"}
)
"""Work that an object has behind it once it is ready; some controllers never take it back."""

STOPS = frozenset({"Stopped", "Halted"})
"""Beside a condition that says how it ended, these say only that it did."""

WORST_FIRST = (Verdict.STALLED, Verdict.SUSPENDED, Verdict.CONVERGING, None)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the conditions say: `summed_up` by one of them, `ambiguous` when only the default decided.

    `held` is a wish to hold still that outweighs everything else; `failed` tells that a reason speaks of failure,
    `weak` that only conditions of use were there.
    """

    finding: Finding | None = None
    held: Finding | None = None
    summed_up: bool = False
    ambiguous: bool = False
    failed: bool = False
    weak: bool = False


@dataclass(slots=True)
class _Sides:
    """Conditions by what their True means."""

    good: list[Condition] = field(default_factory=list)
    bad: list[Condition] = field(default_factory=list)
    working: list[Condition] = field(default_factory=list)
    paused: list[Condition] = field(default_factory=list)
    weak: list[Condition] = field(default_factory=list)
    by_type: dict[str, Condition] = field(default_factory=dict)

    @property
    def summary(self) -> Condition | None:
        """The strongest condition that sums the object up."""
        return next((self.by_type[name] for name in SUMMARY if name in self.by_type), None)

    @property
    def busy(self) -> Condition | None:
        """A condition that says that work goes on."""
        for each in self.working:
            if each.status in ("True", "Unknown") and not _over(each.reason):
                return each
        for each in self.weak:
            if each.status == "True" and (_runs_itself(each) or (not self.good and _tells_of_work(each))):
                return each
        return None


def read_all(subject: Subject) -> Reading:
    """The reading of the object's own conditions, then of the worst nested list (listeners, parents, ancestors)."""
    generation = subject.meta.get("generation")
    wanted = generation if is_count(generation) else None
    top = read(subject.conditions, wanted) if subject.conditions else Reading()
    if top.held is not None or (top.finding is not None and top.finding.verdict is not Verdict.CONVERGED):
        return top
    for nested in nested_conditions(subject.status, lists_only=top.finding is not None):
        reading = read(nested, wanted)
        if reading.finding is None:
            continue
        if reading.finding.verdict is not Verdict.CONVERGED:
            return reading
        if top.finding is None:
            top = reading
    return top


def read(conditions: Sequence[Condition], generation: int | None) -> Reading:
    """Held, failed, stale, summed up, or merely the sum of the parts; linear in the number of conditions."""
    sides = _sort(_newest_of_log(conditions))
    return (
        _held(sides)
        or _failed(sides)
        or _stale(sides, generation)
        or (_summed_up(sides.summary, sides) if sides.summary is not None else _summed_parts(sides))
    )


def _sort(conditions: Sequence[Condition]) -> _Sides:
    sides = _Sides()
    lists = {
        Polarity.GOOD: sides.good, Polarity.BAD: sides.bad, Polarity.WORKING: sides.working,
        Polarity.PAUSED: sides.paused, Polarity.WEAK: sides.weak,
    }  # fmt: skip
    for condition in conditions:
        if condition.status == "Unknown" and condition.message.isdigit():
            continue  # a figure in a condition's clothes: `IPsTotal`, Unknown, "254"
        sides.by_type.setdefault(condition.type, condition)
        side = lists.get(polarity(condition.type))
        if side is not None:
            side.append(condition)
    return sides


def _newest_of_log(conditions: Sequence[Condition]) -> Sequence[Condition]:
    """Some controllers keep conditions as a log, with types repeated: only its newest entry is about now."""
    if len({condition.type for condition in conditions}) == len(conditions):
        return conditions
    newest = max(enumerate(conditions), key=lambda pair: (pair[1].since or 0.0, pair[0]))
    return (newest[1],)


def _held(sides: _Sides) -> Reading | None:
    ended = any(name in sides.by_type and sides.by_type[name].status == "True" for name in OVER)
    for each in sides.paused:
        if each.status == "True" and not (ended and each.type in STOPS):
            return Reading(held=finding_of(Verdict.SUSPENDED, each))
    for each in sides.working:
        if sense(each.reason) is Sense.PAUSED:
            return Reading(held=finding_of(Verdict.SUSPENDED, each))
    return None


def _failed(sides: _Sides) -> Reading | None:
    """A condition that is True when things go ill, or a transition that ended in failure."""
    faults = [(at_fault(each), each) for each in sides.bad if each.status == "True"]
    for verdict, each in sorted(faults, key=lambda fault: fault[0] is not Verdict.STALLED):
        return Reading(finding_of(verdict, each), summed_up=True, failed=True)
    for each in sides.working:
        if each.status == "False" and sense(each.reason) is Sense.BAD:
            return Reading(finding_of(Verdict.STALLED, each), summed_up=True, failed=True)
    return None


def _stale(sides: _Sides, generation: int | None) -> Reading | None:
    if generation is None:
        return None
    summary = sides.summary
    for each in [summary] if summary is not None else sides.good:
        if each.generation is not None and each.generation < generation:
            told = next((one for one in sides.good if _tells_of(one, generation)), None)
            if told is not None:
                return Reading(finding_of(blame(told) or Verdict.CONVERGING, told), summed_up=True)
            sentence = f"condition {each.type} describes generation {each.generation}, spec is {generation}"
            finding = Finding(Verdict.CONVERGING, "GenerationUnseen", Cause(sentence))
            return Reading(finding, summed_up=True)
    return None


def _tells_of(condition: Condition, generation: int) -> bool:
    """Whether a part that is not well has seen the spec that the summary has not: it says why."""
    return condition.status == "False" and condition.generation is not None and condition.generation >= generation


def _summed_up(summary: Condition, sides: _Sides) -> Reading:
    if summary.status == "True":
        return Reading(_confirmed(summary, sides), summed_up=True)
    verdict, others = blame(summary), [each for each in sides.good if each.status != "True" and each is not summary]
    openly = failed_openly(summary)
    busy = sides.busy
    if verdict is Verdict.STALLED and not openly and (busy is not None or any(map(_went_through, sides.good))):
        verdict = Verdict.CONVERGING
    if verdict is not Verdict.STALLED:
        for each in others:
            if blame(each) is Verdict.SUSPENDED:
                return Reading(held=finding_of(Verdict.SUSPENDED, each))
        worse = next((each for each in others if each.status == "False" and failed_openly(each)), None)
        if worse is not None:
            return Reading(finding_of(Verdict.STALLED, worse), summed_up=True)
    if verdict is not None:
        return Reading(finding_of(verdict, summary), summed_up=True)
    if busy is not None:
        return Reading(finding_of(Verdict.CONVERGING, busy), summed_up=True)
    for each in others:
        told = blame(each)
        if told is not None:
            return Reading(finding_of(told, each), summed_up=True)
    return Reading(finding_of(Verdict.STALLED, summary), summed_up=True, ambiguous=True)


def _confirmed(summary: Condition, sides: _Sides) -> Finding:
    """A good summary, unless its own reason, a failed sync or a transition speaks against it."""
    if failed_openly(summary) and sense(summary.reason) is Sense.BAD:
        return finding_of(Verdict.STALLED, summary)
    for each in sides.good:
        if each.status == "False" and each is not summary and tokens(each.type)[-1] in SYNC_HEADS:
            return finding_of(blame(each) or Verdict.STALLED, each)
    for name, open_ in UNENDED:
        end = sides.by_type.get(name)
        if end is not None and end.status in open_ and summary.type in ("Ready", "Available"):
            return finding_of(Verdict.CONVERGING, end)
    busy = sides.busy
    if busy is not None and busy.type not in BEFORE:
        return finding_of(Verdict.CONVERGING, busy)
    return finding_of(Verdict.CONVERGED, summary)


def _summed_parts(sides: _Sides) -> Reading:
    """No summary: the worst of the parts; weak ones (`Active`) count where there is nothing better."""
    parts = sides.good or [each for each in sides.weak if not guessed(each.type) or each.status == "True"]
    busy = sides.busy
    unwell = [(blame(each), each) for each in parts if each.status != "True"]
    unwell += [(blame(each), each) for each in sides.weak if each not in parts and _not_started(each)]
    for wanted in WORST_FIRST:
        for verdict, each in unwell:
            if verdict is not wanted:
                continue
            open_ = verdict is None or (verdict is Verdict.STALLED and not failed_openly(each) and not each.severity)
            if open_ and busy is not None:
                return Reading(finding_of(Verdict.CONVERGING, busy))
            found = finding_of(verdict or Verdict.STALLED, each)
            return Reading(found, ambiguous=verdict is None, failed=verdict is not None)
    if busy is not None:
        return Reading(finding_of(Verdict.CONVERGING, busy))
    told = next((each for each in sides.bad if not parts and failed_message(each.message)), None)
    if told is not None:
        return Reading(finding_of(Verdict.STALLED, told), failed=True)
    if parts and all(each.type in BEGINNINGS for each in parts):
        begun = finding_of(Verdict.CONVERGING, parts[-1])
        return Reading(replace(begun, cause=Cause(f"{parts[-1].type}, and not yet said to be ready")))
    return Reading(finding_of(Verdict.CONVERGED, parts[0]), weak=not sides.good) if parts else Reading()


def _not_started(condition: Condition) -> bool:
    """`Running` or an unknown participle (`Rolled`) is False, and its reason says that it waits or failed."""
    told = sense(condition.reason)
    if told not in (Sense.WORKING, Sense.BAD) or condition.status != "False":
        return False
    return guessed(condition.type) or tokens(condition.type)[-1:] == ("running",)


def _over(reason: str) -> bool:
    """Whether a transition's reason says that it is over: `NewReplicaSetAvailable`, and not `ResourceNotReady`."""
    words = tokens(reason)
    return not DONE.isdisjoint(words) and NEGATIONS.isdisjoint(words)


def _went_through(condition: Condition) -> bool:
    """The controller's last action succeeded (`Synced`), so that what is not ready is still on its way."""
    return condition.status == "True" and tokens(condition.type)[-1:] == ("synced",)


def _tells_of_work(condition: Condition) -> bool:
    return sense(condition.reason) is not Sense.GOOD and still_working(condition.message)


def _runs_itself(condition: Condition) -> bool:
    """`Running` for the reason `Running`: the controller's own loop, not the object, is at work."""
    return condition.type == "Running" and condition.reason == "Running"
