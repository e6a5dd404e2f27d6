"""Names that answer each other: `replicas` and `readyReplicas`, `image` and `currentImage`, `latestCreated…` and
`latestReady…`. The vocabulary of the API conventions and of the operators that follow them."""

from __future__ import annotations

from functools import lru_cache

PREFIXES = (
    "ready", "available", "updated", "current", "observed", "actual", "accepted", "applied", "lastApplied", "deployed",
    "installed", "running", "reconciled", "synced", "provisioned", "lastObserved", "lastDeployed", "lastReconciled",
)  # fmt: skip
"""What a status puts before the name of the field that it answers."""

SUFFIXES = ("Ready", "Available", "Updated", "Running")
"""What some put behind it: `nodesReady`."""

WISHES = ("desired", "target", "expected", "requested", "wanted")
"""What a spec, or a status that repeats a wish, puts before the name."""

COUNTS = ("replicas", "size", "instances", "nodes", "members", "count", "replicaCount")
"""How a number of parts is called, where the status says only `ready: 2`."""

INNER = (
    ("latestCreated", "latestReady"),
    ("desired", "current"), ("desired", "ready"), ("desired", "updated"), ("desired", "available"),
    ("desired", "actual"), ("target", "current"), ("target", "installed"), ("update", "current"),
    ("expected", "ready"), ("expected", "current"), ("expected", "actual"), ("current", "installed"),
)  # fmt: skip
"""Pairs within a status: a controller that writes down what it is after beside what there is."""

MIRRORS = ("current", "observed", "actual", "applied", "lastApplied", "deployed", "installed", "running")
"""Prefixes of a status field that repeats the spec as it was last put into effect."""


@lru_cache(maxsize=8192)
def answered(name: str) -> tuple[str, str] | None:
    """The name of the spec field that a status field answers, and how; None where it answers none.

    >>> answered("readyReplicas"), answered("nodesReady"), answered("readiness")
    (('replicas', 'ready'), ('nodes', 'ready'), None)
    """
    for prefix in PREFIXES:
        rest = _rest(name, prefix)
        if rest:
            return rest, _spoken(prefix)
    for suffix in SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], suffix.lower()
    return None


@lru_cache(maxsize=8192)
def wished(name: str) -> str:
    """The name behind a wish: `desiredCapacity` wishes for `capacity`; "" for a name without one."""
    for prefix in WISHES:
        rest = _rest(name, prefix)
        if rest:
            return rest
    return ""


@lru_cache(maxsize=8192)
def inner(name: str) -> tuple[tuple[str, str, str], ...]:
    """For a wish within a status: the names that may answer it, each with its label and how it answers.

    >>> inner("latestCreatedRevisionName")
    (('latestReadyRevisionName', 'revisionName', 'ready'),)
    """
    found = []
    for wish, answer in INNER:
        if name.startswith(wish) and name[len(wish) : len(wish) + 1].isupper():
            tail = name[len(wish) :]
            found.append((answer + tail, _lower(tail), "ready" if answer == "latestReady" else answer))
    return tuple(found)


@lru_cache(maxsize=8192)
def mirror(name: str) -> str:
    """How a status field repeats the spec (`current`, `last applied`), "" where its name does not say so."""
    for prefix in MIRRORS:
        if name == prefix or _rest(name, prefix):
            return _spoken(prefix)
    return ""


def _rest(name: str, prefix: str) -> str:
    tail = name[len(prefix) :]
    return _lower(tail) if tail[:1].isupper() and name.startswith(prefix) else ""


def _lower(tail: str) -> str:
    """`Replicas` → `replicas`; an acronym stays: `CSV`."""
    return tail if tail[:2].isupper() and len(tail) > 1 else tail[:1].lower() + tail[1:]


def _spoken(prefix: str) -> str:
    return f"last {prefix[4:].lower()}" if prefix.startswith("last") else prefix
