"""The one-word statuses that many operators write: `status.phase`, `.state`, `.health`, and their relatives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from dashboard.core.blame import failed_message
from dashboard.core.objects import text
from dashboard.core.polarity import Polarity, polarity
from dashboard.core.subject import Subject, as_list
from dashboard.core.words import RUNS, Sense, sense, tokens

FIRST = (
    "phase", "stage", "state", "status", "health", "currentStatus", "currentState", "overallStatus", "overallState",
    "compliant", "result", "conclusion",
)  # fmt: skip
"""Fields that sum an object up in one word, the strongest first."""

HEADS = frozenset(
    {
        "phase",
        "state",
        "status",
        "health",
        "robustness",
        "progress",
        "verdict",
        "result",
        "outcome",
        "approval",
        "validation",
    }
)
PAST = frozenset({"last", "previous", "prev", "old", "desired", "target", "initial"})
NOW = frozenset(
    {
        "operation",
        "observed",
        "sync",
        "reload",
        "conversion",
        "apply",
        "reconcile",
        "reconciliation",
        "update",
        "deploy",
    }
)
"""`lastOperationStatus` and `lastObservedState` are about now, whatever their `last` says."""

TROUBLE = frozenset({"error", "failed", "failure", "cannot", "unable", "invalid", "denied"})
ERROR_LISTS = ("errors", "problems", "error")
HISTORY = frozenset({"history", "previous", "last", "log", "events", "attempts", "revisions", "old", "past", "records"})
"""Lists that tell how it was, and not how it is."""

FLAGS = frozenset(
    {
        "ready",
        "healthy",
        "available",
        "synced",
        "succeeded",
        "completed",
        "provisioned",
        "reconciled",
        "valid",
        "readyToUse",
        "applied",
        "initialized",
        "registered",
        "accepted",
        "connected",
        "programmed",
        "deployed",
        "installed",
        "validated",
        "mounted",
        "attached",
        "configured",
        "complete",
        "finished",
        "successful",
    }
)
NO_ERROR = frozenset({"none", "null", "nil", "noerror", "noerrors", "ok", "success", "na", "false"})
"""What some write where there is no error."""

ERRORS = ("errMsg", "lastError", "error", "errorMessage", "failureReason", "failureMessage", "errorReason")
MESSAGES = ("message", "error", "errorMessage", "errorDescription", "reason", "description", "failureMessage")
PARTICIPLES = ("ed", "own", "ept", "ilt", "ound")
CHECKS = frozenset({"health", "operation", "robustness"})
WORST_FIRST = (Sense.BAD, Sense.PAUSED, Sense.WORKING, Sense.GOOD)
OUTSIDE = frozenset({"atProvider", "output", "outputs"})
"""Parts of a status that repeat what somebody else's API says: conditions tell what it means."""

UNDERWAY = frozenset(
    {
        "running", "active", "started", "initialized", "created", "initialised", "live", "executing", "accepted",
        "prepared", "admitted", "approved", "assigned", "allocated", "bound",
    }
)  # fmt: skip
LASTING = frozenset({"streaming", "stream", "session", "cron", "scheduled", "recurring", "periodic", "schedule"})
"""Beside a run's name they say that it does not end: `FlinkSessionJob`, `ScheduledBackup`."""

INNER = ("code", "name", "value", "summary", "currentStateSummary")
"""Where the word stands if `state` or `phase` is no word but a mapping."""

LONGEST_WORD = 24
DETAILS = ("message", "description", "reason", "statusCode", "code")

READ_AT_MOST = 200
"""Entries of one mapping or list that are looked at."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the status: where it stands, what it says, and the message beside it."""

    name: str
    value: str
    sense: Sense
    message: str = ""
    well_known: bool = False


def status_word(subject: Subject) -> Word | None:
    """The word that decides: the worst of the well-known fields, else the worst of the similar ones.

    A good phase is still questioned by what is said of health and of the last operation; a working one by a pause.
    """
    chosen = _worst(_well_known(subject))
    similar = list(_similar(subject))
    for word in similar:
        if word.well_known:
            return word  # `paused: true` outweighs whatever else the status says
    if chosen is None:
        others = [word for word in similar if word.sense is not Sense.PAUSED]
        worst = _worst(others or similar or _entries(subject))  # a part that is switched off does not hold the whole
        return worst if worst is not None and worst.sense is not Sense.GOOD else _unreadable(subject) or worst
    if chosen.sense is Sense.GOOD:
        return _worst([chosen, *(word for word in similar if not CHECKS.isdisjoint(tokens(word.name)))])
    if chosen.sense is Sense.WORKING:
        return next((word for word in similar if "paused" in tokens(word.value)), chosen)
    return chosen


