"""Deployment, ReplicaSet, StatefulSet, DaemonSet: rules of kstatus (`pkg/kstatus/status/core.go`) and of
`kubectl rollout status` (`kubectl/pkg/polymorphichelpers/rollout_status.go`).

Both agree: the status must describe the newest generation (checked before these), all wanted replicas
must be updated, no old one may be left, and all must be available.
"""

from __future__ import annotations

from dashboard.core.causes import creation, pods
from dashboard.core.conditions import Condition
from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import field, text
from dashboard.core.subject import Finding, Subject, as_count

FAILED_TO_CREATE = frozenset({"FailedCreate", "FailedDelete"})


def deployment(subject: Subject) -> Finding:
    """`rollout status`: updated = wanted, replicas = updated, available = updated; kstatus adds `Available`.

    ProgressDeadlineExceeded is the API's own 'gave up'; a ReplicaSet that cannot create Pods is stalled at
    once, since only somebody's change of quota, policy or template helps.
    """
    want = as_count(subject.spec.get("replicas"), 1)
    progressing = subject.condition("Progressing")
    if progressing is not None and progressing.reason == "ProgressDeadlineExceeded":
        ready = subject.count("readyReplicas")
        deadline = as_count(subject.spec.get("progressDeadlineSeconds"), 600)
        sentence = f"no progress for {deadline} s, {ready} of {want} ready"
        return Finding(
            Verdict.STALLED, progressing.reason, Cause(sentence, reason=progressing.reason), progressing.since
        )
    refused = _cannot_create(subject)
    if refused is not None:
        return refused
    updated, total = subject.count("updatedReplicas"), subject.count("replicas")
    available, ready = subject.count("availableReplicas"), subject.count("readyReplicas")
    if updated < want:
        return _converging("Updating", f"{updated} of {want} updated")
    if total > updated:
        return _converging("RemovingOld", f"{total - updated} old of {total} Pods to remove")
    if total > want:
        return _converging("ScalingDown", f"scaling {total} → {want}")
    if available < want:
        if ready >= want:
            return _waiting_for_min_ready(subject, available, want)
        return _converging("Starting", pods(want - ready, "starting"))
    return _called_complete(subject, progressing)


def _called_complete(subject: Subject, progressing: Condition | None) -> Finding:
    """kstatus: `Available` is True and, where there is a deadline, the newest ReplicaSet is called available."""
    shown = subject.condition("Available")
    if shown is None or shown.status != "True":
        reason = shown.reason if shown is not None else ""
        cause = Cause("not reported available yet", reason=reason)
        return Finding(Verdict.CONVERGING, reason or "Unavailable", cause, shown.since if shown is not None else None)
    complete = progressing is None or (progressing.status, progressing.reason) == ("True", "NewReplicaSetAvailable")
    if "progressDeadlineSeconds" in subject.spec and progressing is not None and not complete:
        cause = Cause("all available, its rollout is not called complete yet", reason=progressing.reason)
        return Finding(Verdict.CONVERGING, progressing.reason or "Progressing", cause)
    return Finding(Verdict.CONVERGED, "Available", since=shown.since)


def replica_set(subject: Subject) -> Finding:
    """kstatus `replicasetConditions`: fullyLabeled, available and ready = wanted, none beyond, no ReplicaFailure."""
    want = as_count(subject.spec.get("replicas"), 1)
    refused = _cannot_create(subject)
    if refused is not None:
        return refused
    failure = subject.condition("ReplicaFailure")
    if failure is not None and failure.status == "True":
        return _converging("ReplicaFailure", text(failure.message) or "Pods cannot be created")
    total, ready = subject.count("replicas"), subject.count("readyReplicas")
    available = subject.count("availableReplicas")
    if total < want:
        return _converging("Creating", f"scaling {total} → {want}")
    if total > want:
        return _converging("ScalingDown", f"scaling {total} → {want}")
    if ready < want:
        return _converging("Starting", pods(want - ready, "starting"))
    if available < want:
        return _waiting_for_min_ready(subject, available, want)
    labelled = subject.count("fullyLabeledReplicas", total)
    if labelled < want:
        return _converging("Labelling", f"Labelled: {labelled}/{want}")
    return Finding(Verdict.CONVERGED, "Available")


