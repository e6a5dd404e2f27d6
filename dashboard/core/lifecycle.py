"""What holds for every kind before its own rule: deleted, held by a wish, or described by a stale status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.core.conditions import is_count
from dashboard.core.intent import declared_suspension
from dashboard.core.managed import entries, setter_of
from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import text, timestamp
from dashboard.core.subject import Finding, Subject, as_count, as_list

SEEN_GENERATION = (
    "observedGeneration", "lastObservedGeneration", "lastEvaluatedGeneration", "reconciledGeneration",
    "lastReconciledGeneration", "lastHandledGeneration", "lastProcessedGeneration", "syncedGeneration",
    "lastGeneration",
)  # fmt: skip
"""Names under which controllers write the generation that they have acted upon."""

OBSERVE_WITHIN = 300.0
"""Seconds that a controller has to notice a change of the spec before it is taken for absent."""

KUBELET_WITHIN = 60.0
"""Seconds after its grace period in which a deleted Pod should be gone."""

WISHES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("apps", "Deployment"): ("paused", "DeploymentPaused"),
    ("batch", "Job"): ("suspend", "JobSuspended"),
    ("batch", "CronJob"): ("suspend", "Suspended"),
}
"""Built-in kinds that can be held, the field that holds them, and the API's word for it."""

LEFT_OVER = ("NamespaceFinalizersRemaining", "NamespaceContentRemaining", "NamespaceDeletionContentFailure",
             "NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure")  # fmt: skip
"""Conditions of https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ that name what is left,
the most telling one first."""


def deletion(subject: Subject) -> Finding | None:
    """An object with a deletionTimestamp is terminating (kstatus, Argo CD), and says what holds it.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
    """
    stamp = subject.meta.get("deletionTimestamp")
    if not stamp:
        return None
    ends = timestamp(stamp)
    since, recheck, cause = ends, None, _holds(subject)
    if ends is not None:
        since = ends - min(as_count(subject.meta.get("deletionGracePeriodSeconds")), 10**7)
        overdue = ends + KUBELET_WITHIN
        if subject.kind == "Pod" and cause is None:
            if subject.now >= overdue:
                node = text(subject.spec.get("nodeName"), 100) or "its node"
                cause = Cause(f"the kubelet of {node} has not stopped it: is the node up?")
            else:
                recheck = overdue
    return Finding(Verdict.TERMINATING, "Deleting", cause, since, recheck, settled=True)


def wish(subject: Subject, *, built_in: bool) -> Finding | None:
    """Held by a wish that the object declares: it outweighs a stale status, since nothing is going to happen."""
    if not built_in:
        return declared_suspension(subject)
    named = WISHES.get((subject.group, subject.kind))
    if named is None or subject.spec.get(named[0]) is not True:
        return None
    setter = setter_of(entries(subject.obj), f"spec.{named[0]}")
    sentence = f"paused by {setter.manager}" if setter is not None and setter.manager else "paused"
    since = setter.time if setter is not None else None
    return Finding(Verdict.SUSPENDED, "Paused", Cause(sentence, reason=named[1]), since, settled=True)


def stale_generation(subject: Subject) -> Finding | None:
    """A status that describes an older generation says nothing about the spec (API conventions, kstatus).

    https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
    """
    wanted, seen = subject.meta.get("generation"), _seen_generation(subject)
    if not is_count(wanted) or seen is None or seen >= wanted:
        return None
    sentence = f"status describes generation {seen}, spec is {wanted}"
    changed = _spec_changed(subject.obj)
    if changed is None:
        return Finding(Verdict.CONVERGING, "GenerationUnseen", Cause(sentence), settled=True)
    until = changed + OBSERVE_WITHIN
    if subject.now < until:
        return Finding(Verdict.CONVERGING, "GenerationUnseen", Cause(sentence), changed, until, settled=True)
    minutes = (subject.now - changed) / 60
    cause = Cause(f"{sentence} for {minutes:.0f} min: is its controller running?")
    return Finding(Verdict.STALLED, "GenerationUnseen", cause, changed, settled=True)


def _holds(subject: Subject) -> Cause | None:
    if subject.kind == "Namespace":
        for name in LEFT_OVER:
            condition = subject.condition(name)
            if condition is not None and condition.status == "True":
                return Cause(condition.message or name, reason=name)
    held = [text(entry, 100) for entry in as_list(subject.meta.get("finalizers")) if isinstance(entry, str)]
    if not held:
        return None
    if held == ["foregroundDeletion"]:
        return Cause("waits until what it owns is gone", reason="foregroundDeletion")
    noun = "finalizer" if len(held) == 1 else "finalizers"
    return Cause(f"{noun} {', '.join(held[:5])} held: their controllers must let go", reason=held[0])


def _seen_generation(subject: Subject) -> int | None:
    """The generation that the status describes, under its usual name or one of its like."""
    nested = subject.status.get("generations")
    for name in SEEN_GENERATION:
        value = subject.status.get(name)
        if value is None and isinstance(nested, Mapping):
            value = nested.get(name) or nested.get("reconciled")
        if is_count(value):
            return value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            return int(value)  # some write it as text
    return None


def _spec_changed(obj: Any) -> float | None:
    """When a manager last wrote the object itself, not its status; None where managedFields do not tell."""
    times = (timestamp(entry.get("time")) for entry in entries(obj) if not entry.get("subresource"))
    return max((time for time in times if time is not None), default=None)
