"""A wish to hold still, declared in the spec or in an annotation: `spec.paused`, `spec.suspend`, `…/paused: "true"`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import timestamp
from dashboard.core.subject import Finding, Subject, as_mapping
from dashboard.core.words import Sense, sense, tokens

HOLDING_FIELDS = (
    "paused", "pause", "suspend", "suspended", "hibernate", "hibernated", "hibernating", "stopped", "stop", "shutdown",
    "isPaused", "disabled", "halt", "halted", "pauseReconciliation", "suspendReconciliation", "unmanaged",
)  # fmt: skip
DESIRED_STATES = (
    "desiredState",
    "desiredStatus",
    "state",
    "runStrategy",
    "runPolicy",
    "powerState",
    "managementState",
    "desiredPhase",
)
ROLLOUTS = (
    "updateStrategy",
    "strategy",
    "rollout",
    "rolloutStrategy",
    "upgradeStrategy",
    "reconciliation",
    "lifecycle",
)
HOLDING_MARKS = frozenset(
    {"paused", "pause", "suspend", "suspended", "hibernation", "hibernate", "stop", "stopped", "unmanaged"}
)
LOOPS = frozenset({"reconcile", "reconciliation"})
NO = frozenset({"disabled", "false", "off", "no"})
YES = frozenset({"true", "on", "yes", "1", "enabled"})


def declared_suspension(subject: Subject) -> Finding | None:
    """Suspended when the object itself asks for it, whatever its status says."""
    spec = subject.spec
    for name in HOLDING_FIELDS:
        value = spec.get(name)
        if value is True or (isinstance(value, str) and value.lower() == "true"):
            return _held(f"spec.{name} is true")
    for name in ("enabled", "running"):
        if spec.get(name) is False:
            return _held(f"spec.{name} is false")
    for parent in ROLLOUTS:
        if as_mapping(spec.get(parent)).get("paused") is True:
            return _held(f"spec.{parent}.paused is true")
    for parent in ("hibernation", "suspension", "maintenance"):
        if as_mapping(spec.get(parent)).get("enabled") is True:
            return _held(f"spec.{parent}.enabled is true")
    return _desired_state(spec, "spec") or _annotated(as_mapping(subject.meta.get("annotations")))


def _desired_state(spec: Mapping[str, Any], path: str) -> Finding | None:
    """A state that the spec asks for, in itself or for the job or lifecycle that it describes."""
    for name in DESIRED_STATES:
        value = spec.get(name)
        if isinstance(value, str) and len(value) < 40 and sense(value) is Sense.PAUSED:
            return _held(f"{path}.{name} is {value}")
    if path == "spec":
        for parent in ("job", "lifecycle"):
            inner = spec.get(parent)
            held = _desired_state(inner, f"spec.{parent}") if isinstance(inner, Mapping) else None
            if held is not None:
                return held
    return None


def _annotated(annotations: Mapping[str, Any]) -> Finding | None:
    """`…/paused: "true"`, `…/hibernation: "on"`, `…/reconcile-paused: "1"`, `…/paused-replicas: "0"`."""
    for key, value in annotations.items():
        if not isinstance(key, str) or not isinstance(value, str):
            continue
        words = tokens(key.rpartition("/")[2])
        if not words or len(words) > 3:
            continue
        if words[-1] in LOOPS and value.lower() in NO:
            return _held(f"annotation {key[:120]} is {value[:20]}")
        if HOLDING_MARKS.isdisjoint((words[0], words[-1])):
            continue
        if value.lower() in YES or (words[-1] == "replicas" and value.isdigit()) or timestamp(value) is not None:
            return _held(f"annotation {key[:120]} is {value[:20]}")
    return None


def _held(sentence: str) -> Finding:
    return Finding(Verdict.SUSPENDED, "Suspended", Cause(f"paused: {sentence}"), settled=True)
