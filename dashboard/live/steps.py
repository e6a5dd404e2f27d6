"""Steps of a change: what happened, and when, since an object's generation changed while somebody looked at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.core.model import Row, Verdict
from dashboard.core.objects import field
from dashboard.live.board import Board

PRECISE = 1.5
"""Seconds: API times are whole seconds, so within this our own moment of arrival says more."""

EARLIER = 1.0
"""Seconds by which a child may arrive before its owner's change: watches of different kinds are not in step."""

MAX_SEEN = 20_000

NAMES = ("accepted", "observed", "created", "scheduled", "started", "ready", "converged")

Step = dict[str, Any]


class Steps:
    """Follows one object. Steps that never happen (a scale-down creates nothing) are left out."""

    def __init__(self) -> None:
        self._generation: int | None = None
        self._accepted = 0.0
        self._first_seen: dict[str, float] = {}
        self._steps: dict[str, Step] = {}

    @property
    def taken(self) -> tuple[Step, ...]:
        """The steps so far, in the order of the loop."""
        return tuple(dict(self._steps[name]) for name in NAMES if name in self._steps)

    def observe(self, board: Board, row: Row, obj: Mapping[str, Any], now: float) -> None:
        """Look at the object and what it owns, as they are `now`."""
        below = board.below(row.id)
        if len(self._first_seen) > MAX_SEEN:
            self._first_seen.clear()
        for each in below:
            self._first_seen.setdefault(each.uid, now if self._generation is not None else 0.0)
        generation = field(obj, "metadata.generation")
        if not isinstance(generation, int):
            return
        if self._generation is not None and generation != self._generation:
            self._accepted = now
            self._steps = {}
            self._mark("accepted", now, f"generation {generation}")
        self._generation = generation
        if self._steps and "converged" not in self._steps:
            self._follow(board, row, obj, below, now)

    def _follow(self, board: Board, row: Row, obj: Mapping[str, Any], below: tuple[Row, ...], now: float) -> None:
        observed = field(obj, "status.observedGeneration")
        if observed is None or (isinstance(observed, int) and observed >= (self._generation or 0)):
            self._mark("observed", now, "")
        new = [each for each in below if self._first_seen.get(each.uid, 0.0) >= self._accepted - EARLIER]
        pods = [each for each in new if each.kind == "Pod" and not each.group]
        counted = pods or new
        if counted:
            self._mark("created", self._moment(min((each.created or now) for each in counted), now), _count(counted))
        for name, reason in (("scheduled", "Scheduled"), ("started", "Started")):
            times = [time for pod in pods if (time := _noted(board, pod.id, reason)) is not None]
            if times:
                self._mark(name, self._moment(min(times), now), f"{len(times)} of {_count(pods)}")
        ready = [pod for pod in pods if pod.bar is not None and pod.bar.ready >= 1]
        if ready:
            self._mark("ready", now, f"{len(ready)} of {_count(pods)}")
        if "observed" in self._steps and row.verdict is Verdict.CONVERGED:
            self._mark("converged", now, row.glance)

    def _moment(self, said: float, now: float) -> float:
        """The API's time where it is clearly earlier than our own, and can belong to this change."""
        if now - said < PRECISE or said < self._accepted - EARLIER:
            return now
        return max(said, self._accepted)

    def _mark(self, name: str, at: float, detail: str) -> None:
        """Note a step once; its detail (how many so far) is kept current."""
        step = self._steps.setdefault(name, {"name": name, "at": at, "took": max(0.0, at - self._accepted)})
        step["detail"] = detail


def _noted(board: Board, id: str, reason: str) -> float | None:
    return next((note.last for note in board.events(id) if note.reason == reason), None)


def _count(rows: list[Row]) -> str:
    kinds = {row.kind for row in rows}
    noun = kinds.pop() if len(kinds) == 1 else "object"
    return f"{len(rows)} {noun}" if len(rows) == 1 else f"{len(rows)} {noun}s"