def _worst(words: Iterable[Word]) -> Word | None:
    return min(words, key=lambda word: WORST_FIRST.index(word.sense), default=None)


def _well_known(subject: Subject) -> Iterator[Word]:
    for name in FIRST:
        value = subject.status.get(name)
        if isinstance(value, str) and value:
            word = _word(subject, name, value)
            if word is not None:
                yield replace(word, well_known=True)


def _unreadable(subject: Subject) -> Word | None:
    """A phase in a word that no list knows: a participle (`Grown`, `Minted`) is done, anything else on its way."""
    for name in ("phase", "stage", "state", "status", "currentState", "currentStatus"):
        value = subject.status.get(name)
        if isinstance(value, str) and value:
            done = "".join(tokens(value)[-1:]).endswith(PARTICIPLES) and not runs_to_an_end(subject.kind)
            return Word(f"status.{name}", text(value, 80), Sense.GOOD if done else Sense.WORKING)
    return None


def _similar(subject: Subject) -> Iterator[Word]:
    """Top-level fields named like a status, flags, errors; then one and two levels down; then failed list entries."""
    for name, value in list(subject.status.items())[:READ_AT_MOST]:
        if not isinstance(name, str):
            continue
        if isinstance(value, str):
            if name in FLAGS and value.lower() in ("true", "false"):
                yield from _flag(subject, name, value.lower() == "true")
            yield from _named(subject, name, name, value)
            if _tells_of_error(name) and value and "".join(tokens(value)) not in NO_ERROR:
                yield Word(f"status.{name}", text(value, 80), Sense.BAD, text(value))
        elif isinstance(value, bool):
            yield from _flag(subject, name, value)
        elif isinstance(value, Mapping):
            told = _tells_of_error(name) and next((value[each] for each in DETAILS if value.get(each)), "")
            if told:
                yield Word(f"status.{name}", text(told, 80), Sense.BAD, text(told))
            elif name not in OUTSIDE:
                yield from _nested(subject, name, value, 0)
        elif name in ERROR_LISTS and isinstance(value, list) and value:
            first = value[0].get("message") if isinstance(value[0], Mapping) else value[0]
            yield Word(f"status.{name}", text(first, 80), Sense.BAD, text(first))
        elif name == "pauseConditions" and value:
            yield Word("status.pauseConditions", "paused", Sense.PAUSED, well_known=True)
        elif name != "conditions" and HISTORY.isdisjoint(tokens(name)):
            yield from (word for word in _listed(name, value) if word.sense is Sense.BAD)


@lru_cache(maxsize=2048)
def _tells_of_error(name: Any) -> bool:
    """`error`, `lastError`, `reconciliationError`: what stands there is why something failed."""
    return isinstance(name, str) and (name in ERRORS or tokens(name)[-1:] == ("error",))


def _flag(subject: Subject, name: str, value: bool) -> Iterator[Word]:
    """`ready: false`, `noMatchingInstances: true`: a flag is a condition without its ceremony."""
    if name in FLAGS:
        message = next((text(subject.status[each]) for each in (*MESSAGES, "value") if subject.status.get(each)), "")
        trouble = not TROUBLE.isdisjoint(tokens(message.lower())) or "not exist" in message
        bad = not value and (trouble or sense(text(subject.status.get("reason"))) is Sense.BAD)
        yield Word(
            f"status.{name}",
            str(value).lower(),
            Sense.GOOD if value else Sense.BAD if bad else Sense.WORKING,
            message,
        )
    elif value and polarity(name) is Polarity.PAUSED:
        yield Word(f"status.{name}", "paused", Sense.PAUSED, well_known=True)
    elif value and (tokens(name)[:1] == ("no",) or polarity(name) is Polarity.BAD):
        yield Word(f"status.{name}", "true", Sense.BAD)


