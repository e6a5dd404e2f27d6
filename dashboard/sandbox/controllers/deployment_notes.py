"""The annotations by which a Deployment remembers revisions and sizes on its ReplicaSets."""

from __future__ import annotations

from dashboard.sandbox.controllers.deployment_rules import max_surge, replicas
from dashboard.sandbox.controllers.meta import Obj, annotations_of

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAX = "deployment.kubernetes.io/max-replicas"
NOT_COPIED = (
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MAX,
    "deprecated.deployment.rollback.to",
)


def integer(text: str | None) -> int | None:
    """The annotation as a number; None when absent or not one."""
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None


def revision(obj: Obj) -> int:
    """The revision annotation, 0 when absent or not a number."""
    return integer(annotations_of(obj).get(REVISION)) or 0


def desired_annotation(one: Obj) -> int | None:
    """spec.replicas of the Deployment when it last scaled this ReplicaSet."""
    return integer(annotations_of(one).get(DESIRED))


def annotate_sizes(one: Obj, deployment: Obj) -> bool:
    """Write the size annotations on a copy of a ReplicaSet; says whether anything changed."""
    notes = one["metadata"].setdefault("annotations", {})
    sizes = {DESIRED: str(replicas(deployment)), MAX: str(replicas(deployment) + max_surge(deployment))}
    changed = any(notes.get(name) != value for name, value in sizes.items())
    notes.update(sizes)
    return changed


def annotate_new(one: Obj, deployment: Obj, next_revision: int, *, exists: bool) -> bool:
    """Write the Deployment's annotations and the revision on a copy of the new ReplicaSet; whether it changed.

    A ReplicaSet that gets a higher revision than it had keeps the lower ones in its history annotation:
    it has been rolled back to.
    """
    notes = one["metadata"].setdefault("annotations", {})
    before = dict(notes)
    notes.update({name: value for name, value in annotations_of(deployment).items() if name not in NOT_COPIED})
    earlier = notes.get(REVISION)
    if (integer(earlier) or 0) < next_revision:
        notes[REVISION] = str(next_revision)
        if earlier is not None:
            notes[HISTORY] = ",".join(filter(None, (notes.get(HISTORY, ""), earlier)))
    if not exists:
        annotate_sizes(one, deployment)
    return bool(notes != before)
