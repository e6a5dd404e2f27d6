"""Hops: the timed steps of an episode, read from evidence alone, so that they do not depend on what was heard first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import floor

from dashboard.core.evidence import COUNTED, Evidence, Own
from dashboard.core.marks import Marks
from dashboard.core.model import Hop

ORDER = (
    "lost", "deleted", "accepted", "decided", "observed", "ending", "replicaset", "created", "scheduled", "pulled",
    "started", "ready", "finished", "complete", "bound", "resized",
)  # fmt: skip
"""The order of hops within one second; what is not named here comes after these, and `converged` last."""

PLACES = {name: place for place, name in enumerate(ORDER)}

CONVERGED = "converged"
OPENING = frozenset({"lost", "deleted", "accepted", "decided"})
"""Hops that set an episode off."""
MAX_CONDITIONS = 12

UNTOLD = frozenset({"ControllerRevision", "EndpointSlice", "Lease"})
"""Kinds that are made on the way and do nothing by themselves."""

Taken = tuple[Marks, Sequence[float | None]]
"""An object, and when it took each step up to the one in question; None for what is not told or not of the episode."""


@dataclass(frozen=True, slots=True)
class Window:
    """What belongs to an episode: from `second`, that in which it opened, to when it closed."""

    opened: float
    second: float
    until: float

    def holds(self, at: float | None) -> bool:
        """Whether a time lies in it; the API's second in which the episode opened does, too."""
        return at is not None and self.second <= at <= self.until

    def within(self, marks: Sequence[Marks]) -> list[Marks]:
        """Pods of which any step lies in it."""
        return [
            each
            for each in marks
            if any(map(self.holds, (each.created, each.scheduled, each.started, each.ready, each.finished)))
        ]


def hops(
    evidence: Evidence,
    *,
    kind: str,
    by: str,
    opened: float,
    until: float,
    known: Sequence[Hop],
    converged: float | None,
) -> tuple[Hop, ...]:
    """The hops so far, in order of time.

    `kind` and `by` are the episode's. `until` is when the episode closed, or beyond what may have happened; `known` are
    the hops of before: what was accepted and observed once stays so though later versions are dated later. `converged`
    is when it did, None for not yet.
    """
    window = Window(opened, floor(opened), until)
    before = {hop.name: hop for hop in known}
    found = [*_of_itself(evidence, kind, by, window, before), *_of_others(evidence, window)]
    names = {hop.name for hop in found} | {CONVERGED}
    found += [hop for hop in known if hop.name not in names]  # of an Event's reason only the newest is remembered
    found = [_first_asked(hop, before) for hop in found if hop.at <= until]
    if converged is not None:
        found.append(Hop(CONVERGED, max([converged, *(hop.at for hop in found)]), 0.0, evidence.own.id))
    found.sort(key=_place)
    return tuple(_timed(found, opened))


def _first_asked(hop: Hop, before: dict[str, Hop]) -> Hop:
    """A deletion is shortened while it lasts: the first time that it was asked for counts, whoever watched then."""
    known = before.get(hop.name) if hop.name == "ending" else None
    return replace(hop, at=min(hop.at, known.at)) if known is not None and known.object == hop.object else hop


def _place(hop: Hop) -> tuple[bool, float, int, str]:
    return hop.name == CONVERGED, hop.at, PLACES.get(hop.name, len(PLACES)), hop.name


def _timed(found: Sequence[Hop], opened: float) -> Iterator[Hop]:
    last = opened
    for hop in found:
        at = max(last, hop.at)  # the second in which it opened began before
        yield Hop(hop.name, at, at - last, hop.object, hop.detail)
        last = at


def _of_itself(evidence: Evidence, kind: str, by: str, window: Window, before: dict[str, Hop]) -> Iterator[Hop]:
    own = evidence.own
    if kind == "change":
        yield from _declared(evidence, by, window, before)
    elif kind == "deletion":
        yield Hop("deleted", window.opened, 0.0, own.id)
    elif kind == "loss":
        lost = _lost(evidence, window) or before.get("lost") or Hop("lost", window.opened, 0.0, own.id)
        yield replace(lost, at=window.opened)
    if _is_decided(own, window, before):
        yield before.get("decided") or Hop("decided", own.decided or 0.0, 0.0, own.id)
    if window.holds(own.completed):
        yield Hop("complete", own.completed or 0.0, 0.0, own.id)
    if (own.group, own.kind) not in COUNTED and own.kind != "Pod":
        turned = [each for each in own.conditions if each[1] == "True" and window.holds(each[2])]
        yield from (Hop(name, at or 0.0, 0.0, own.id) for name, _, at in turned[:MAX_CONDITIONS])


