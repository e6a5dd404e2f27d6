"""What objects were when they last had nothing to do: what their next change or loss is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dashboard.core.conditions import read_conditions
from dashboard.core.evidence import Before, Own, before, before_next, own, waits, wishes
from dashboard.core.objects import field
from dashboard.core.subject import as_mapping
from dashboard.live.entries import Entry

REACTS = 20.0
"""Seconds within which a controller that never says what it has seen sets out to do what was declared. An autoscaler
looks every 15 s (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/)."""


class Calm:
    """By id: the uid, the generation, and what the object was. `_lately` is what it was before it was declared anew,
    until its controller should have reacted: its status still tells of before."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Any, Before]] = {}
        self._lately: dict[str, tuple[float, Before]] = {}  # oldest first

    def note(self, entry: Entry, obj: Mapping[str, Any], now: float) -> None:
        """Take note of an object that is calm."""
        id, named = entry.row.id, (entry.row.uid, _declared(obj))
        held = self._known.get(id)
        if held is not None and held[:2] == named:
            turned = max((each.since or 0.0 for each in read_conditions(as_mapping(obj.get("status")))), default=0.0)
            if turned > (held[2].until or 0.0):
                self._known[id] = (*named, replace(held[2], until=turned))
            return
        earlier = held[2] if held is not None and held[0] == entry.row.uid else None
        read = own(obj, 0.0)
        if earlier is not None and read.observed is None and not waits(read, entry.row.verdict):
            self._remember(id, earlier, now)
        self._known[id] = (*named, before_next(read, entry.row.verdict, earlier))

    def put(self, id: str, now: Own, since: float | None) -> None:
        """An object has become calm."""
        new = before(now)
        until = max((at for at in (new.until, since) if at is not None), default=None)
        named = now.generation if now.generation is not None else now.wishes
        self._known[id] = (now.uid, named, replace(new, until=until))
        self._lately.pop(id, None)

    def get(self, id: str, uid: str, now: float) -> Before | None:
        """What the object of this id and uid was."""
        held = self._known.get(id)
        if held is None or held[0] != uid:
            return None
        at, lately = self._lately.get(id, (now - 2 * REACTS, None))
        return lately if lately is not None and now - at <= REACTS else held[2]

    def forget(self, id: str) -> None:
        """The object has gone."""
        self._known.pop(id, None)
        self._lately.pop(id, None)

    def _remember(self, id: str, old: Before, now: float) -> None:
        """Keep what an object was before; of several declarations in a row, before the first."""
        at, earlier = self._lately.pop(id, (now, old))
        self._lately[id] = (now, earlier if now - at <= REACTS else old)
        while self._lately and now - next(iter(self._lately.values()))[0] > REACTS:
            del self._lately[next(iter(self._lately))]


def _declared(obj: Mapping[str, Any]) -> Any:
    """What tells one declaration from the next: the generation, or what is wanted where the API counts none."""
    generation = field(obj, "metadata.generation")
    return generation if generation is not None else wishes(obj)
