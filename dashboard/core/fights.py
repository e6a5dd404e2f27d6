"""Fights: a field that two managers set back and forth, found in a sequence of an object's versions.

An autoscaler and a person, a pipeline and an operator: each undoes the other, and neither sees it in its own log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.core.differences import diff
from dashboard.core.managed import Setter, entries, setter_of
from dashboard.core.objects import Object, field

Value = str | int | float | bool | None

WINDOW = 300.0
"""Seconds without a change after which what was set before is another story."""

BY_HAND = ("kubectl", "reconcilerviz")
"""Beginnings of managers' names behind which a person is: kubectl's commands have one each (`kubectl-set`,
`kubectl-rollout`), and one person uses them all, and these pages. A rollback by hand is no fight, but what comes back
twice is."""

MOST_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Fight:
    """One field in dispute. `managers` and `values` in the order of their first appearance; `changes` counts how
    often it changed hands; `first` and `last` in Unix seconds where managedFields say so."""

    path: str
    managers: tuple[str, ...]
    values: tuple[Value, ...]
    changes: int
    first: float | None
    last: float | None

    @property
    def sentence(self) -> str:
        """For a reader: who sets what to what.

        >>> Fight("spec.replicas", ("kubectl", "hpa"), (3, 8), 4, None, None).sentence
        'kubectl and hpa set spec.replicas back and forth between 3 and 8'
        """
        values = " and ".join("nothing" if value is None else str(value) for value in self.values[:3])
        between = f" between {values}" if values else ""
        return f"{' and '.join(self.managers[:3])} set {self.path} back and forth{between}"


@dataclass(slots=True)
class _Field:
    """What is known of one field so far: its changes as (value, who made it)."""

    changes: list[tuple[Value, Setter]]
    before: Value


def fights(versions: Iterable[Object]) -> tuple[Fight, ...]:
    """The fights in an object's versions, oldest first in; the longest fight first out.

    A fight is between two managers at least, and a value must have come back by another hand than the one that had
    changed it. What one manager changes by itself, however often, is its work.
    """
    known: dict[str, _Field] = {}
    previous: Mapping[str, Any] | None = None
    for version in versions:
        if not isinstance(version, Mapping):
            continue
        if previous is not None:
            _record(known, previous, version)
        previous = version
    found = [fight for path, each in known.items() if (fight := dispute(path, each.before, each.changes)) is not None]
    return tuple(sorted(found, key=lambda fight: (-fight.changes, fight.path)))


def _record(known: dict[str, _Field], before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    managed = entries(after)
    for line in diff(_wishes(before), _wishes(after)):
        setter = setter_of(managed, line.path)
        if setter is None:
            continue  # removed by whoever: no manager holds it any more
        entry = known.get(line.path)
        if entry is None:
            if len(known) >= MOST_FIELDS:
                continue
            entry = known[line.path] = _Field([], line.before)
        entry.changes.append((line.after, setter))


def _wishes(obj: Mapping[str, Any]) -> dict[str, Any]:
    """What people and controllers declare: the spec, labels and annotations."""
    meta = {name: field(obj, f"metadata.{name}", {}) for name in ("labels", "annotations")}
    return {"metadata": meta, "spec": field(obj, "spec", {})}


def dispute(path: str, before: Value, changes: Sequence[tuple[Value, Setter]]) -> Fight | None:
    """The fight in one field's changes, oldest first: what it was before, then (value, who set it).

    A → B → A by two managers is one, within WINDOW where managedFields tell the times.
    """
    before, changes = _newest(before, changes)
    seen = {repr(before)}
    returns: list[bool] = []
    hands, last_by = 0, ""
    for value, setter in changes:
        if repr(value) in seen and setter.manager != last_by:
            returns.append(_hand(setter.manager) != _hand(last_by))
        seen.add(repr(value))
        hands += setter.manager != last_by
        last_by = setter.manager
    managers = tuple(dict.fromkeys(setter.manager for _, setter in changes))
    if not returns or not (returns[0] or len(returns) > 1) or len(managers) < 2:
        return None
    times = [setter.time for _, setter in changes if setter.time is not None]
    values = tuple(dict.fromkeys(value for value, _ in changes))
    return Fight(path, managers, values, hands, min(times, default=None), max(times, default=None))


def _hand(manager: str) -> str:
    return BY_HAND[0] if manager.startswith(BY_HAND) else manager


def _newest(before: Value, changes: Sequence[tuple[Value, Setter]]) -> tuple[Value, Sequence[tuple[Value, Setter]]]:
    """The changes since the last pause that was longer than WINDOW, and what the field was before them."""
    for place in range(len(changes) - 1, 0, -1):
        earlier, later = changes[place - 1][1].time, changes[place][1].time
        if earlier is not None and later is not None and later - earlier > WINDOW:
            return changes[place - 1][0], changes[place:]
    return before, changes
