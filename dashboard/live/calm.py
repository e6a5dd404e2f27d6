"""What objects were when they last had nothing to do: what their next change or loss is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dashboard.core.conditions import read_conditions
from dashboard.core.evidence import Before, Own, before, own, wishes
from dashboard.core.model import Verdict
from dashboard.core.objects import field
from dashboard.core.subject import as_mapping
from dashboard.live.entries import Entry


class Calm:
    """By id: the uid, the generation, and what the object was."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Any, Before]] = {}

    def note(self, entry: Entry, obj: Mapping[str, Any]) -> None:
        """Take note of an object that is calm. What is declared while it is suspended still waits to be done."""
        id, named = entry.row.id, (entry.row.uid, _declared(obj))
        turned = max((each.since or 0.0 for each in read_conditions(as_mapping(obj.get("status")))), default=0.0)
        held = self._known.get(id)
        if held is None or held[:2] != named:
            new = before(own(obj, 0.0))
            waits = entry.row.verdict is Verdict.SUSPENDED and new.generation is not None
            if held is not None and held[0] == named[0] and waits:
                new = replace(new, wishes=held[2].wishes)
            self._known[id] = (*named, new)
        elif turned > (held[2].until or 0.0):
            self._known[id] = (*held[:2], replace(held[2], until=turned))

    def put(self, id: str, now: Own, since: float | None) -> None:
        """An object has become calm."""
        new = before(now)
        until = max((at for at in (new.until, since) if at is not None), default=None)
        named = now.generation if now.generation is not None else now.wishes
        self._known[id] = (now.uid, named, replace(new, until=until))

    def get(self, id: str, uid: str) -> Before | None:
        """What the object of this id and uid was."""
        held = self._known.get(id)
        return held[2] if held is not None and held[0] == uid else None

    def forget(self, id: str) -> None:
        """The object has gone."""
        self._known.pop(id, None)


def _declared(obj: Mapping[str, Any]) -> Any:
    """What tells one declaration from the next: the generation, or what is wanted where the API counts none."""
    generation = field(obj, "metadata.generation")
    return generation if generation is not None else wishes(obj)
