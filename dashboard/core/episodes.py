"""Episodes: one stretch from 'a gap opened' to 'it closed, stalled or was replaced', from what the API says.

`advance` is asked again and again with the newest assessment and evidence. What it returns is the same however the
watches of different kinds were in step with each other, because all its times are the API's own.

- An episode opens when an object that had converged, or was never seen before, is converging or stalled, and when its
  deletion is asked for and something holds it. Kinds: `change` (a new generation), `loss` (the same generation as
  before), `deletion`, `fight` (two managers set a field back and forth).
- It closes as `converged`, as `stalled`, or as `superseded` when another generation, a deletion or a fight takes its
  place. A stalled one stays the episode of its generation: when it converges after all, that is its `recovered`.
- Convergence after a stall or after restarts must hold before it counts (`hold`): a crash loop is one episode.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from itertools import chain
from math import floor

from dashboard.core.evidence import Before, Evidence, Own
from dashboard.core.hops import CONVERGED, hops, lost_at
from dashboard.core.model import Assessment, Change, Ended, Episode, Sample, Verdict

GAP = frozenset({Verdict.STALLED, Verdict.CONVERGING})
SETTLE = 10.0
"""Seconds for which a closed episode still takes in what other watches tell late of its own time."""

HOLD = 15.0
LONGEST_HOLD = 600.0
"""Seconds for which convergence must hold after trouble. The kubelet forgets a container's back-off when it ran for ten
minutes (twice the longest back-off, https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy):
until then the next crash belongs to the same loop."""

MAX_SAMPLES = 240
FIGHT, DELETED, REPLACED = "Fight", "Deleted", "Replaced"
"""Reasons: the first is judging's, the others say why nothing more is waited for."""

SAME = 2.0
"""Seconds within which two API times of one step may lie apart: each is cut to its second."""


def advance(episode: Episode | None, assessment: Assessment, now: float, evidence: Evidence) -> Episode | None:
    """The episode after this look at the object; None where there is none.

    Ask again with the result until it stays the same: an episode that is replaced is returned as closed first, and
    the next one opens from it.
    """
    if episode is None or is_over(episode):
        opened = _open(episode, assessment, now, evidence)
        if opened is not None:
            return opened
        return _settled(episode, now, evidence) if episode is not None else None
    replaced = _replaced(episode, assessment, now, evidence)
    return replaced if replaced is not None else _followed(episode, assessment, now, evidence)


def is_over(episode: Episode) -> bool:
    """Whether nothing of it is waited for: a stalled one may still recover until another takes its place."""
    if episode.ended is Ended.STALLED:
        return episode.recovered is not None or bool(episode.superseded_by) or episode.reason in (DELETED, REPLACED)
    return episode.ended is not None


# Opening


def _open(last: Episode | None, assessment: Assessment, now: float, evidence: Evidence) -> Episode | None:
    kind = _kind(last, assessment, evidence)
    if kind is None:
        return None
    own = evidence.own
    opened = _opened(kind, last, assessment, now, evidence)
    if kind == "loss" and last is None and own.created is not None and opened <= own.created + SAME:
        kind = "change"  # it never was what it should be: its controller had not looked at it yet
    key = _key(kind, own, opened)
    if last is not None and last.key == key:
        return None
    episode = Episode(
        key=key,
        object=own.id,
        uid=own.uid,
        kind=kind,
        opened=opened,
        generation=own.generation,
        verdict=assessment.verdict,
        changes=_changes(evidence.before, own) if kind == "change" else (),
        by=_by(own, opened) if kind == "change" else "",
        supersedes=last.key if last is not None and last.superseded_by == key else "",
    )
    return _followed(episode, assessment, now, evidence, first=True)


def _kind(last: Episode | None, assessment: Assessment, evidence: Evidence) -> str | None:
    own = evidence.own
    if evidence.gone:
        return None
    if own.ending is not None:
        return "deletion"
    if assessment.verdict not in GAP:
        return None
    if assessment.reason == FIGHT:
        return "fight"
    before = evidence.before.generation if evidence.before is not None else last.generation if last else None
    if before is not None or evidence.before is not None:
        return "loss" if before == own.generation else "change"
    return "change" if _is_fresh(assessment, own) else "loss"


def _is_fresh(assessment: Assessment, own: Own) -> bool:
    """Whether an object that was never seen before is on its way to what was last declared, or lost it since."""
    if own.observed is not None and own.observed < (own.generation or 0):
        return True
    declared = own.accepted if own.accepted is not None else own.created
    return assessment.since is None or declared is None or assessment.since <= declared + SAME


