"""The cause sentence: what the API's own message means, in one sentence with its numbers and the fix's direction.

Kinds know where a message stands; this module knows how the scheduler, the kubelet, quota, admission and the
provisioner word theirs. What it does not know is passed on as it is, cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard.core.conditions import is_count
from dashboard.core.model import EventNote
from dashboard.core.objects import field, text
from dashboard.core.subject import Subject, as_count, as_list, as_mapping

LONGEST = 300
"""Characters of a sentence: one line of a board, wrapped once."""

_NODES = re.compile(r"^0/(\d{1,6}) nodes are available: (.*)$", re.DOTALL)
_SHORT_OF = re.compile(r"(\d{1,6}) Insufficient ([\w./-]{0,79}\w)")
_TAINT = re.compile(r"(\d{1,6}) node\(s\) had untolerated taint \{([^}]{1,120})\}")
_TAINTS = re.compile(r"(\d{1,6}) node\(s\) had untolerated taint\(s\)")
_CORDONED = re.compile(r"(\d{1,6}) node\(s\) were unschedulable")
_AFFINITY = re.compile(r"(\d{1,6}) node\(s\) didn't match Pod's node affinity/selector")
_ZONE = re.compile(r"(\d{1,6}) node\(s\) had volume node affinity conflict")
_PORTS = re.compile(r"(\d{1,6}) node\(s\) didn't have free ports")
_CLAIM = re.compile(r'persistentvolumeclaim "([^"]{1,253})" not found')
_QUOTA = re.compile(r"exceeded quota: ([^,]{1,253}), requested: (.{1,200}?), used: (.{1,200}?), limited: (.{1,200})")
_LIMIT = re.compile(
    r"forbidden: \[?((?:maximum|minimum) [\w-]+ usage per \w+ is [^,\]]{1,200},? ?b?u?t? ?[^,\]]{0,100})"
)
_WEBHOOK = re.compile(r'admission webhook "([^"]{1,253})" denied the request:? ?(.{0,300})', re.DOTALL)
_NO_CLASS = re.compile(r'storageclass\.storage\.k8s\.io "([^"]{1,253})" not found')
_PROBE = re.compile(r"^(Readiness|Liveness|Startup) probe (?:failed|errored)(?: and [\w ]+)?:? ?(.{0,200})", re.DOTALL)


def scheduling(message: str) -> str:
    """Why no node takes a Pod: `no node fits: 2 of 3 have too little cpu, 1 has an untolerated taint (…)`.

    Wording of `pkg/scheduler/framework/types.go` (FitError) and its plugins.
    """
    if "unbound immediate PersistentVolumeClaims" in message:
        return "its PersistentVolumeClaim is not bound yet: look there"
    missing = _CLAIM.search(message)
    if missing is not None:
        return f"PersistentVolumeClaim {missing[1]} does not exist: create it"
    match = _NODES.match(message)
    if match is None:
        return one_line(message) or "waiting for a node"
    total, rest = match[1], match[2].partition(" preemption:")[0]
    parts = [f"{found[1]} of {total} short of {found[2]}" for found in _SHORT_OF.finditer(rest)]
    parts += [f"{found[1]} of {total} have the untolerated taint {found[2].strip()}" for found in _TAINT.finditer(rest)]
    parts += [f"{found[1]} of {total} have an untolerated taint" for found in _TAINTS.finditer(rest)]
    parts += [f"{found[1]} of {total} are cordoned" for found in _CORDONED.finditer(rest)]
    parts += [f"{found[1]} of {total} do not match its node selector" for found in _AFFINITY.finditer(rest)]
    parts += [f"{found[1]} of {total} are not in its volume's zone" for found in _ZONE.finditer(rest)]
    parts += [f"{found[1]} of {total} have no free port" for found in _PORTS.finditer(rest)]
    return f"no node fits: {', '.join(parts)}" if parts else one_line(message)


def creation(message: str) -> str:
    """Why an object may not be created: quota, LimitRange, an admission webhook; the API server's wording."""
    quota = _QUOTA.search(message)
    if quota is not None:
        return one_line(
            f"quota {quota[1]} exceeded: requested {quota[2]}, used {quota[3]} of {quota[4]}: raise it or ask for less"
        )
    webhook = _WEBHOOK.search(message)
    if webhook is not None:
        return one_line(f"admission webhook {webhook[1]} refuses: {webhook[2]}")
    limit = _LIMIT.search(message)
    if limit is not None:
        return one_line(f"outside the namespace's LimitRange: {limit[1]}")
    return one_line(message)


def pulling(image: str, message: str) -> str:
    """`nginx:1.19.5-missing cannot be pulled`, and whose fault that is where the registry said so."""
    lowered = message.lower()
    if "unauthorized" in lowered or "denied" in lowered or "authentication required" in lowered:
        return f"{image} cannot be pulled: the registry refuses the credentials"
    if "not found" in lowered or "manifest unknown" in lowered:
        return f"{image} cannot be pulled: there is no such image"
    if "no such host" in lowered or "timeout" in lowered or "connection refused" in lowered:
        return f"{image} cannot be pulled: the registry cannot be reached"
    return f"{image} cannot be pulled"


def ending(subject: Subject, status: Mapping[str, Any], ended: Mapping[str, Any]) -> str:
    """How a container ended: its exit code, or the memory limit that it exceeded."""
    name = text(status.get("name"), 100)
    if ended.get("reason") == "OOMKilled":
        limit = _memory_limit(subject, name)
        return f"container {name} ran out of memory{f' (limit {limit})' if limit else ''}: raise its limit"
    code = ended.get("exitCode")
    return f"container {name} exited with code {code}" if is_count(code) else f"container {name} has ended"


def starting(status: Mapping[str, Any], waiting: Mapping[str, Any], reason: str) -> str:
    """Why a container cannot be started: a missing ConfigMap or key, a bad command; the kubelet's wording."""
    name = text(status.get("name"), 100)
    return one_line(f"container {name} cannot start: {text(waiting.get('message')) or reason}")


def claiming(message: str) -> str:
    """Why a claim is not bound, from `pkg/controller/volume/persistentvolume` and the provisioners' Events."""
    missing = _NO_CLASS.search(message)
    if missing is not None:
        return f"no StorageClass named {missing[1]}"
    if "no storage class is set" in message:
        return "no volume fits and no StorageClass is set"
    return one_line(message)


def probing(message: str) -> str | None:
    """`readiness probe fails: HTTP probe failed with statuscode: 503`; None where it is about no probe."""
    match = _PROBE.match(message)
    return one_line(f"{match[1].lower()} probe fails: {match[2]}".rstrip(": ")) if match is not None else None


def newest(events: Sequence[EventNote], wanted: Callable[[EventNote], bool]) -> EventNote | None:
    """The newest of an object's Events that fits."""
    fitting = [note for note in events if wanted(note)]
    return max(fitting, key=lambda note: note.last or 0.0, default=None)


def pods(count: int, doing: str) -> str:
    """`2 Pods starting`, `1 Pod starting`."""
    return f"{count} Pod {doing}" if count == 1 else f"{count} Pods {doing}"


def one_line(message: str) -> str:
    """A message without line breaks, cut to one sentence's length."""
    flat = " ".join(message[: LONGEST * 4].split())
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1] + "…"


def _memory_limit(subject: Subject, name: str) -> str:
    for entry in as_list(subject.spec.get("containers")):
        if as_mapping(entry).get("name") == name:
            limit = field(entry, "resources.limits.memory")
            return text(limit, 20) if isinstance(limit, str) else str(as_count(limit) or "")
    return ""
