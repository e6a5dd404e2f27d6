"""The polarity of a condition's type: does True mean well, ill, at work or held?

By the API conventions a type is an adjective or a past participle (`Ready`, `Succeeded`) or its abnormal
counterpart (`Failed`, `MemoryPressure`); types that end in -ing describe a transition.
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from dashboard.core.words import NEGATIONS, WEAK, Sense, tokens, word_sense


class Polarity(Enum):
    """What a condition's status True means. WEAK is good, but says little about having converged."""

    GOOD = "good"
    BAD = "bad"
    WORKING = "working"
    PAUSED = "paused"
    WEAK = "weak"
    NEUTRAL = "neutral"


SUMMARY = (
    "Ready", "Available", "Healthy", "Succeeded", "Completed", "Complete", "Established", "Finished", "Done",
)  # fmt: skip
"""Types that sum an object up, the strongest first: the first one that is there decides."""

WEAK_HEADS = WEAK
"""Heads that say something about use or history rather than about having converged."""

NEUTRAL_HEADS = frozenset({"upgradeable", "limit", "limited", "warning", "warnings", "down", "expired", "alert"})
HAPPENED = frozenset(
    {
        "adopted", "allowed", "changed", "customized", "cleaned", "deleted", "deprecated", "detected", "drained",
        "evicted", "exposed", "ignored", "modified", "moved", "needed", "overridden", "preempted", "removed", "embed",
        "restarted", "retained", "skipped", "speed", "supported", "terminated", "triggered", "unlocked", "used",
        "drifted", "isolated", "lagged", "locked", "required", "skewed", "tainted", "throttled",
    }
)  # fmt: skip
"""Participles that say what happened or what may be, and not that the object is well."""

BAD_HEADS = frozenset({"pressure", "fallback", "outage", "terminal", "recoverable", "orphaned", "dangling"})
GOOD_HEADS = frozenset({"succeeding", "refs", "compliant", "permissions", "reconcile", "sync", "operation", "provided"})
BY_SENSE = {
    Sense.GOOD: Polarity.GOOD,
    Sense.BAD: Polarity.BAD,
    Sense.WORKING: Polarity.WORKING,
    Sense.PAUSED: Polarity.PAUSED,
}


@lru_cache(maxsize=2048)
def polarity(type_: str) -> Polarity:
    """The polarity of a condition type, from its last telling word.

    >>> polarity("ReconcileError"), polarity("PredictorReady"), polarity("Issuing"), polarity("Paused")
    (<Polarity.BAD: 'bad'>, <Polarity.GOOD: 'good'>, <Polarity.WORKING: 'working'>, <Polarity.PAUSED: 'paused'>)
    """
    words = tokens(type_)
    if words[-3:] == ("up", "to", "date"):
        return Polarity.GOOD
    negated = any(word in NEGATIONS for word in words)
    weak = False
    for word in reversed(words):
        if word in WEAK_HEADS:
            weak = True
            continue
        found = _head(word)
        if found is not None and not (weak and found is Polarity.WORKING):
            return _flip(found) if negated else found
    if not weak and not negated:
        weak = words[-1:] != () and words[-1].endswith("ed") and len(words[-1]) > 4 and words[-1] not in HAPPENED
    if weak:
        return Polarity.NEUTRAL if negated else Polarity.WEAK
    if "no" in words:
        return Polarity.BAD  # `NoMatchingNode`
    return Polarity.NEUTRAL


@lru_cache(maxsize=2048)
def guessed(type_: str) -> bool:
    """Whether a type is weak only because it ends like a participle: what no list knows."""
    last = tokens(type_)[-1:]
    return polarity(type_) is Polarity.WEAK and last != () and last[0] not in WEAK_HEADS and _head(last[0]) is None


def _head(word: str) -> Polarity | None:
    if word in BAD_HEADS:
        return Polarity.BAD
    if word in GOOD_HEADS:
        return Polarity.GOOD
    if word in NEUTRAL_HEADS:
        return Polarity.NEUTRAL
    each = word_sense(word)
    return BY_SENSE[each] if each is not None else None


def _flip(found: Polarity) -> Polarity:
    if found is Polarity.GOOD:
        return Polarity.BAD
    return Polarity.GOOD if found is Polarity.BAD else Polarity.NEUTRAL