def stateful_set(subject: Subject) -> Finding:
    """kstatus `stsConditions` and `rollout status`: replicas, ready, then the partition or the revision.

    OnDelete never rolls by itself, so that only the counts are judged.
    """
    want = as_count(subject.spec.get("replicas"), 1)
    total, ready = subject.count("replicas"), subject.count("readyReplicas")
    if total < want:
        return _converging("Creating", f"scaling {total} → {want}")
    if total > want:
        return _converging("ScalingDown", f"scaling {total} → {want}")
    if ready < want:
        return _converging("Starting", pods(want - ready, "starting"))
    if field(subject.spec, "updateStrategy.type") == "OnDelete":
        return Finding(Verdict.CONVERGED, "Ready")
    partition = as_count(field(subject.spec, "updateStrategy.rollingUpdate.partition"))
    current, update = subject.status.get("currentRevision"), subject.status.get("updateRevision")
    updated = subject.count("updatedReplicas")
    if partition > 0:
        if current != update and updated < want - partition:
            return _converging("Updating", f"{updated} of {want - partition} updated")
    elif current != update:
        return _converging("Updating", f"{updated} of {want} updated")
    available = subject.count("availableReplicas", want)
    if available < want and as_count(subject.spec.get("minReadySeconds")) > 0:
        return _waiting_for_min_ready(subject, available, want)
    return Finding(Verdict.CONVERGED, "Ready")


def daemon_set(subject: Subject) -> Finding:
    """kstatus `daemonsetConditions` and `rollout status`: scheduled, updated, available, ready on every wanted node."""
    want, current = subject.count("desiredNumberScheduled"), subject.count("currentNumberScheduled")
    # The API server creates it with counts of 0: only an observedGeneration says that somebody has counted.
    if "desiredNumberScheduled" not in subject.status or (want == 0 and "observedGeneration" not in subject.status):
        return _converging("Observing", "the controller has not counted its nodes yet")
    updated, ready = subject.count("updatedNumberScheduled"), subject.count("numberReady")
    available, extra = subject.count("numberAvailable"), subject.count("numberMisscheduled")
    if current < want:
        return _converging("Scheduling", f"{current} of {want} scheduled")
    if updated < want and field(subject.spec, "updateStrategy.type") != "OnDelete":
        return _converging("Updating", f"{updated} of {want} updated")
    if ready < want:
        return _converging("Starting", pods(want - ready, "starting"))
    if available < want:
        return _waiting_for_min_ready(subject, available, want)
    if extra > 0:
        return Finding(Verdict.CONVERGED, "Misscheduled", Cause(pods(extra, "on nodes that want none")))
    return Finding(Verdict.CONVERGED, "Ready")


def _cannot_create(subject: Subject) -> Finding | None:
    failure = subject.condition("ReplicaFailure")
    if failure is None or failure.status != "True" or failure.reason not in FAILED_TO_CREATE:
        return None
    return Finding(
        Verdict.STALLED,
        failure.reason,
        Cause(creation(failure.message) or failure.reason, reason=failure.reason),
        failure.since,
    )


def _waiting_for_min_ready(subject: Subject, available: int, want: int) -> Finding:
    seconds = as_count(subject.spec.get("minReadySeconds"))
    tail = f", each must stay ready for {seconds} s" if seconds else ""
    return _converging("MinReadySeconds" if seconds else "Starting", f"{available} of {want} available{tail}")


def _converging(reason: str, sentence: str) -> Finding:
    return Finding(Verdict.CONVERGING, reason, Cause(sentence))
