"""How many Pods a Deployment may have, and in which ReplicaSets.

Pure functions over the API's JSON. The rules are those of Kubernetes 1.36
(`pkg/controller/deployment/util/deployment_util.go`).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from typing import Any

from dashboard.sandbox.controllers.meta import Obj, by_creation, uid_of

HASH = "pod-template-hash"
NEVER = 2**31 - 1
"""The value of progressDeadlineSeconds and revisionHistoryLimit that means 'no limit'."""

Sets = Sequence[Obj]


def replicas(obj: Obj) -> int:
    """spec.replicas; the API defaults an absent one to 1."""
    value = obj["spec"].get("replicas")
    return 1 if value is None else int(value)


def count(obj: Obj, name: str) -> int:
    """An integer of the status, 0 when absent."""
    return int((obj.get("status") or {}).get(name) or 0)


def wanted(sets: Iterable[Obj | None]) -> int:
    """spec.replicas of all of them together."""
    return sum(replicas(one) for one in sets if one is not None)


def total(sets: Iterable[Obj | None], name: str) -> int:
    """A status figure of all of them together."""
    return sum(count(one, name) for one in sets if one is not None)


def active(sets: Iterable[Obj | None]) -> list[Obj]:
    """Those that want Pods."""
    return [one for one in sets if one is not None and replicas(one) > 0]


def is_rolling(deployment: Obj) -> bool:
    """Whether the strategy is RollingUpdate."""
    return (deployment["spec"].get("strategy") or {}).get("type") == "RollingUpdate"


def _share(value: Any, of: int, *, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        exact = int(value[:-1]) * of / 100
        return math.ceil(exact) if up else math.floor(exact)
    return int(value or 0)


def fenceposts(deployment: Obj) -> tuple[int, int]:
    """(maxSurge rounded up, maxUnavailable rounded down); both 0 would never move, so then (0, 1)."""
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    surge = _share(rolling.get("maxSurge"), replicas(deployment), up=True)
    unavailable = _share(rolling.get("maxUnavailable"), replicas(deployment), up=False)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def max_surge(deployment: Obj) -> int:
    """Pods above spec.replicas that an update may have."""
    return fenceposts(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Obj) -> int:
    """Pods below spec.replicas that an update may lack."""
    if not is_rolling(deployment) or replicas(deployment) == 0:
        return 0
    return min(fenceposts(deployment)[1], replicas(deployment))


def has_deadline(deployment: Obj) -> bool:
    """Whether progress is judged at all."""
    return deployment["spec"].get("progressDeadlineSeconds") not in (None, NEVER)


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: _pruned(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in (None, {}, [])}
    if isinstance(value, list):
        return [_pruned(inner) for inner in value]
    return value


def same_template(left: Obj, right: Obj) -> bool:
    """Whether two Pod templates are equal, whatever their pod-template-hash (EqualIgnoreHash)."""

    def bare(template: Obj) -> Any:
        pruned = copy.deepcopy(template)
        labels = (pruned.get("metadata") or {}).get("labels") or {}
        labels.pop(HASH, None)
        return _pruned(pruned)

    return bool(bare(left) == bare(right))


def find_new(deployment: Obj, sets: Sets) -> Obj | None:
    """The oldest ReplicaSet with the Deployment's template."""
    template = deployment["spec"]["template"]
    return next((one for one in by_creation(sets) if same_template(one["spec"]["template"], template)), None)


def find_old(sets: Sets, new: Obj | None) -> list[Obj]:
    """All but the new one."""
    return [one for one in sets if new is None or uid_of(one) != uid_of(new)]


def new_replicas(deployment: Obj, sets: Iterable[Obj | None], new: Obj) -> int:
    """How many Pods the new ReplicaSet may have now (NewRSNewReplicas)."""
    if not is_rolling(deployment):
        return replicas(deployment)
    room = replicas(deployment) + max_surge(deployment) - wanted(sets)
    if room <= 0:
        return replicas(new)
    return replicas(new) + min(room, replicas(deployment) - replicas(new))


def active_or_latest(new: Obj | None, old: Sets) -> Obj | None:
    """The only ReplicaSet that wants Pods; the newest if none does; None if several do."""
    if new is None and not old:
        return None
    busy = active([*old, new])
    if len(busy) > 1:
        return None
    if busy:
        return busy[0]
    return new if new is not None else by_creation(old)[-1]
