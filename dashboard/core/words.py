"""What operators' words mean: phases, states, healths, reasons, and the types of conditions.

English, not operators: a word list that holds for everybody beats a rule per operator. A phrase is cut into
lower-case tokens (`ReconcileError` → reconcile, error), and the tokens decide. Failure outweighs suspension,
that outweighs work, and that outweighs success: `CompletedWithErrors` has failed, `ProgressingWithRetry` works.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache


class Sense(Enum):
    """What a word says about the work: done, still going, given up, or held by somebody's wish."""

    GOOD = "good"
    WORKING = "working"
    BAD = "bad"
    PAUSED = "paused"


GOOD = frozenset(
    """
    ready running active available healthy health succeeded success successful successfully succeed complete completed
    completion done ok okay online bound deployed deploy installed synced synchronized synchronised uptodate current
    established created finished finish stable valid accepted reconciled green up connected provisioned configured
    enabled normal operational issued applied validated attached registered approved resolved programmed verified
    passed satisfied promoted initialized initialised joined live serving alive fulfilled updated upgraded
    bootstrapped admitted allocated assigned ensured expected listening open published imported exported acquired
    started settled optimal good working idle insync protected loaded cached stored renewed signed granted
    acknowledged compliant consistent intact sane present reachable delivered associated elected steady nominal perfect
    """.split()
)

WORKING = frozenset(
    """
    pending progress inprogress waiting wait queued scheduled new requested request unsynced notready
    unreconciled prepare preparing partially being retry retries retrying await awaiting yet soon rollout
    transition transitional incomplete unready unprovisioned uninitialized uninitialised notreconciled
    ongoing underway init setup refresh transient undeployed bootstrap unscheduled unassigned
    outofsync outdated ack
    """.split()
)

BAD = frozenset(
    """
    fail fails failed failure failures failing error errors errored err degraded unhealthy invalid aborted abort cancelled
    canceled rejected reject timeout timedout lost crash crashed crashing crashloopbackoff notfound unreachable
    unavailable red down offline expired denied deny stuck broken fatal exceeded refused conflict conflicts
    conflicted conflicting forbidden unauthorized unauthorised unauthenticated misconfigured misconfiguration malformed
    unsupported missing backoff stalled unrecoverable exception bad insufficient exhausted mismatch mismatched killed
    oomkilled violation violations violated dead corrupted corrupt blocked cannot cant unable illegal incompatible
    unknownerror faulted faulty fault panic impaired terminalerror critical crit evicted unschedulable duplicate
    duplicated disconnected unresolved nonexistent rolledback rollback inaccessible revoked overloaded undefined
    unprocessable different limit nosuch incorrect unrecognized absent inoperable inconsistent alarm alert warning
    collision unfulfillable undeliverable unacceptable noncompliant failover deadlock quarantined
    """.split()
)

PAUSED = frozenset(
    """
    paused pause suspended suspend suspending hibernated hibernate hibernating hibernation stopped halted
    disabled inactive shutdown standby dormant onhold held parked deactivated frozen cordoned idled
    poweredoff poweroff unmanaged
    """.split()
)

NOT_WORK = frozenset(
    """
    string thing nothing something everything anything king ring during spring missing existing warning setting
    settings serving listening running failing crashing suspending hibernating meeting matching using having
    conflicting string ping mapping binding routing networking logging monitoring timing tracing building_block
    remaining following including according
    """.split()
)
"""Tokens that end in -ing without saying that work goes on (those with a sense have it in a list above)."""

DONE_NOUNS = frozenset({"reconcile", "sync", "deployment", "install", "installation", "upgrade", "update"})

REFUSALS = frozenset(
    """
    accepted valid allowed supported permitted found reachable compliant admitted authorized authorised granted
    controlled set resolved verified validated consistent responding trusted satisfied possible
    """.split()
)
"""What is *not* one of these was refused; what is *not* another good word is merely not so yet."""

NEGATIONS = frozenset({"not", "no", "non", "never", "without", "un", "isnt", "arent", "none", "zero"})

JOINED = {
    "uptodate": Sense.GOOD, "insync": Sense.GOOD, "inprogress": Sense.WORKING, "outofsync": Sense.WORKING,
    "notready": Sense.WORKING, "onhold": Sense.PAUSED, "notfound": Sense.BAD, "timedout": Sense.BAD,
    "asexpected": Sense.GOOD, "crashloopbackoff": Sense.BAD, "imagepullbackoff": Sense.BAD, "rolledback": Sense.BAD,
    "poweredoff": Sense.PAUSED, "off": Sense.PAUSED, "shutdown": Sense.PAUSED, "scaledtozero": Sense.PAUSED,
    "yellow": Sense.WORKING, "terminated": Sense.WORKING, "unknown": Sense.WORKING, "nosync": Sense.WORKING,
    "noerror": Sense.GOOD, "noerrors": Sense.GOOD, "doesnotexist": Sense.WORKING,
}  # fmt: skip
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
    found: set[Sense] = set()
    negation = ""
    for word in words:
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
