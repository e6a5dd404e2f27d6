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

from dataclasses import replace
from math import floor

from dashboard.core.evidence import Before, Evidence, from_assessment, is_custom, latest
from dashboard.core.hops import CONVERGED, OPENING, hops
from dashboard.core.model import Assessment, Ended, Episode, Hop, Verdict
from dashboard.core.openings import (
    FIGHT,
    LAG,
    SAME,
    changes_since,
    declared_by,
    key_for,
    kind_of,
    opened_at,
    redated,
    unfinished,
)  # fmt: skip
from dashboard.core.samples import sampled

SETTLE = 10.0
"""Seconds for which a closed episode still takes in what other watches tell late of its own time."""

HOLD = 15.0
LONGEST_HOLD = 600.0
"""Seconds for which convergence must hold after trouble. The kubelet forgets a container's back-off when it ran for ten
minutes (twice the longest back-off, https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy):
until then the next crash belongs to the same loop."""

AHEAD = 60.0
"""Seconds by which a step may lie in the future: no two clocks are the same, but a Node's may be an hour off, and what
it has not come to yet is no step."""

DELETED, REPLACED = "Deleted", "Replaced"
"""Reasons why nothing more is waited for."""


def advance(
    episode: Episode | None, assessment: Assessment, now: float, evidence: Evidence | None = None
) -> Episode | None:
    """The episode after this look at the object; None where there is none.

    Ask again with the result until it stays the same: an episode that is replaced is returned as closed first, and
    the next one opens from it. Without evidence it goes by the assessment alone, its gaps and since when.
    """
    if evidence is None:
        evidence = from_assessment(episode, assessment, now)
        if episode is not None and episode.generation is None:  # its status did not say yet
            episode = replace(episode, generation=evidence.own.generation)
    assessment = unfinished(assessment, evidence.own.group, evidence.own.kind)
    if episode is not None and "" != episode.uid != evidence.own.uid != "":  # another object of its name
        if not is_over(episode):
            return _closed(_until(episode, now), "", now, DELETED)
        return _open(None, assessment, now, evidence) or episode
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
    kind = kind_of(last, assessment, evidence)
    if kind is None:
        return None
    own = evidence.own
    opened = opened_at(kind, last, assessment, now, evidence)
    if kind == "loss" and last is None and own.created is not None and opened <= own.created + SAME:
        kind = "change"  # it never was what it should be: its controller had not looked at it yet
    key = key_for(kind, own, opened)
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
        changes=changes_since(evidence.before, own) if kind == "change" else (),
        by=declared_by(own, opened) if kind == "change" else "",
        supersedes=last.key if last is not None and last.superseded_by == key else "",
    )
    return _followed(episode, assessment, now, evidence, first=True)


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
        return _superseded(episode, key_for("deletion", own, own.ending), own.ending, evidence)
    if episode.kind == "fight" and assessment.verdict is Verdict.CONVERGED:
        return None  # it is quiet again
    if fights != (episode.kind == "fight") and (fights or own.generation != episode.generation):
        return _superseded(episode, *_next(episode, assessment, now, evidence), evidence)
    if not fights and _is_declared_anew(episode, evidence):
        return _superseded(episode, *_next(episode, assessment, now, evidence), evidence)
    return None


def _is_declared_anew(episode: Episode, evidence: Evidence) -> bool:
    """By its generation; where the API counts none, by what is wanted against what was before this episode."""
    own = evidence.own
    if own.generation is not None and episode.generation is not None:
        return own.generation != episode.generation
    told = {each.path: each.after for each in episode.changes} if episode.kind == "change" else {}
    changes = changes_since(evidence.before, own)
    if any(each.path not in told or told[each.path] != each.after for each in changes):
        return True
    return (
        own.generation is None
        and is_custom(own.group)
        and (own.accepted or 0.0) > max(episode.opened, own.created or 0.0)
    )


def _next(episode: Episode, assessment: Assessment, now: float, evidence: Evidence) -> tuple[str, float]:
    """The key of the episode that takes this one's place, "" when none will, and when it did."""
    counted = evidence.own.generation is not None
    if evidence.before is None or (counted and evidence.before.generation == evidence.own.generation):
        evidence = replace(evidence, before=Before(episode.generation))
    kind = kind_of(episode, assessment, evidence)
    at = opened_at(kind or "change", episode, assessment, now, evidence)
    return (key_for(kind, evidence.own, at) if kind is not None else ""), at


def _superseded(episode: Episode, by: str, at: float, evidence: Evidence, reason: str = REPLACED) -> Episode:
    """Closed when another took its place; what the other caused already is not counted as this one's."""
    episode = _until(episode, at)
    if at - episode.opened >= 1:
        episode = _drawn(episode, evidence, until=at - 0.5, converged=None)
    return _closed(episode, by, at, reason)


def _until(episode: Episode, at: float) -> Episode:
    """With the hops until then; within a second of its opening only the first: nothing tells whose the others are."""
    kept = [hop for hop in episode.hops if hop.at < at] if at - episode.opened >= 1 else []
    first = [hop for hop in episode.hops if hop.name in OPENING and hop.at <= episode.opened]
    return replace(episode, hops=tuple(kept or first))


