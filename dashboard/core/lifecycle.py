"""What holds for every kind before its own rule: it is being deleted, or its status describes an older spec."""

from __future__ import annotations

from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import text, timestamp
from dashboard.core.subject import Finding, Subject, as_list

SEEN_GENERATION = (
    "observedGeneration", "lastObservedGeneration", "lastEvaluatedGeneration", "reconciledGeneration",
    "lastReconciledGeneration", "lastHandledGeneration", "lastProcessedGeneration", "syncedGeneration",
    "lastGeneration",
)  # fmt: skip
"""Names under which controllers write the generation that they have acted upon."""

DELETION_WINDOW = 60.0
"""Seconds after its deletion time that an object may take before what holds it is named."""


def deletion(subject: Subject) -> Finding | None:
    """An object with a deletionTimestamp is terminating (kstatus, Argo CD). Finalizers say what holds it.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
    """
    stamp = subject.meta.get("deletionTimestamp")
    if not stamp:
        return None
    since = timestamp(stamp)
    held = [text(entry, 100) for entry in as_list(subject.meta.get("finalizers")) if isinstance(entry, str)]
    cause = Cause(f"finalizer {', '.join(held[:5])} holds the deletion") if held else None
    return Finding(Verdict.TERMINATING, "Deleting", cause, since, settled=True)


def stale_generation(subject: Subject) -> Finding | None:
    """A status that describes an older generation says nothing about the spec (API conventions, kstatus).

    https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
    """
    wanted, seen = subject.meta.get("generation"), _seen_generation(subject)
    if type(wanted) is not int or seen is None or seen >= wanted:
        return None
    sentence = f"status describes generation {seen}, spec is {wanted}"
    return Finding(Verdict.CONVERGING, "GenerationUnseen", Cause(sentence), settled=True)


def _seen_generation(subject: Subject) -> int | None:
    """The generation that the status describes, under its usual name or one of its like."""
    for name in SEEN_GENERATION:
        value = subject.status.get(name)
        if type(value) is int:
            return value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            return int(value)  # some write it as text
    return None
