"""Disputes: two managers that set a field back and forth, seen as an object's versions come by.

No single version tells of it: each of them looks like somebody's wish that is being fulfilled. Versions are compared
only where something was declared anew, which is seldom.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dashboard.core.conditions import is_count
from dashboard.core.differences import DiffLine, diff
from dashboard.core.evidence import KNOWN_WISHES
from dashboard.core.fights import WINDOW, Fight, Value, dispute
from dashboard.core.managed import Setter, entries, setter_of
from dashboard.core.model import Assessment, Cause, Verdict
from dashboard.core.objects import ObjectKey
from dashboard.core.objects import field as at
from dashboard.core.openings import LAG
from dashboard.live.bodies import dump_trimmed, load

REMEMBERED = 12
"""Changes of one field."""
MOST_FIELDS = 20
"""Fields of one object of which changes are remembered."""
MOST_OBJECTS = 2000
"""Objects of which changes are remembered: the lately changed."""
QUIET = WINDOW
"""Seconds without a change after which a fight is over."""
AUTOSCALER = "kube-controller-manager"
"""The manager under which the API server records an autoscaler's writes."""
TELLABLE = KNOWN_WISHES | {"image"}
"""Fields whose texts may be told: any other may be a secret."""


@dataclass(slots=True)
class _History:
    """What a field was before the first remembered change, when the first of all and the last were seen, and the
    changes that are remembered."""

    before: Value
    began: float
    last: float
    changes: deque[tuple[Value, Setter]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


class Disputes:
    """By id. Remembers nothing of an object that nobody has changed lately."""

    def __init__(self) -> None:
        self._generations: dict[str, int] = {}
        self._histories: dict[str, dict[str, _History]] = {}  # the lately changed last

    def seen(self, id: str, obj: Mapping[str, Any], before: Mapping[str, Any] | bytes | None, now: float) -> None:
        """Take note of a version of the object; `before` is the one before it, None where that is not held."""
        if not self._is_declared_anew(id, obj) or before is None:
            return
        old, new = load(before) if isinstance(before, bytes) else before, obj
        if old.get("spec") == new.get("spec"):
            return
        if isinstance(before, bytes):  # what was held so lacks what nobody reads: then the new one must, too
            new = load(dump_trimmed(obj, managed=False))
        managed = entries(obj)
        for line in diff({"spec": old.get("spec")}, {"spec": new.get("spec")}):
            setter = setter_of(managed, line.path)
            if setter is not None:  # else it was removed, and nobody is named for that
                self._changed(id, line, setter, now)

    def _is_declared_anew(self, id: str, obj: Mapping[str, Any]) -> bool:
        """By its generation; where the API counts none, it may have been."""
        generation = at(obj, "metadata.generation")
        if not is_count(generation):
            return isinstance(obj.get("spec"), Mapping)
        before = self._generations.get(id)
        self._generations[id] = generation
        return before is not None and before != generation

    def _changed(self, id: str, line: DiffLine, setter: Setter, now: float) -> None:
        fields = self._histories[id] = self._histories.pop(id, {})
        history = fields.get(line.path)
        if history is None or now > history.last + QUIET:
            if history is None and len(fields) >= MOST_FIELDS:
                return
            told = setter.time is not None and now - LAG <= setter.time <= now
            history = fields[line.path] = _History(line.before, setter.time if told and setter.time else now, now)
        if len(history.changes) == REMEMBERED:
            history.before = history.changes[0][0]
        history.changes.append((line.after, setter))
        history.last = now
        if len(self._histories) > MOST_OBJECTS:
            del self._histories[next(iter(self._histories))]

    def forget(self, id: str) -> None:
        """The object has gone."""
        self._generations.pop(id, None)
        self._histories.pop(id, None)

    def judged(
        self, id: str, assessment: Assessment, now: float, driver: Callable[[str], ObjectKey | None]
    ) -> Assessment:
        """The assessment, or the fight over its number that goes on. `driver` finds what scales it."""
        found = self._fight(id, now) if id in self._histories else None
        if found is None or assessment.verdict not in (Verdict.CONVERGED, Verdict.CONVERGING):
            return assessment  # what holds or ails it comes first
        fight, history = found
        recheck = min(at for at in (history.last + QUIET + 1, assessment.recheck_at) if at is not None)
        return replace(
            assessment,
            verdict=Verdict.STALLED,
            reason="Fight",
            cause=_cause(fight, driver(id)),
            since=history.began,
            at_least=False,
            recheck_at=recheck,
        )

    def _fight(self, id: str, now: float) -> tuple[Fight, _History] | None:
        """The field that changed hands most often, and its history. Of an object whose changes are remembered."""
        found: list[tuple[Fight, _History]] = []
        for path, history in self._histories[id].items():
            if now <= history.last + QUIET:
                fight = dispute(path, history.before, tuple(history.changes))
                found += [(fight, history)] if fight is not None else []
        return max(found, key=lambda each: each[0].changes, default=None)


def _cause(fight: Fight, driver: ObjectKey | None) -> Cause:
    """The fight's sentence; an autoscaler is named as itself, and the cause points at it.

    In an order that does not depend on which changes are still remembered, so that it stays the same while they fight.
    """
    takes_part = driver is not None and AUTOSCALER in fight.managers
    name = f"HPA {driver.name}" if driver is not None else ""
    managers = sorted(name if takes_part and manager == AUTOSCALER else manager for manager in fight.managers)
    values = sorted(fight.values if _may_be_told(fight) else (), key=_order)
    sentence = replace(fight, managers=tuple(managers), values=tuple(values)).sentence
    return Cause(sentence, driver if takes_part else None, "Fight")


def _order(value: Value) -> tuple[float, str]:
    return float(value) if isinstance(value, int | float) else 0.0, str(value)


def _may_be_told(fight: Fight) -> bool:
    """A text may be a secret, unless it is of a field that holds none."""
    return fight.path.rpartition(".")[2] in TELLABLE or not any(isinstance(value, str) for value in fight.values)
