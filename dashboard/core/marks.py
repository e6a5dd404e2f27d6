"""Marks: when an object that another one caused took its steps, as the API itself says, never by when it was heard.

API times are whole seconds, apart from MicroTime; a step that takes less is dated by the same second as its neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dashboard.core.conditions import is_count
from dashboard.core.objects import key_of, text, timestamp
from dashboard.core.subject import as_list, as_mapping
from dashboard.core.values import quick

READY_TYPES = frozenset({"Ready", "Available", "Complete", "Succeeded"})
OVER = ("Succeeded", "Failed")
MAX_CONTAINERS = MAX_CONDITIONS = 100


@quick
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
        if (old.ending, old.ready, old.started, old.last_run) == (self.ending, self.ready, self.started, self.last_run):
            return self
        # A deletion is shortened while it lasts: the first time it was asked for counts.
        first_ending = self.ending if old.ending is None else old.ending
        ready = old.ready if self.ready is None else self.ready
        started = old.started if self.started is None else self.started
        last_run = max(self.last_run, old.last_run)
        return replace(self, ending=first_ending, ready=ready, started=started, last_run=last_run)


def marks(obj: Mapping[str, Any], id: str = "", owner_uid: str | None = None) -> Marks:
    """The marks of any object; never raises. `id` is its row's and `owner_uid` its digest's, for who has them."""
    meta, status = as_mapping(obj.get("metadata")), as_mapping(obj.get("status"))
    kind = text(obj.get("kind"))
    created = timestamp(meta.get("creationTimestamp"))
    scheduled, ready, unready = _conditions(status, created)
    started, finished, restarts, last_run = _containers(status) if kind == "Pod" else (None, None, 0, 0.0)
    if kind == "Pod" and unready is not None and not restarts and (started is None or unready <= started):
        unready = None  # it was never ready: the kubelet says so as soon as it has heard of a Pod
    return Marks(
        id or key_of(obj).id, text(meta.get("uid")), _owner(meta) if owner_uid is None else owner_uid, kind, created,
        scheduled, started, ready, unready, finished, ending(meta), restarts, last_run,
    )  # fmt: skip


def ending(meta: Mapping[str, Any]) -> float | None:
    """When deletion was asked for: deletionTimestamp lies the grace period after that.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
    """
    at = timestamp(meta.get("deletionTimestamp"))
    grace = meta.get("deletionGracePeriodSeconds") if at is not None else None
    return at - grace if at is not None and is_count(grace) else at


def _owner(meta: Mapping[str, Any]) -> str:
    owners = (each for each in as_list(meta.get("ownerReferences")) if isinstance(each, Mapping))
    return next((text(each.get("uid")) for each in owners if each.get("controller") is True), "")


def _conditions(status: Mapping[str, Any], created: float | None) -> tuple[float | None, float | None, float | None]:
    """When it was scheduled, became ready, and ceased to be."""
    scheduled = ready = unready = None
    raw = status.get("conditions")
    for each in raw[:MAX_CONDITIONS] if isinstance(raw, list) else ():
        if type(each) is not dict:  # as JSON is read: asking the ABC costs more than all the rest
            continue
        type_ = each.get("type")
        if type(type_) is not str or (type_ != "PodScheduled" and type_ not in READY_TYPES):
            continue
        at = timestamp(each.get("lastTransitionTime"))
        if each.get("status") == "True":
            scheduled, ready = (at, ready) if type_ == "PodScheduled" else (scheduled, at)
        elif type_ != "PodScheduled":
            unready = at
    # Before it was ever ready it was not unready either: that is not a loss.
    return scheduled, ready, None if unready == created else unready


def _containers(status: Mapping[str, Any]) -> tuple[float | None, float | None, int, float]:
    """When the last container started and the last one finished, how often any restarted, and the longest run."""
    raw = as_list(status.get("containerStatuses"))[:MAX_CONTAINERS]
    started: float | None = None
    finished: float | None = None
    all_started = bool(raw)
    restarts, last_run = 0, 0.0
    for each in raw:
        entry = as_mapping(each)
        state = as_mapping(entry.get("state"))
        over = as_mapping(state.get("terminated"))
        told = over or as_mapping(state.get("running"))
        began = timestamp(told.get("startedAt"))
        if began is None:
            all_started = False
        elif started is None or began > started:
            started = began
        if over:
            ended = timestamp(told.get("finishedAt"))
            finished = ended if finished is None or (ended is not None and ended > finished) else finished
            last_run = max(last_run, _run(told))
        count = entry.get("restartCount")
        if count and is_count(count) and count > 0:
            restarts += count
            last_run = max(last_run, _run(as_mapping(as_mapping(entry.get("lastState")).get("terminated"))))
    done = finished is not None and status.get("phase") in OVER
    return started if all_started else None, finished if done else None, restarts, last_run


def _run(terminated: Mapping[str, Any]) -> float:
    began, ended = timestamp(terminated.get("startedAt")), timestamp(terminated.get("finishedAt"))
    return max(0.0, ended - began) if began is not None and ended is not None else 0.0
