"""The polarity of a condition's type: does True mean well, ill, at work or held?

By the API conventions a type is an adjective or a past participle (`Ready`, `Succeeded`) or its abnormal
counterpart (`Failed`, `MemoryPressure`); types that end in -ing describe a transition.
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from dashboard.core.words import NEGATIONS, Sense, tokens, word_sense


class Polarity(Enum):
    """What a condition's status True means."""

    GOOD = "good"
    BAD = "bad"
    WORKING = "working"
    PAUSED = "paused"
    NEUTRAL = "neutral"


SUMMARY = (
    "Ready", "Available", "Healthy", "Succeeded", "Completed", "Complete", "Established", "Finished",
)  # fmt: skip
"""Types that sum an object up, the strongest first: the first one that is there decides."""

NEUTRAL_HEADS = frozenset(
    """active scheduled enabled upgradeable idle open current new request requested limit up down running
    started warning created live present expected normal published updated upgraded""".split()
)
"""Heads that say something about use or history rather than about having converged."""

BAD_HEADS = frozenset({"pressure", "fallback", "outage", "drift", "drifted", "terminal", "recoverable", "orphaned"})
GOOD_HEADS = frozenset({"refs", "compliant", "permissions", "reconcile", "sync", "operation"})


@lru_cache(maxsize=2048)
def polarity(type_: str) -> Polarity:
    """The polarity of a condition type, from its last telling word.

    >>> polarity("ReconcileError"), polarity("PredictorReady"), polarity("Issuing"), polarity("Paused")
    (<Polarity.BAD: 'bad'>, <Polarity.GOOD: 'good'>, <Polarity.WORKING: 'working'>, <Polarity.PAUSED: 'paused'>)
    """
    words = tokens(type_)
    if not words:
        return Polarity.NEUTRAL
    negated = any(word in NEGATIONS for word in words)
    for word in reversed(words):
        found = _head(word, whole=len(words) == 1)
        if found is not None:
            return _flip(found) if negated else found
    return Polarity.NEUTRAL


def _head(word: str, *, whole: bool) -> Polarity | None:
    if word in BAD_HEADS:
        return Polarity.BAD
    if word in GOOD_HEADS:
        return Polarity.GOOD
    if word in NEUTRAL_HEADS:
        return Polarity.NEUTRAL if whole else None
    each = word_sense(word)
    if each is None:
        return None
    return {
        Sense.GOOD: Polarity.GOOD,
        Sense.BAD: Polarity.BAD,
        Sense.WORKING: Polarity.WORKING,
        Sense.PAUSED: Polarity.PAUSED,
    }[each]


def _flip(found: Polarity) -> Polarity:
    if found is Polarity.GOOD:
        return Polarity.BAD
    return Polarity.GOOD if found is Polarity.BAD else Polarity.NEUTRAL
