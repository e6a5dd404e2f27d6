"""Disputes: two managers that set an object's number of replicas back and forth, seen as its versions come by.

No single version tells of it: each of them looks like somebody's wish that is being fulfilled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dashboard.core.conditions import is_count
from dashboard.core.fights import Fight, Value, dispute
from dashboard.core.managed import Setter, entries, setter_of
from dashboard.core.model import Assessment, Cause, Verdict
from dashboard.core.objects import ObjectKey
from dashboard.core.objects import field as at

PATH = "spec.replicas"
REMEMBERED = 12
"""Changes of one object's number of replicas."""
QUIET = 300.0
"""Seconds without a change after which a fight is over."""
AUTOSCALER = "kube-controller-manager"
"""The manager under which the API server records an autoscaler's writes."""


@dataclass(slots=True)
class _History:
    """What the number was before the first remembered change, when the first of all and the last were seen, and the
    changes that are remembered."""

    before: Value
    began: float
    last: float
    changes: deque[tuple[Value, Setter]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


class Disputes:
    """By id. Remembers nothing of an object whose number has never changed but the number."""

    def __init__(self) -> None:
        self._now: dict[str, int] = {}
        self._histories: dict[str, _History] = {}

    def seen(self, id: str, obj: Mapping[str, Any], now: float) -> None:
        """Take note of a version of the object."""
        value = at(obj, PATH)
        if not is_count(value):
            return
        before = self._now.get(id)
        self._now[id] = value
        if before is None or before == value:
            return
        setter = setter_of(entries(obj), PATH)
        if setter is None:
            return  # nobody is named for it
        history = self._histories.get(id)
        if history is None or now > history.last + QUIET:
            history = self._histories[id] = _History(before, now, now)
        if len(history.changes) == REMEMBERED:
            history.before = history.changes[0][0]
        history.changes.append((value, setter))
        history.last = now

    def forget(self, id: str) -> None:
        """The object has gone."""
        self._now.pop(id, None)
        self._histories.pop(id, None)

    def judged(
        self, id: str, assessment: Assessment, now: float, driver: Callable[[str], ObjectKey | None]
    ) -> Assessment:
        """The assessment, or the fight over its number that goes on. `driver` finds what scales it."""
        history = self._histories.get(id)
        if history is None or now > history.last + QUIET:
            return assessment
        if assessment.verdict not in (Verdict.CONVERGED, Verdict.CONVERGING):
            return assessment  # what holds or ails it comes first
        fight = dispute(PATH, history.before, tuple(history.changes))
        if fight is None:
            return assessment
        recheck = min(at for at in (history.last + QUIET + 1, assessment.recheck_at) if at is not None)
        cause = _cause(fight, driver(id))
        return replace(
            assessment,
            verdict=Verdict.STALLED,
            reason="Fight",
            cause=cause,
            since=history.began,
            at_least=False,
            recheck_at=recheck,
        )


def _cause(fight: Fight, driver: ObjectKey | None) -> Cause:
    """The fight's sentence; an autoscaler is named as itself, and the cause points at it.

    In an order that does not depend on which changes are still remembered, so that it stays the same while they fight.
    """
    takes_part = driver is not None and AUTOSCALER in fight.managers
    name = f"HPA {driver.name}" if driver is not None else ""
    managers = sorted(name if takes_part and manager == AUTOSCALER else manager for manager in fight.managers)
    values = sorted(fight.values, key=lambda value: value if is_count(value) else 0)
    sentence = replace(fight, managers=tuple(managers), values=tuple(values)).sentence
    return Cause(sentence, driver if takes_part else None, "Fight")