def _opened(kind: str, last: Episode | None, assessment: Assessment, now: float, evidence: Evidence) -> float:
    own = evidence.own
    if kind == "deletion":
        return own.ending if own.ending is not None else now
    if kind == "change":
        return _accepted(last, now, evidence)
    lost = [at for at in _losses(evidence) if at > _earlier(last, evidence)]
    since = assessment.since if assessment.since is not None and not assessment.at_least else now
    return min(lost, default=since)


def _accepted(last: Episode | None, now: float, evidence: Evidence) -> float:
    """When the newest generation was declared: by managedFields, unless it was a change that they do not date."""
    own = evidence.own
    if last is not None and last.ended is Ended.SUPERSEDED and last.superseded_by and last.closed is not None:
        return last.closed  # the moment at which it took the other's place
    if own.generation in (1, None) and own.created is not None:
        return own.created
    if own.accepted is None or own.accepted <= _earlier(last, evidence):
        return float(floor(now))  # its own watch told it now: cut to a second, as the API's own times are
    return own.accepted


def _by(own: Own, opened: float) -> str:
    return own.by if own.accepted is not None and own.accepted >= opened else own.undated_by


def _earlier(last: Episode | None, evidence: Evidence) -> float:
    """The last time of which it is known that it belongs to what was before."""
    closed = [last.opened, last.closed, last.recovered] if last is not None else []
    until = evidence.before.until if evidence.before is not None else None
    return max((at for at in (*closed, until) if at is not None), default=float("-inf"))


def _losses(evidence: Evidence) -> Iterable[float]:
    own = (at for _, status, at in evidence.own.conditions if status == "False" and at is not None)
    return chain((at for each in evidence.marks if (at := lost_at(each)) is not None), own)


def _key(kind: str, own: Own, opened: float) -> str:
    """The same for whoever sees the same stretch: a generation is declared once, a loss begins in one second."""
    parts = [own.uid, kind, str(own.generation)]
    if kind in ("loss", "fight") or own.generation is None:
        parts.append(str(floor(opened)))
    return blake2b("|".join(parts).encode(errors="replace"), digest_size=12).hexdigest()


def _changes(before: Before | None, own: Own) -> tuple[Change, ...]:
    if before is None:
        return ()
    old, new = dict(before.wishes), dict(own.wishes)
    paths = dict.fromkeys([*old, *new])
    return tuple(Change(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path))


# Being replaced


def _replaced(episode: Episode, assessment: Assessment, now: float, evidence: Evidence) -> Episode | None:
    """The episode closed because something else took its place, None when nothing did."""
    own = evidence.own
    if evidence.gone:
        return _gone(episode, now, evidence)
    if episode.kind == "deletion":
        return None
    fights = assessment.reason == FIGHT
    if own.ending is not None:
        return _superseded(episode, _key("deletion", own, own.ending), own.ending)
    if fights != (episode.kind == "fight") and (fights or own.generation != episode.generation):
        return _superseded(episode, *_next(episode, assessment, now, evidence))
    if not fights and own.generation != episode.generation:
        return _superseded(episode, *_next(episode, assessment, now, evidence))
    return None


def _next(episode: Episode, assessment: Assessment, now: float, evidence: Evidence) -> tuple[str, float]:
    """The key of the episode that takes this one's place, "" when none will, and when it did."""
    if evidence.before is None or evidence.before.generation == evidence.own.generation:
        evidence = replace(evidence, before=Before(episode.generation))
    kind = _kind(episode, assessment, evidence)
    at = _opened(kind or "change", episode, assessment, now, evidence)
    return (_key(kind, evidence.own, at) if kind is not None else ""), at


def _superseded(episode: Episode, by: str, at: float, reason: str = REPLACED) -> Episode:
    if episode.ended is Ended.STALLED:
        return replace(episode, superseded_by=by, reason=episode.reason if by else reason)
    return replace(episode, ended=Ended.SUPERSEDED, superseded_by=by, reason=reason, closed=max(episode.opened, at))


def _gone(episode: Episode, now: float, evidence: Evidence) -> Episode:
    if episode.kind != "deletion":
        return _superseded(episode, "", now, DELETED)
    at = max(now, episode.opened)
    done = replace(_drawn(episode, evidence, until=at, converged=at), verdict=Verdict.CONVERGED, cause="")
    if episode.ended is Ended.STALLED:
        return replace(done, reason=DELETED, recovered=at)
    return replace(done, reason=DELETED, ended=Ended.CONVERGED, closed=at)


