"""Whether an episode opens, of what kind, when, and under which key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from itertools import chain
from math import floor, isfinite

from dashboard.core.evidence import CLAIM, Before, Evidence, Own, is_custom
from dashboard.core.hops import lost_at
from dashboard.core.model import Assessment, Change, Ended, Episode, Verdict

GAP = frozenset({Verdict.STALLED, Verdict.CONVERGING})
FIGHT = "Fight"
"""The reason that judging gives for one."""

LAG = 3.0
"""Seconds by which one kind's watch may tell later than another's what happened at the same time."""

SAME = 2.0
"""Seconds within which two API times of one step may lie apart: each is cut to its second."""

NEW = 20.0
"""Seconds for which what was just made may look well because nobody has looked at it yet, and within which a condition
that is not as it should be is the first word on what was declared, not the loss of what was there."""


def unfinished(assessment: Assessment, group: str, kind: str) -> Assessment:
    """The assessment, converging where the verdict asks for less than the ledger: a claim that is bound has converged
    by its published verdict, though it is not as large yet as was asked since."""
    if (group, kind) != CLAIM or assessment.verdict is not Verdict.CONVERGED:
        return assessment
    if not any(gap.open for gap in assessment.gaps):
        return assessment
    return replace(assessment, verdict=Verdict.CONVERGING, reason="Resizing", since=None)


def kind_of(last: Episode | None, assessment: Assessment, evidence: Evidence) -> str | None:
    """The kind of the episode that opens now, None for none. `last` is the object's episode of before."""
    own = evidence.own
    if evidence.gone:
        return None
    if own.ending is not None:
        return "deletion"
    if assessment.verdict not in GAP:
        return None
    if assessment.reason == FIGHT:
        return "fight"
    if evidence.before is not None and None in (own.generation, evidence.before.generation):
        return "change" if _is_uncounted_change(evidence.before, own) else "loss"
    before = evidence.before.generation if evidence.before is not None else last.generation if last else None
    if before is not None or evidence.before is not None:
        return "loss" if before == own.generation else "change"
    return "change" if _is_fresh(assessment, own) else "loss"


def _is_uncounted_change(before: Before, own: Own) -> bool:
    """By what is wanted; of a custom kind, of which little of that is known, by when anything was."""
    if changes_since(before, own):
        return True
    return is_custom(own.group) and (own.accepted or 0.0) > (before.until or own.created or 0.0)


def _is_fresh(assessment: Assessment, own: Own) -> bool:
    """Whether an object that was never seen before is on its way to what was last declared, or lost it since."""
    if own.observed is not None and own.observed < (own.generation or 0):
        return True
    declared = own.accepted if own.accepted is not None else own.created
    return assessment.since is None or declared is None or assessment.since <= declared + NEW


def opened_at(kind: str, last: Episode | None, assessment: Assessment, now: float, evidence: Evidence) -> float:
    """When it opened, by the API where it says so."""
    own = evidence.own
    if kind == "deletion":
        return own.ending if own.ending is not None else now
    if kind == "change":
        return _accepted(last, now, evidence)
    earlier = _earlier(last, evidence)
    lost = [at for at in _losses(evidence) if at > earlier]
    since = assessment.since if assessment.since is not None and isfinite(assessment.since) else now
    if assessment.at_least or (since <= earlier and (last is not None or now - since > NEW)):  # it was well since
        since = min([now, *_caused(evidence, max(earlier, now - LAG))])
    said = own.accepted if kind == "fight" else own.written
    return min(lost or [since, said if said is not None and max(earlier, now - LAG) < said else since])


def _accepted(last: Episode | None, now: float, evidence: Evidence) -> float:
    """When the newest generation was declared: by managedFields, unless it was a change that they do not date."""
    own = evidence.own
    if last is not None and last.ended is Ended.SUPERSEDED and last.superseded_by and last.closed is not None:
        return last.closed  # the moment at which it took the other's place
    first = own.generation == 1 or (own.generation is None and evidence.before is None)
    if first and own.created is not None:
        return own.created
    earlier = _earlier(last, evidence)
    told = [at for at in (own.accepted, own.decided) if at is not None and at > earlier]
    if not told and own.accepted == earlier and not own.undated_by and now - earlier <= LAG:
        told = [earlier]  # twice within one second
    # Its own watch told it now, unless what it caused was told just before: cut to a second, as API times are.
    return min(told) if told else min([float(floor(now)), *_caused(evidence, max(earlier, now - LAG))])


def _caused(evidence: Evidence, after: float) -> Iterable[float]:
    others = (each for each in evidence.marks if each.id != evidence.own.id)
    return (at for each in others for at in (each.created, each.ending) if at is not None and at > after)


def redated(episode: Episode, now: float, evidence: Evidence) -> float:
    """When an open episode opened, by the API where its own object's watch did not say but another's has since.

    Only what is heard within some seconds counts: later, another Pod may have been lost or made for other reasons.
    """
    own, opened = evidence.own, episode.opened
    if now - opened > LAG or episode.supersedes:
        return opened
    after = max(_earlier(None, evidence), opened - LAG)
    if episode.kind == "loss":
        made = _caused(evidence, after) if evidence.before is not None else ()
        return min([opened, *(at for at in _losses(evidence) if at > after), *made])
    told = (own.accepted, own.decided)
    if episode.kind != "change" or own.generation in (1, None) or any(at and at >= floor(opened) for at in told):
        return opened
    return min([opened, *_caused(evidence, after), *([own.seen] if own.seen is not None and own.seen > after else [])])


def declared_by(own: Own, opened: float) -> str:
    """Who declared it, "" where nothing says."""
    return own.by if own.accepted is not None and own.accepted >= opened else own.undated_by


def _earlier(last: Episode | None, evidence: Evidence) -> float:
    """The last time of which it is known that it belongs to what was before."""
    closed = [last.opened, last.closed, last.recovered] if last is not None else []
    until = evidence.before.until if evidence.before is not None else None
    return max((at for at in (*closed, until) if at is not None), default=float("-inf"))


def _losses(evidence: Evidence) -> Iterable[float]:
    own = (at for _, status, at in evidence.own.conditions if status == "False" and at is not None)
    return chain((at for each in evidence.marks if (at := lost_at(each)) is not None), own)


def key_for(kind: str, own: Own, opened: float) -> str:
    """The same for whoever sees the same stretch: a generation is declared once, a loss begins in one second."""
    parts = [own.uid, kind, str(own.generation)]
    if kind in ("loss", "fight") or own.generation is None:
        parts.append(str(floor(opened)))
    return blake2b("|".join(parts).encode(errors="replace"), digest_size=12).hexdigest()


def changes_since(before: Before | None, own: Own) -> tuple[Change, ...]:
    """What is declared otherwise than before."""
    if before is None:
        return ()
    old, new = dict(before.wishes), dict(own.wishes)
    paths = dict.fromkeys([*old, *new])
    return tuple(Change(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path))
