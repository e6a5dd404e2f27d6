"""A gap ledger while it is written: the object's parts, checked once, and the dating of its gaps.

How a gap is dated, without any memory of our own: managedFields say when the manager that set a field last wrote,
and when the status was last written. A field set no earlier than the status was last written has had no answer yet:
the gap is as old as that. One that was answered since has differed at least since that answer was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from dashboard.core.managed import Setter, entries, first, spec_entries, steps
from dashboard.core.model import Gap, Relative
from dashboard.core.objects import plain, timestamp
from dashboard.core.subject import as_list, as_mapping

Dated = tuple[float | None, bool]
"""Since when a gap is open (Unix seconds, None where nothing says), and whether that is only a bound."""

MOST_ROWS = 100
LONGEST = 300
PLAIN = frozenset({int, bool, float, type(None)})
UNSET = object()

_row = lru_cache(maxsize=8192, typed=True)(Gap)
"""Rows repeat from version to version, and whenever a child changes: one that is known costs a tenth of a new one.
Typed: 1 is not True."""


class Sheet:
    """The rows so far, and what they are read from. `meta`, `spec` and `status` are always mappings."""

    __slots__ = (
        "_answered",
        "_managed",
        "_setters",
        "_specs",
        "meta",
        "now",
        "obj",
        "related",
        "rows",
        "spec",
        "status",
        "uid",
    )

    def __init__(self, obj: Mapping[str, Any], now: float, related: Sequence[Relative]) -> None:
        self.obj = obj
        self.now = now
        self.related = related
        self.meta = as_mapping(obj.get("metadata"))
        self.spec = as_mapping(obj.get("spec"))
        self.status = as_mapping(obj.get("status"))
        self.uid = self.meta.get("uid")
        self.rows: list[Gap] = []
        self._managed: list[Mapping[str, Any]] | None = None
        self._specs: list[tuple[Mapping[str, Any], Any]] | None = None
        self._setters: dict[str, Setter | None] = {}
        self._answered: Any = UNSET

    def add(
        self, name: str, path: str, desired: Any, observed: Any, is_open: bool, *, dated: Dated | None = None
    ) -> None:
        """Write a row. `path` is the desired field's own; `dated` since when it is open, where the kind knows."""
        if len(self.rows) >= MOST_ROWS:
            return
        setter = self._setters[path] if path in self._setters else self.setter(path) if path[:5] == "spec." else None
        by, at = (setter.manager, setter.time) if setter is not None else ("", None)
        since: float | None = None
        at_least = False
        if is_open:
            since, at_least = dated if dated is not None else self.opened(path)
            if since is not None and since > self.now:
                since = self.now
        if type(desired) not in PLAIN:
            desired = _inert(desired)
        if type(observed) not in PLAIN:
            observed = _inert(observed)
        make = Gap if type(desired) is list or type(observed) is list else _row
        self.rows.append(make(name, path, desired, observed, is_open, since, at_least, by, at))

    def setter(self, path: str) -> Setter | None:
        """Who set the field at `path`, which is `spec` or below it, last."""
        setters = self._setters
        if path in setters:
            return setters[path]
        if self._specs is None:
            self._specs = spec_entries(self.managed)
        found = setters[path] = first(self._specs, steps(path), 1) if self._specs else None
        return found

    @property
    def managed(self) -> list[Mapping[str, Any]]:
        """The object's managedFields entries."""
        if self._managed is None:
            self._managed = entries(self.obj)
        return self._managed

    def set_at(self, path: str) -> float | None:
        """When the field at `path` was last set: a spec that never changed is as old as its object."""
        setter = self.setter(path)
        if setter is not None and setter.time is not None:
            return setter.time
        return self.created if setter is None and self.meta.get("generation") == 1 else None

    def opened(self, path: str) -> Dated:
        """Since when an open gap of this field is open, as far as the object tells."""
        at, answered = self.set_at(path), self.answered
        if answered is None:
            return at, False
        if at is not None and at >= answered:
            return at, False
        return answered, True

    @property
    def created(self) -> float | None:
        """creationTimestamp as Unix seconds."""
        return timestamp(self.meta.get("creationTimestamp"))

    @property
    def answered(self) -> float | None:
        """When the status was last written, Unix seconds; None where nothing says."""
        if self._answered is UNSET:
            stamps = [
                time
                for entry in self.managed
                if isinstance(time := entry.get("time"), str) and "f:status" in as_mapping(entry.get("fieldsV1"))
            ]
            self._answered = timestamp(max(stamps)) if stamps else None
        found: float | None = self._answered
        return found

    def count(self, name: str, default: int = 0) -> int:
        """An integer of the status, `default` where it is none."""
        value = self.status.get(name)
        return value if type(value) is int else default

    def condition(self, type_: str) -> Mapping[str, Any] | None:
        """The first condition of this type as it stands."""
        for entry in as_list(self.status.get("conditions"))[:1000]:
            if isinstance(entry, dict) and entry.get("type") == type_:
                return entry
        return None

    def wants(self, type_: str, status: str = "True") -> None:
        """A row for a condition that should have this status; none where the object does not carry it."""
        entry = self.condition(type_)
        if entry is not None:
            has = entry.get("status")
            self.add(f"condition · {type_}", "", status, has, has != status, dated=changed(entry))

    @property
    def children(self) -> list[Relative]:
        """What the object owns."""
        uid = self.uid
        return [each for each in self.related if each.owner_uid == uid] if uid and self.related else []


def _inert(value: Any) -> Any:
    """A value that is safe to show: text made plain, lists short, anything else a sign of itself."""
    if isinstance(value, str):
        return plain(value, LONGEST)
    if isinstance(value, list):
        return [each if type(each) in PLAIN else _inert(each) if isinstance(each, str) else "…" for each in value[:20]]
    return "{…}"


def changed(condition: Mapping[str, Any] | None) -> Dated:
    """When a condition took its present status."""
    at = timestamp(condition.get("lastTransitionTime")) if condition is not None else None
    return at, False