# Following


def _followed(
    episode: Episode, assessment: Assessment, now: float, evidence: Evidence, *, first: bool = False
) -> Episode:
    converged = _converged_at(episode, now, evidence) if assessment.verdict is Verdict.CONVERGED else None
    episode = _drawn(episode, evidence, until=None, converged=converged)
    episode = replace(
        episode,
        verdict=assessment.verdict,
        reason=assessment.reason,
        cause=assessment.cause.sentence if assessment.cause is not None else "",
        samples=_sampled(episode.samples, evidence.own.sample),
    )
    if assessment.verdict is Verdict.STALLED and episode.ended is None:
        return replace(episode, ended=Ended.STALLED, closed=_stalled_at(episode, now, evidence) if first else now)
    if converged is not None and now >= converged + hold(episode, evidence):
        at = episode.hops[-1].at
        if episode.ended is Ended.STALLED:
            return replace(episode, recovered=at)
        return replace(episode, ended=Ended.CONVERGED, closed=at)
    return episode


def _drawn(episode: Episode, evidence: Evidence, *, until: float | None, converged: float | None) -> Episode:
    found = hops(
        evidence,
        kind=episode.kind,
        by=episode.by,
        opened=episode.opened,
        until=until,
        known=episode.hops,
        converged=converged,
    )
    return replace(episode, hops=found)


def _converged_at(episode: Episode, now: float, evidence: Evidence) -> float:
    """When the status that says so was written, as it first said so in this stretch."""
    known = next((hop.at for hop in episode.hops if hop.name == CONVERGED), None)
    if known is not None:
        return known
    own = evidence.own
    said = [own.written, own.completed, *(at for _, _, at in own.conditions)]
    said += [at for each in evidence.marks for at in (each.ready, each.finished)]
    told = [at for at in said if at is not None and episode.opened <= at + SAME and at <= now + SAME]
    return max(told, default=now)


def _stalled_at(episode: Episode, now: float, evidence: Evidence) -> float:
    """When an object that was found stalled had become so: the newest that the API tells of it."""
    own = evidence.own
    told = [own.written, *(at for _, _, at in own.conditions)]
    told += [at for each in evidence.marks for at in (each.unready, each.finished, each.started)]
    return max(max((each for each in told if each is not None and each <= now), default=now), episode.opened)


def hold(episode: Episode, evidence: Evidence) -> float:
    """Seconds for which convergence must last before it counts: none without trouble, else longer than what crashed
    has run before, so that a loop's next crash comes first."""
    crashed = [each for each in evidence.marks if each.restarts and each.ending is None]
    if not crashed:
        return HOLD if episode.ended is Ended.STALLED else 0.0
    return min(LONGEST_HOLD, max(HOLD, 2 * max(each.last_run for each in crashed)))


def _sampled(samples: tuple[Sample, ...], new: Sample | None) -> tuple[Sample, ...]:
    """The samples with one more, unless it says the same; cut to a bound by leaving out what changed least lately."""
    if new is None or (samples and (samples[-1].at >= new.at or replace(samples[-1], at=new.at) == new)):
        return samples
    samples = (*samples, new)
    return thinned(samples, MAX_SAMPLES) if len(samples) > 2 * MAX_SAMPLES else samples


def thinned(samples: tuple[Sample, ...], limit: int) -> tuple[Sample, ...]:
    """At most `limit` samples: the first, the last, and of each stretch between the one with the least and the one
    with the most that was ready, so that a dip or a surge is never smoothed away."""
    if len(samples) <= limit:
        return samples
    inner, stretches = samples[1:-1], max(1, (limit - 2) // 2)
    kept = {0: samples[0], len(samples) - 1: samples[-1]}
    for place in range(stretches):
        low, high = place * len(inner) // stretches, (place + 1) * len(inner) // stretches
        if low < high:
            for pick in (min, max):
                at = pick(range(low, high), key=lambda each: inner[each].ready or 0.0)
                kept[at + 1] = inner[at]
    return tuple(kept[at] for at in sorted(kept))


def _settled(episode: Episode, now: float, evidence: Evidence) -> Episode:
    """A closed episode, with what other watches told late of the time before it closed."""
    closed = episode.recovered if episode.recovered is not None else episode.closed
    if closed is None or now > closed + SETTLE or evidence.own.generation != episode.generation:
        return episode
    if episode.ended is Ended.SUPERSEDED or evidence.gone or episode.superseded_by:
        return episode
    return _drawn(episode, evidence, until=closed, converged=closed)
