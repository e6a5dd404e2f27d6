"""What a rule reads and what it answers: the object under judgement, and a finding about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.core.conditions import Condition, find, is_count, read_conditions, read_one
from dashboard.core.model import Cause, EventNote, Relative, Verdict
from dashboard.core.objects import text, timestamp
from dashboard.core.values import quick

EMPTY: Mapping[str, Any] = {}


@quick
@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's answer. `since` in Unix seconds; `recheck_at` when time alone may change the answer.

    `settled` marks a verdict that children cannot overrule (suspension, deletion).
    """

    verdict: Verdict
    reason: str
    cause: Cause | None = None
    since: float | None = None
    recheck_at: float | None = None
    settled: bool = False


class Subject:
    """An object under judgement, its parts checked once: `meta`, `spec` and `status` are always mappings."""

    __slots__ = (
        "_conditions", "events", "group", "has_status", "kind", "meta", "name", "now", "obj", "raw_status", "relatives",
        "spec", "status", "uid",
    )  # fmt: skip

    def __init__(
        self,
        obj: Any,
        now: float,
        relatives: Sequence[Relative] = (),
        events: Sequence[EventNote] = (),
        has_status: bool | None = None,
    ) -> None:
        self.obj: Mapping[str, Any] = as_mapping(obj)
        get = self.obj.get
        self.meta = as_mapping(get("metadata"))
        self.spec = as_mapping(get("spec"))
        self.raw_status = get("status")
        self.status = as_mapping(self.raw_status)
        self.kind = text(get("kind"))
        api_version = get("apiVersion")
        self.group = api_version.rpartition("/")[0] if isinstance(api_version, str) else ""
        self.name = text(self.meta.get("name"))
        self.uid = text(self.meta.get("uid"))
        self.now = now
        self.relatives = relatives
        self.events = events
        self.has_status = has_status
        self._conditions: tuple[Condition, ...] | None = None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The object's conditions, read when first asked for."""
        if self._conditions is None:
            self._conditions = read_conditions(self.status)
        return self._conditions

    @property
    def own_events(self) -> list[EventNote]:
        """The Events that are about this object itself."""
        return [note for note in self.events if (note.about_uid == self.uid if note.about_uid else self._named(note))]

    def _named(self, note: EventNote) -> bool:
        return note.about.name == self.name and note.about.kind == self.kind

    def condition(self, type_: str) -> Condition | None:
        """The condition of this type, or None."""
        if self._conditions is None:
            return read_one(self.status, type_)
        return find(self._conditions, type_)

    @property
    def created(self) -> float | None:
        """creationTimestamp as Unix seconds."""
        return timestamp(self.meta.get("creationTimestamp"))

    def count(self, name: str, default: int = 0) -> int:
        """An integer of the status (`readyReplicas`), `default` where it is absent or no integer."""
        return as_count(self.status.get(name), default)


def as_mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, otherwise an empty one."""
    if type(value) is dict:  # asking the ABC is ten times dearer
        return value
    return value if value is not None and isinstance(value, Mapping) else EMPTY


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, otherwise an empty one."""
    return value if isinstance(value, list) else []


def as_count(value: Any, default: int = 0) -> int:
    """An integer as it stands, `default` for anything else (booleans are not counts)."""
    return value if is_count(value) else default
