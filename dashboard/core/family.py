"""Owner and child: an owner of a stalled child of its current revision is stalled, with the child's cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dashboard.core.model import Cause, Relative, Verdict
from dashboard.core.subject import Finding, Subject


def overruled_by_child(subject: Subject, finding: Finding) -> Finding:
    """The finding, or the stall of the oldest stalled child of the current revision.

    A rollout is over long before the progress deadline says so. What was replaced is history: old ReplicaSets,
    Pods that are over or being deleted, superseded Jobs.
    """
    if finding.settled or (finding.cause is not None and finding.cause.at is not None):
        return finding
    children = current_children(subject)
    stalled = [child for child in children if child.verdict is Verdict.STALLED]
    if not stalled:
        return _explained(finding, children)
    if finding.verdict is Verdict.CONVERGED and subject.group not in ("apps", "batch"):
        return finding  # its own controller knows better which of its parts it needs
    worst = min(stalled, key=lambda child: (child.since is None, child.since or 0.0, child.key))
    cause = child_cause(worst)
    rechecks = [at for at in (finding.recheck_at, worst.recheck_at) if at is not None]
    return replace(
        finding,
        verdict=Verdict.STALLED,
        reason=finding.reason if finding.verdict is Verdict.STALLED else worst.reason,
        cause=cause,
        since=worst.since,
        recheck_at=min(rechecks, default=None),
    )


def _explained(finding: Finding, children: Sequence[Relative]) -> Finding:
    """An owner, in the words of a child that knows more than a count or a deadline: a probe that fails, no node."""
    if finding.verdict is not Verdict.CONVERGING and finding.reason != "ProgressDeadlineExceeded":
        return finding
    for child in children:
        if child.verdict is Verdict.CONVERGING and child.cause is not None and child.cause.reason:
            return replace(finding, cause=child_cause(child))
    return finding


def child_cause(child: Relative) -> Cause:
    """The child's cause, pointing at the child unless it points further down itself."""
    if child.cause is None:
        return Cause(f"{child.key.kind} {child.key.name} is stalled", child.key, child.reason)
    return child.cause if child.cause.at is not None else replace(child.cause, at=child.key)


def current_children(subject: Subject) -> Sequence[Relative]:
    """Children that are not history: of the newest revision, not over, not being deleted."""
    if not subject.uid or not subject.relatives:
        return ()
    children = [
        child
        for child in subject.relatives
        if child.owner_uid == subject.uid and not child.deleting and not _over(child)
    ]
    if subject.kind == "Deployment":
        newest = max((_number(child.revision) for child in children), default=0)
        return [child for child in children if _number(child.revision) == newest]
    if subject.kind == "CronJob":
        return sorted(children, key=lambda child: child.created or 0.0)[-1:]
    if subject.kind in ("StatefulSet", "DaemonSet") and children:
        current = subject.status.get("updateRevision")
        if not isinstance(current, str):
            current = max(children, key=lambda child: child.created or 0.0).template_hash
        return [child for child in children if child.template_hash in ("", current)]
    return children


def _over(child: Relative) -> bool:
    return child.key.kind == "Pod" and child.replicas == 0


def _number(revision: str) -> int:
    return int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 20 else 0
