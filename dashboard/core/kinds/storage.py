"""PersistentVolumeClaim and PersistentVolume: bound, and as large as asked."""

from __future__ import annotations

from dashboard.core.causes import claiming
from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import text
from dashboard.core.subject import Finding, Subject

REFUSED = frozenset({"ProvisioningFailed", "FailedBinding", "VolumeMismatch", "ClaimLost", "VolumeResizeFailed"})
RESIZES = frozenset({"Resizing", "FileSystemResizePending", "ModifyingVolume"})


def claim(subject: Subject) -> Finding:
    """kstatus `pvcConditions`: Bound. Why it is not, only Events say (`pkg/controller/volume/events`)."""
    phase = text(subject.status.get("phase"))
    if phase == "Lost":
        return Finding(Verdict.STALLED, "Lost", Cause("its volume is gone", reason="Lost"))
    if phase == "Bound":
        for each in subject.conditions:
            if each.type in RESIZES and each.status == "True":
                return Finding(
                    Verdict.CONVERGING, each.type, Cause(each.message or "resizing", reason=each.type), each.since
                )
        return Finding(Verdict.CONVERGED, "Bound")
    newest = max(subject.own_events, key=lambda note: note.last or 0.0, default=None)
    if newest is not None and newest.reason in REFUSED:
        return Finding(
            Verdict.STALLED, newest.reason, Cause(claiming(newest.message), reason=newest.reason), subject.created
        )
    if newest is not None and newest.reason == "WaitForFirstConsumer":
        cause = Cause("waits for a Pod that uses it", reason=newest.reason)
        return Finding(Verdict.CONVERGING, newest.reason, cause, subject.created)
    return Finding(Verdict.CONVERGING, phase or "Pending", Cause("not bound to a volume yet"), subject.created)


def volume(subject: Subject) -> Finding:
    """https://kubernetes.io/docs/concepts/storage/persistent-volumes/#phase."""
    phase = text(subject.status.get("phase"))
    if phase == "Failed":
        sentence = text(subject.status.get("message")) or "it could not be reclaimed"
        return Finding(
            Verdict.STALLED, "Failed", Cause(sentence, reason=text(subject.status.get("reason")) or "Failed")
        )
    if phase in ("Available", "Bound", "Released"):
        return Finding(Verdict.CONVERGED, phase)
    return Finding(Verdict.CONVERGING, phase or "Pending", Cause("not available yet"), subject.created)
