"""Scaling a Deployment in the middle of a rollout, and clearing away what it has replaced.

Pure functions. Source: `pkg/controller/deployment/sync.go` (scale, cleanupDeployment) and
`util.GetReplicaSetProportion`, Kubernetes 1.36.
"""

from __future__ import annotations

import math

from dashboard.sandbox.controllers.deployment_notes import MAX, desired_annotation, integer, revision
from dashboard.sandbox.controllers.deployment_rules import NEVER, Sets, active, count, max_surge, replicas, wanted
from dashboard.sandbox.controllers.meta import Obj, annotations_of, created


def is_saturated(deployment: Obj, one: Obj | None) -> bool:
    """Whether the ReplicaSet has all the Pods, available, of the size it was last scaled for."""
    if one is None or desired_annotation(one) is None:
        return False
    size = replicas(deployment)
    return replicas(one) == size and desired_annotation(one) == size and count(one, "availableReplicas") == size


def proportions(deployment: Obj, new: Obj | None, old: Sets) -> list[tuple[Obj, int]]:
    """Sizes for all active ReplicaSets when the Deployment is scaled in the middle of a rollout.

    What is added or taken is shared in proportion to their sizes; the remainder goes to the largest.
    """
    sets = active([*old, new])
    allowed = replicas(deployment) + max_surge(deployment) if replicas(deployment) > 0 else 0
    change = allowed - wanted(sets)
    newest_first = change > 0
    sets = sorted(sets, key=lambda one: (replicas(one), created(one) if newest_first else -created(one)), reverse=True)
    sizes, given = [], 0
    for one in sets:
        share = _proportion(deployment, one, change, given)
        given += share
        sizes.append(replicas(one) + share)
    if change and sizes:
        sizes[0] = max(0, sizes[0] + change - given)
    return list(zip(sets, sizes, strict=True))


def _proportion(deployment: Obj, one: Obj, change: int, given: int) -> int:
    if replicas(one) == 0 or change in (0, given):
        return 0
    share, left = _fraction(deployment, one), change - given
    return min(share, left) if change > 0 else max(share, left)


def _fraction(deployment: Obj, one: Obj) -> int:
    if replicas(deployment) == 0:
        return -replicas(one)
    before = integer(annotations_of(one).get(MAX)) or count(deployment, "replicas")
    if not before:
        return 0
    exact = replicas(one) * (replicas(deployment) + max_surge(deployment)) / before
    # Half away from zero, as integer.RoundToInt32 does; sizes are never negative.
    return math.floor(exact + 0.5) - replicas(one)


def removable(deployment: Obj, old: Sets) -> list[Obj]:
    """Old ReplicaSets beyond revisionHistoryLimit that may be deleted, lowest revision first (cleanupDeployment)."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    if limit in (None, NEVER):
        return []
    alive = [one for one in old if one["metadata"].get("deletionTimestamp") is None]
    surplus = sorted(alive, key=revision)[: max(0, len(alive) - int(limit))]
    return [one for one in surplus if _is_idle(one)]


def _is_idle(one: Obj) -> bool:
    observed = count(one, "observedGeneration")
    return replicas(one) == 0 and count(one, "replicas") == 0 and one["metadata"].get("generation", 0) <= observed
