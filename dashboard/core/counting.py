"""Counts that a status carries: ready against wanted, where a controller reports numbers and not words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from dashboard.core.conditions import is_count
from dashboard.core.model import Cause, Verdict
from dashboard.core.subject import Finding, Subject, as_mapping

RATIO = re.compile(r"(\d{1,6})/(\d{1,6})")
WANTED = ("desired", "expected")
READY = ("readyReplicas", "availableReplicas")
UPDATED = (*READY, "updatedReplicas", "updatedReadyReplicas")
REPLICAS = (*UPDATED, "replicas")
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "desiredNumberScheduled": ("currentNumberScheduled", "updatedNumberScheduled", "numberReady", "numberAvailable"),
    "matchedPods": ("updatedPods", "readyPods", "updatedReadyPods"),
    "expectedNodes": ("availableNodes",),
    "instances": ("readyInstances",),
}
"""Fields of a status that say how many there should be, and those that answer them."""


def short_of_count(subject: Subject, *, silent: bool) -> Finding | None:
    """Fewer ready, available or updated than wanted: by `spec.replicas`, by the status, in a part of the status.

    `silent` says that nothing else in the status was read: then the bare number of replicas counts too. What is
    updated counts unless an update is meant to stop half-way.
    """
    spec, status = subject.spec, subject.status
    names: tuple[str, ...] = READY
    if not _partitioned(spec):
        names = REPLICAS if silent else UPDATED
        rolling = _rolling(subject)
        if rolling is not None:
            return rolling
    if not is_count(spec.get("replicas")) and (found := _short(status.get("replicas"), status, READY)) is not None:
        return found
    return _short(spec.get("replicas"), status, names) or _short_within(status) or _short_part(status)


def _rolling(subject: Subject) -> Finding | None:
    """An update on its way, as `kubectl rollout status` tells it: old replicas left, or another revision current."""
    status = subject.status
    total, updated = status.get("replicas"), status.get("updatedReplicas")
    wanted = is_count(subject.spec.get("replicas"))
    if wanted and is_count(total) and is_count(updated) and total > updated:
        return Finding(Verdict.CONVERGING, "RemovingOld", Cause(f"{total - updated} old of {total} to remove"))
    current, update = status.get("currentRevision"), status.get("updateRevision")
    if isinstance(current, str) and isinstance(update, str) and current and update and current != update:
        return Finding(Verdict.CONVERGING, "Updating", Cause("not all are of the newest revision yet"))
    return None


def _partitioned(spec: Mapping[str, Any]) -> bool:
    """Whether an update is meant to stop half-way, so that not all replicas are to be updated."""
    strategy = as_mapping(spec.get("updateStrategy"))
    rolling = as_mapping(strategy.get("rollingUpdate"))
    return strategy.get("type") == "OnDelete" or any(
        each.get("partition") not in (None, 0, "0", "0%") for each in (strategy, rolling)
    )


def short_of_ratio(subject: Subject) -> Finding | None:
    """A string such as `1/3` in the status whose first number is the smaller one."""
    for value in _strings(subject.status, 0):
        match = RATIO.fullmatch(value)
        if match is not None and int(match[1]) < int(match[2]):
            return Finding(Verdict.CONVERGING, "NotAllReady", Cause(f"Ready: {value}"))
    return None


def _short(want: Any, status: Mapping[Any, Any], names: tuple[str, ...]) -> Finding | None:
    if not is_count(want):
        return None
    for name in names:
        have = status.get(name)
        if is_count(have) and have < want:
            return Finding(Verdict.CONVERGING, "NotAllReady", Cause(f"{name}: {have}/{want}"))
    return None


def _short_within(status: Mapping[Any, Any]) -> Finding | None:
    for wanted, names in ANSWERS.items():
        if wanted in status:
            found = _short(status[wanted], status, names)
            if found is not None:
                return found
    for name, value in list(status.items())[:100]:
        if isinstance(name, str) and name.startswith(WANTED):
            found = _short(value, status, _answers(name))
            if found is not None:
                return found
    return None


@lru_cache(maxsize=1024)
def _answers(name: str) -> tuple[str, ...]:
    """The names that may answer a wish in a status: `desiredInstances` is answered by `healthyInstances`."""
    tail = name.removeprefix("desired").removeprefix("expected")
    return (
        tuple(prefix + tail for prefix in ("ready", "healthy", "available", "running", "completed", "succeeded"))
        if tail[:1].isupper()
        else ()
    )


def _short_part(status: Mapping[Any, Any]) -> Finding | None:
    """A listed part (`instances`, `shards`) with fewer ready replicas than it has."""
    for value in list(status.values())[:100]:
        if isinstance(value, Mapping):
            found = _short(value.get("replicas"), value, READY) or _short_within(value) or _short_of_total(value)
            if found is not None:
                return found
        elif isinstance(value, list):
            for entry in value[:200]:
                if isinstance(entry, Mapping) and "replicas" in entry:
                    found = _short(entry["replicas"], entry, ("readyReplicas", "availableReplicas"))
                    if found is not None:
                        return found
    return None


def _short_of_total(value: Mapping[Any, Any]) -> Finding | None:
    """`replicas: {ready: 1, total: 3}`."""
    for name in ("desired", "total", "all", "expected"):
        if is_count(value.get(name)):
            return _short(value[name], value, ("ready", "available", "healthy"))
    return None


def _strings(value: Mapping[Any, Any], depth: int) -> Iterator[str]:
    for inner in list(value.values())[:200]:
        if isinstance(inner, str):
            if len(inner) < 16:
                yield inner
        elif isinstance(inner, Mapping) and depth < 2:
            yield from _strings(inner, depth + 1)
