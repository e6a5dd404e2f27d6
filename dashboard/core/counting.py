"""Counts that a status carries: ready against wanted, where a controller reports numbers and not words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.core.model import Cause, Verdict
from dashboard.core.subject import Finding, Subject

RATIO = re.compile(r"(\d{1,6})/(\d{1,6})")
READY = ("readyReplicas", "availableReplicas", "updatedReplicas")


def short_of_replicas(subject: Subject) -> Finding | None:
    """Fewer ready, available or updated replicas than `spec.replicas` asks for."""
    want = subject.spec.get("replicas")
    if type(want) is not int:
        return None
    for name in READY:
        have = subject.status.get(name)
        if type(have) is int and have < want:
            return Finding(Verdict.CONVERGING, "NotAllReady", Cause(f"{name}: {have}/{want}"))
    return None


def short_of_ratio(subject: Subject) -> Finding | None:
    """A string such as `1/3` in the status whose first number is the smaller one."""
    for value in _strings(subject.status, 0):
        match = RATIO.fullmatch(value)
        if match is not None and int(match[1]) < int(match[2]):
            return Finding(Verdict.CONVERGING, "NotAllReady", Cause(f"Ready: {value}"))
    return None


def _strings(value: Mapping[Any, Any], depth: int) -> Iterator[str]:
    for inner in list(value.values())[:200]:
        if isinstance(inner, str):
            if len(inner) < 16:
                yield inner
        elif isinstance(inner, Mapping) and depth < 2:
            yield from _strings(inner, depth + 1)