def _is_decided(own: Own, window: Window, before: dict[str, Hop]) -> bool:
    return "decided" in before or window.holds(own.decided)


def _declared(evidence: Evidence, by: str, window: Window, before: dict[str, Hop]) -> Iterator[Hop]:
    """What was declared and who has seen it. What an autoscaler decides is accepted from nobody."""
    own = evidence.own
    known = before.get("accepted")
    told = own.accepted is None or window.holds(own.accepted)
    if known or told or not _is_decided(own, window, before):
        yield Hop("accepted", window.opened, 0.0, own.id, known.detail if known else by and f"by {by}")
    seen = before.get("observed")
    if seen is None and own.seen is not None:
        seen = Hop("observed", own.seen, 0.0, own.id, f"generation {own.observed}")
    if seen is not None:
        # Its status may be written after what its controller did: nothing is done before it is seen.
        caused = [each.created for each in evidence.marks if each.id != own.id and window.holds(each.created)]
        first = min([seen.at, *(at for at in caused if at is not None)])
        yield replace(seen, at=max(first, window.opened))
    reached = before.get("bound") or before.get("resized")
    if reached is None and own.bound and own.written is not None and _is_large_enough(own):
        reached = Hop("bound" if window.holds(own.created) else "resized", own.written, 0.0, own.id)
    if reached is not None:
        yield replace(reached, at=max(reached.at, window.opened))


def _is_large_enough(own: Own) -> bool:
    return own.sample is not None and (own.sample.ready or 0.0) >= (own.sample.setpoint or 0.0)


def _lost(evidence: Evidence, window: Window) -> Hop | None:
    """What went first, None where no other object tells of it (any more)."""
    near = [each for each in evidence.marks if lost_at(each) is not None and window.holds(lost_at(each))]
    first = min(near, key=lambda each: (lost_at(each) or 0.0, each.id), default=None)
    return Hop("lost", window.opened, 0.0, first.id) if first is not None else None


def lost_at(marks: Marks) -> float | None:
    """When an object ceased to serve: its end was asked for, it finished, or it ceased to be ready."""
    unready = marks.unready if marks.ready is None or (marks.unready or 0.0) > marks.ready else None
    return min((at for at in (marks.ending, marks.finished, unready) if at is not None), default=None)


def _of_others(evidence: Evidence, window: Window) -> Iterator[Hop]:
    others = [each for each in evidence.marks if each.kind != "Pod" and each.kind not in UNTOLD]
    for kind in dict.fromkeys(each.kind for each in others):
        made = [each for each in others if each.kind == kind and window.holds(each.created)]
        if made:
            yield _hop(kind.lower(), [(each, (each.created,)) for each in made], len(made), window)
    pods = [each for each in evidence.marks if each.kind == "Pod"]
    ended = [each for each in pods if window.holds(each.ending)]
    if ended:
        yield _hop("ending", [(each, (each.ending,)) for each in ended], len(ended), window)
    # A Pod of before whose end was asked for takes its last steps on the way out.
    staying = [each for each in pods if window.holds(each.created) or not window.holds(each.ending)]
    yield from _steps(evidence, window.within(staying), window)


STEPS = ("created", "scheduled", "pulled", "started", "ready", "finished")


def _steps(evidence: Evidence, pods: Sequence[Marks], window: Window) -> Iterator[Hop]:
    """The way of a Pod, each step dated by the last Pod that has taken it."""
    own, pulled = evidence.own.id, evidence.pulled
    ways: list[Taken] = []
    for each in pods:
        created = each.created if each.id != own else None
        way = (created, each.scheduled, pulled.get(each.uid), each.started, each.ready, each.finished)
        ways.append((each, [at if window.holds(at) else None for at in way]))
    for place, name in enumerate(STEPS):
        took = [(each, way[: place + 1]) for each, way in ways if way[place] is not None]
        if took:
            yield _hop(name, took, len(pods), window)


def _hop(name: str, took: Sequence[Taken], total: int, window: Window) -> Hop:
    """A hop of others. The last of each one's steps is the hop's own, the others come before it.

    `at` is when the last took it; `object` is the one to which it took longest since its own step before.
    """

    def lasted(taken: Taken) -> tuple[float, float, str]:
        each, (*earlier, own) = taken
        before = max((at for at in earlier if at is not None), default=window.opened)
        return (own or 0.0) - before, own or 0.0, each.id

    longest, _ = max(took, key=lasted)
    noun = longest.kind if total == 1 else f"{longest.kind}s"
    detail = f"{total} {noun}" if len(took) == total else f"{len(took)} of {total} {noun}"
    return Hop(name, max(steps[-1] or 0.0 for _, steps in took), 0.0, longest.id, detail)
