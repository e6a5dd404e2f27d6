"""Gap bars whose unit is a Pod, or a Pod's container."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dashboard.core.model import Bar, Relative, Verdict
from dashboard.core.objects import field
from dashboard.core.subject import as_count, as_list, as_mapping


def pods_bar(obj: Any, want: int, total: int, ready: int, related: Sequence[Relative] = ()) -> Bar:
    """What there is of an owner's Pods: from its status, and from its children what the status does not tell
    (failing ones, and those being deleted, which a status counts in `terminatingReplicas` at best)."""
    uid = field(obj, "metadata.uid")
    failing = ending = 0
    pods = False
    for child in related:
        if not uid or child.owner_uid != uid:
            continue
        if child.key.kind == "Pod":
            pods = True
            if child.deleting:
                ending += child.replicas
            elif child.verdict is Verdict.STALLED and not child.ready:
                failing += child.replicas
        elif child.verdict is Verdict.STALLED:
            failing += max(child.replicas - child.ready, 0)
    if not pods:
        ending = max(0, as_count(field(obj, "status.terminatingReplicas")))
    ready = min(ready, total) if total else ready
    unready = max(total - ready, 0)
    failing = min(failing, unready)
    return Bar(want, ready, unready - failing, failing, min(ending, 10**9))


def containers_bar(obj: Any) -> Bar:
    """A Pod's containers (sidecars among the init containers included): ready, starting, failing."""
    obj = as_mapping(obj)
    spec, status = as_mapping(obj.get("spec")), as_mapping(obj.get("status"))
    inits = spec.get("initContainers")
    sidecars = _sidecars(inits) if inits else ()
    want = len(as_list(spec.get("containers"))) + len(sidecars)
    ready = failing = there = 0
    deleting = bool(as_mapping(obj.get("metadata")).get("deletionTimestamp"))
    for entry in as_list(status.get("containerStatuses")):
        there += 1
        ready, failing = _add(entry, ready, failing)
    for entry in as_list(status.get("initContainerStatuses")) if sidecars else ():
        name = field(entry, "name")
        if isinstance(name, str) and name in sidecars:
            there += 1
            ready, failing = _add(entry, ready, failing)
    want = max(want, there)
    if deleting:
        return _bar(want, 0, 0, 0, there)
    over = status.get("phase") in ("Succeeded", "Failed")
    return _bar(want, ready, 0 if over else max(want - ready - failing, 0), failing)


_bar = lru_cache(maxsize=1024, typed=True)(Bar)
"""The bars of most Pods are the same few."""


def _sidecars(inits: Any) -> set[str]:
    return {
        name
        for each in as_list(inits)
        if field(each, "restartPolicy") == "Always" and isinstance(name := field(each, "name"), str)
    }


def _add(entry: Any, ready: int, failing: int) -> tuple[int, int]:
    if not isinstance(entry, dict):
        return ready, failing
    if entry.get("ready") is True:
        return ready + 1, failing
    state = as_mapping(entry.get("state"))
    waiting, ended = state.get("waiting"), state.get("terminated")
    if isinstance(waiting, dict):
        reason = waiting.get("reason")
        bad = isinstance(reason, str) and ("BackOff" in reason or "Err" in reason or "Invalid" in reason)
        return ready, failing + bad
    if isinstance(ended, dict):
        return ready, failing + (ended.get("exitCode") != 0)
    return ready, failing