def _closed(episode: Episode, by: str, at: float, reason: str) -> Episode:
    if episode.ended is Ended.STALLED:
        return replace(episode, superseded_by=by, reason=episode.reason if by else reason)
    return replace(episode, ended=Ended.SUPERSEDED, superseded_by=by, reason=reason, closed=max(episode.opened, at))


def _gone(episode: Episode, now: float, evidence: Evidence) -> Episode:
    if episode.kind != "deletion":
        return _superseded(episode, "", now, evidence, DELETED)
    at = max(now, episode.opened)
    done = replace(_drawn(episode, evidence, until=at, converged=at), verdict=Verdict.CONVERGED, cause="")
    if episode.ended is Ended.STALLED:
        return replace(done, reason=DELETED, recovered=at)
    return replace(done, reason=DELETED, ended=Ended.CONVERGED, closed=at)


# Following


def _followed(
    episode: Episode, assessment: Assessment, now: float, evidence: Evidence, *, first: bool = False
) -> Episode:
    opened = episode.opened if first else redated(episode, now, evidence)
    if opened != episode.opened:
        episode = replace(episode, opened=opened)
    converged = _converged_at(episode, now, evidence) if assessment.verdict is Verdict.CONVERGED else None
    present = max(
        each for each in (now, episode.opened, latest(evidence.own), evidence.own.written) if each is not None
    )
    episode = replace(
        episode,
        hops=_hops(episode, evidence, until=present + AHEAD, converged=converged),
        verdict=assessment.verdict,
        reason=assessment.reason,
        cause=assessment.cause.sentence if assessment.cause is not None else "",
        samples=sampled(episode.samples, evidence.own.sample),
    )
    if episode.ended is None:
        elsewhere = assessment.cause is not None and assessment.cause.at is not None
        episode = _stalling(episode, now, evidence, first=first, wait=LAG if elsewhere else 0.0)
    wait = hold(episode, evidence)
    if converged is not None and (not wait or now >= converged + wait):
        at = episode.hops[-1].at
        if episode.ended is Ended.STALLED:
            return replace(episode, recovered=at)
        return replace(episode, ended=Ended.CONVERGED, closed=at)
    return episode


def _stalling(episode: Episode, now: float, evidence: Evidence, *, first: bool, wait: float) -> Episode:
    """Closed as stalled, when another object is at fault once that has lasted: it may be gone, and its watch late."""
    if episode.verdict is not Verdict.STALLED:
        return episode if episode.stalled is None else replace(episode, stalled=None)
    if episode.stalled is None:
        at = _stalled_at(episode, now, evidence) if first else _said_at(evidence, now, elsewhere=wait > 0)
        episode = replace(episode, stalled=at)
    since = now if episode.stalled is None else episode.stalled
    if wait and now - since < wait:
        return episode
    return replace(episode, ended=Ended.STALLED, closed=max(since, episode.opened))  # the API's clock may be ahead


def _said_at(evidence: Evidence, now: float, *, elsewhere: bool) -> float:
    """When what was heard just now was said by the API: by the object, or by what it caused; now where nothing was."""
    told: list[float | None] = [evidence.own.written, *(at for _, _, at in evidence.own.conditions)]
    if elsewhere:
        told = [at for each in evidence.marks for at in (each.unready, each.finished, each.started)]
    return max((at for at in told if at is not None and now - LAG <= at <= now), default=now)


def _drawn(episode: Episode, evidence: Evidence, *, until: float, converged: float | None) -> Episode:
    return replace(episode, hops=_hops(episode, evidence, until=until, converged=converged))


def _hops(episode: Episode, evidence: Evidence, *, until: float, converged: float | None) -> tuple[Hop, ...]:
    return hops(
        evidence,
        kind=episode.kind,
        by=episode.by,
        opened=episode.opened,
        until=until,
        known=episode.hops,
        converged=converged,
    )


def _converged_at(episode: Episode, now: float, evidence: Evidence) -> float:
    """When the status that says so was written, as it first said so in this stretch."""
    known = next((hop.at for hop in episode.hops if hop.name == CONVERGED), None)
    if known is not None:
        return known
    own = evidence.own
    said = [own.written, own.completed, *(at for _, _, at in own.conditions)]
    # What is on its way out takes its last steps afterwards.
    said += [at for each in evidence.marks if each.ending is None for at in (each.ready, each.finished)]
    told = [at for at in said if at is not None and episode.opened <= at + SAME and at <= now + SAME]
    return max(max(told, default=now), episode.closed or episode.opened)  # it recovers after it stalled


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
    crashed = [each for each in crashed if each.started is None or each.started >= floor(episode.opened)]
    if not crashed:
        return HOLD if episode.ended is Ended.STALLED else 0.0
    return min(LONGEST_HOLD, max(HOLD, 2 * max(each.last_run for each in crashed)))


def _settled(episode: Episode, now: float, evidence: Evidence) -> Episode:
    """A closed episode, with what other watches told late of the time before it closed."""
    closed = episode.recovered if episode.recovered is not None else episode.closed
    if closed is None or now > closed + SETTLE or evidence.own.generation != episode.generation:
        return episode
    if episode.ended is Ended.SUPERSEDED or evidence.gone or episode.superseded_by:
        return episode
    return _drawn(episode, evidence, until=closed, converged=closed)
