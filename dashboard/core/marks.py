"""Marks: when an object that another one caused took its steps, as the API itself says, never by when it was heard.

API times are whole seconds, apart from MicroTime; a step that takes less is dated by the same second as its neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dashboard.core.conditions import is_count, read_conditions
from dashboard.core.objects import field, key_of, text, timestamp
from dashboard.core.subject import as_list, as_mapping

READY_TYPES = ("Ready", "Available", "Complete", "Succeeded")
MAX_CONTAINERS = 100


@dataclass(frozen=True, slots=True)
class Marks:
    """One object's steps in Unix seconds, None for what has not happened or is not told.

    `scheduled`, `started` (the last of its containers) and `finished` are a Pod's. `ready` is when it last became
    ready, `unready` when it last ceased to be. `ending` is when somebody asked for its end. `restarts` counts its
    containers' restarts, `last_run` is how many seconds the longest of their previous runs took.
    """

    id: str
    uid: str
    owner_uid: str
    kind: str
    created: float | None
    scheduled: float | None = None
    started: float | None = None
    ready: float | None = None
    unready: float | None = None
    finished: float | None = None
    ending: float | None = None
    restarts: int = 0
    last_run: float = 0.0

    def after(self, old: Marks | None) -> Marks:
        """These marks, with what an earlier version of the same object told and this one no longer does."""
        if old is None or old.uid != self.uid:
            return self
        return replace(
            self,
            # A deletion is shortened while it lasts: the first time it was asked for counts.
            ending=old.ending if old.ending is not None else self.ending,
            ready=self.ready if self.ready is not None else old.ready,
            started=self.started if self.started is not None else old.started,
            last_run=max(self.last_run, old.last_run),
        )


def marks(obj: Mapping[str, Any], id: str = "") -> Marks:
    """The marks of any object; never raises. `id` is its row's, for who has it already."""
    meta = as_mapping(obj.get("metadata"))
    kind = text(obj.get("kind"))
    base = Marks(
        id=id or key_of(obj).id,
        uid=text(meta.get("uid")),
        owner_uid=_owner(meta),
        kind=kind,
        created=timestamp(meta.get("creationTimestamp")),
        ending=ending(meta),
    )
    status = as_mapping(obj.get("status"))
    base = _readiness(base, status)
    return _pod(base, status) if kind == "Pod" else base


def ending(meta: Mapping[str, Any]) -> float | None:
    """When deletion was asked for: deletionTimestamp lies the grace period after that.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
    """
    at, grace = timestamp(meta.get("deletionTimestamp")), meta.get("deletionGracePeriodSeconds")
    return at if at is None or not is_count(grace) else at - grace


def _owner(meta: Mapping[str, Any]) -> str:
    owners = (each for each in as_list(meta.get("ownerReferences")) if isinstance(each, Mapping))
    return next((text(each.get("uid")) for each in owners if each.get("controller") is True), "")


def _readiness(base: Marks, status: Mapping[str, Any]) -> Marks:
    for condition in read_conditions(status):
        if condition.type in READY_TYPES:
            if condition.status == "True":
                return replace(base, ready=condition.since)
            # Before it was ever ready it was not unready either: that is not a loss.
            return replace(base, unready=condition.since) if condition.since != base.created else base
    return base


def _pod(base: Marks, status: Mapping[str, Any]) -> Marks:
    scheduled = next(
        (each.since for each in read_conditions(status) if each.type == "PodScheduled" and each.status == "True"), None
    )
    started: list[float] = []
    finished: list[float] = []
    restarts, last_run = 0, 0.0
    containers = as_list(status.get("containerStatuses"))[:MAX_CONTAINERS]
    for each in containers:
        began = timestamp(field(each, "state.running.startedAt") or field(each, "state.terminated.startedAt"))
        ended = timestamp(field(each, "state.terminated.finishedAt"))
        started.extend([began] if began is not None else [])
        finished.extend([ended] if ended is not None else [])
        count = field(each, "restartCount")
        restarts += count if is_count(count) and count > 0 else 0
        last_run = max(last_run, _run(field(each, "lastState.terminated")), _run(field(each, "state.terminated")))
    over = text(status.get("phase")) in ("Succeeded", "Failed")
    return replace(
        base,
        scheduled=scheduled,
        started=max(started) if started and len(started) == len(containers) else None,
        finished=max(finished) if over and finished else None,
        restarts=restarts,
        last_run=last_run,
    )


def _run(terminated: Any) -> float:
    began, ended = timestamp(field(terminated, "startedAt")), timestamp(field(terminated, "finishedAt"))
    return max(0.0, ended - began) if began is not None and ended is not None else 0.0