def _nested(subject: Subject, path: str, value: Mapping[Any, Any], depth: int) -> Iterator[Word]:
    words = depth == 0 and tokens(path)[-1:] and tokens(path)[-1] in HEADS
    failed = False
    for name, inner in list(value.items())[:READ_AT_MOST]:
        if isinstance(inner, str) and isinstance(name, str):
            yield from _named(subject, f"{path}.{name}", "state" if path in FIRST and name in INNER else name, inner)
            if _tells_of_error(name) and inner and "".join(tokens(inner)) not in NO_ERROR:
                failed = True
            elif (
                words and name not in MESSAGES and len(inner) < LONGEST_WORD and tokens(name)[-1:] != tokens(path)[-1:]
            ):
                told = sense(inner)  # `serviceHealth: {app.example: Unhealthy}`
                if told is Sense.BAD:
                    yield Word(f"status.{path}.{name}", inner, told)
        elif isinstance(inner, Mapping) and depth < 1:
            yield from _nested(subject, f"{path}.{name}", inner, depth + 1)
        elif name in ERROR_LISTS and isinstance(inner, list) and inner:
            yield Word(f"status.{path}.{name}", "errors", Sense.BAD, text(inner[0]))
    if failed and any(value.get(flag) is False for flag in FLAGS):
        yield Word(f"status.{path}", "failed", Sense.BAD, next(text(value[k]) for k in value if _tells_of_error(k)))


def _entries(subject: Subject) -> Iterator[Word]:
    """What the parts in lists say, for a status that says nothing else."""
    for name, value in list(subject.status.items())[:READ_AT_MOST]:
        if isinstance(name, str) and name != "conditions" and HISTORY.isdisjoint(tokens(name)):
            yield from _listed(name, value)


def _listed(name: str, value: Any) -> Iterator[Word]:
    """The words of a list of parts. Beside others only what failed counts: the parts of an object come and go."""
    for entry in as_list(value)[:READ_AT_MOST]:
        if isinstance(entry, Mapping):
            errors = entry.get("errors")
            if isinstance(errors, list) and errors:
                first = errors[0].get("message") if isinstance(errors[0], Mapping) else errors[0]
                yield Word(f"status.{name}.errors", text(first, 80), Sense.BAD, text(first))
            for field in ("level", "severity"):
                if isinstance(entry.get(field), str) and entry[field].lower() in ("error", "fatal"):
                    yield Word(f"status.{name}.{field}", "error", Sense.BAD, text(entry.get("message")))
            for field in ("phase", "state", "status", "health"):
                inner = entry.get(field)
                told = sense(inner) if isinstance(inner, str) else None
                if told is not None:
                    yield Word(f"status.{name}.{field}", text(inner, 80), told, text(entry.get("message")))


def _named(subject: Subject, path: str, name: str, value: str) -> Iterator[Word]:
    parts = tokens(name)
    if not parts or parts[-1] not in HEADS or (not PAST.isdisjoint(parts) and NOW.isdisjoint(parts)):
        return
    word = _word(subject, path, value)
    if word is not None:
        yield word


def _word(subject: Subject, name: str, value: str) -> Word | None:
    told = sense(value)
    if told is None:
        return None
    if told is Sense.GOOD and not UNDERWAY.isdisjoint(tokens(value)) and runs_to_an_end(subject.kind):
        told = Sense.WORKING
    message = next((text(subject.status.get(each)) for each in MESSAGES if subject.status.get(each)), "")
    if told is Sense.WORKING:
        if tokens(value) == ("scheduled",) and not LASTING.isdisjoint(tokens(subject.kind)):
            told = Sense.GOOD
        elif tokens(value)[0] == "not" and failed_message(message):
            told = Sense.BAD
    return Word(f"status.{name}", text(value, 80), told, message)


def runs_to_an_end(kind: str) -> bool:
    """Whether objects of this kind are done when they have ended: `PipelineRun`, `Backup`, not `Cluster`."""
    parts = tokens(kind)
    head = parts[-2:-1] if parts[-1:] == ("set",) else parts[-1:]  # an `ActionSet` ends as its actions do
    return head != () and head[0] in RUNS and LASTING.isdisjoint(parts)
