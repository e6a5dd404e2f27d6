"""What operators' words mean: phases, states, healths, reasons, and the types of conditions.

English, not operators: a word list that holds for everybody beats a rule per operator. A phrase is cut into
lower-case tokens (`ReconcileError` → reconcile, error), and the tokens decide. Failure outweighs suspension,
that outweighs work, and that outweighs success: `CompletedWithErrors` has failed, `ProgressingWithRetry` works.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_DATA: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8"))


class Sense(Enum):
    """What a word says about the work: done, still going, given up, or held by somebody's wish."""

    GOOD = "good"
    WORKING = "working"
    BAD = "bad"
    PAUSED = "paused"


def _list(name: str) -> frozenset[str]:
    return frozenset(_DATA[name].split())


GOOD = _list("good")

WORKING = _list("working")

BAD = _list("bad")

PAUSED = _list("paused")

NOT_WORK = _list("not_work")

REFUSALS = _list("refusals")
RUNS = _list("runs")
WEAK = _list("weak")

NEGATIONS = frozenset({"not", "no", "non", "never", "without", "un", "isnt", "arent", "none", "zero"})

COUPLERS = frozenset(
    {"and", "with", "without", "as", "on", "in", "at", "for", "since", "but", "not", "normally", "pods"}
)
"""Words after which `running` is still a state."""

JOINED = {word: sense for sense in Sense for word in _DATA["whole"].get(sense.value, "").split()}
"""Whole phrases, without their separators, whose sense is not that of their tokens."""

_TOKEN = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z']+|[A-Z]+|\d+")
LONGEST_PHRASE = 120
"""Characters of a phrase that are read: enough for a sentence's beginning, bounded for a hostile one."""


@lru_cache(maxsize=4096)
def tokens(phrase: str) -> tuple[str, ...]:
    """The lower-case words of a CamelCase, snake_case or spoken phrase.

    >>> tokens("HTTPRouteNotReady")
    ('http', 'route', 'not', 'ready')
    """
    return tuple(match.replace("'", "").lower() for match in _TOKEN.findall(phrase[:LONGEST_PHRASE]))


@lru_cache(maxsize=4096)
def sense(phrase: str) -> Sense | None:
    """What a word or phrase says, None where nothing is known.

    >>> sense("ReconcileSuccess"), sense("CompletedWithErrors"), sense("Flavour")
    (<Sense.GOOD: 'good'>, <Sense.BAD: 'bad'>, None)
    """
    words = tokens(phrase)
    if not words:
        return None
    whole = "".join(words)
    joined = JOINED.get(whole)
    if joined is not None:
        return joined
    if "alreadyexist" in whole:
        return Sense.BAD
    if words[0] == "running" and len(words) > 1 and words[1] not in COUPLERS and word_sense(words[1]) is None:
        return Sense.WORKING  # `runningWorkflow`, `Running 'install' action`: an activity, not a state
    found: set[Sense] = set()
    negation = ""
    for place, word in enumerate(words):
        if word in ("up", "down") and place and words[place - 1].endswith("ing"):
            continue  # `ScalingDown`, `SettingUp`
        if word in NEGATIONS:
            negation = word
            continue
        if negation and word in REFUSALS:
            found.add(Sense.BAD)
            negation = ""
            continue
        each = word_sense(word)
        if each is None:
            continue
        found.add(_negate(each, negation) if negation else each)
        negation = ""
    for candidate in (Sense.BAD, Sense.PAUSED, Sense.WORKING, Sense.GOOD):
        if candidate in found:
            return candidate
    return None


def word_sense(word: str) -> Sense | None:
    if word in BAD:
        return Sense.BAD
    if word in PAUSED:
        return Sense.PAUSED
    if word in GOOD:
        return Sense.GOOD
    if word in WORKING or (word.endswith("ing") and len(word) > 5 and word not in NOT_WORK):
        return Sense.WORKING
    return None


def _negate(each: Sense, negation: str) -> Sense:
    """`NotReady` still works, `NoPodReady` does not, `NoConflicts` is well, and so is `NotPaused`."""
    if each is Sense.GOOD:
        return Sense.BAD if negation in ("no", "none", "zero", "never") else Sense.WORKING
    return Sense.WORKING if each is Sense.WORKING else Sense.GOOD
