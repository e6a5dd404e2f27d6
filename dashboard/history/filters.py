"""Which episodes: the filters of a history page, as they stand in an URL, and the query that they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q

from dashboard.core.model import Ended

OPEN, RECOVERED = "open", "recovered"
ENDED = (OPEN, *(each.value for each in Ended), RECOVERED)
MOST_CHARACTERS = 700

LEADS = (
    ("object",), ("name",), ("namespace", "kind"), ("fight",), ("ended",), ("namespace",), ("who",), ("kind",),
)  # fmt: skip
"""Filters that have an index in the order of pages, the one that lets fewest through first. `converged` leads last."""


class FilterError(ValueError):
    """A filter that is none: `field` and `value` as given, `accepted` in words."""

    def __init__(self, field: str, value: str, accepted: str) -> None:
        super().__init__(f"{field} is {value[:100]!r}, but must be {accepted}")
        self.field, self.value, self.accepted = field, value[:100], accepted


@dataclass(frozen=True, slots=True)
class Filters:
    """All that are given must hold; "" and None are not given.

    `ended` is one of ENDED, `slower` seconds that it took more than (an open one: is open for), `who` the field manager
    that set it off, `object` a row's id, `fight` that two managers set a field back and forth.
    """

    namespace: str = ""
    kind: str = ""
    name: str = ""
    object: str = ""
    ended: str = ""
    slower: float | None = None
    who: str = ""
    fight: bool = False

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Filters:
        """From an URL's query; what is not a filter is left alone. Raises FilterError."""
        texts = {name: _text(name, given.get(name, "")) for name in ("namespace", "kind", "name", "object", "who")}
        ended, fight = given.get("ended", ""), given.get("fight", "")
        if ended and ended not in ENDED:
            raise FilterError("ended", ended, f"one of {', '.join(ENDED)}")
        if fight not in ("", "0", "1"):
            raise FilterError("fight", fight, "1, 0 or nothing")
        return cls(**texts, ended=ended, slower=_seconds(given.get("slower", "")), fight=fight == "1")

    @property
    def text(self) -> str:
        """As an URL's query, in one order, without what is not given."""
        given: dict[str, Any] = {
            name: getattr(self, name) for name in ("namespace", "kind", "name", "object", "ended", "who")
        }
        given["slower"] = "" if self.slower is None else f"{self.slower:g}"
        given["fight"] = "1" if self.fight else ""
        return urlencode({name: value for name, value in given.items() if value})

    def split(self) -> tuple[Filters, Filters]:
        """The filter whose index is to be walked, and those that each episode on the way is to be held against."""
        nothing = Filters()
        leads = sorted(LEADS, key=lambda names: names == ("ended",) and self.ended == Ended.CONVERGED)
        for names in leads:
            if all(getattr(self, name) for name in names):
                lead = replace(nothing, **{name: getattr(self, name) for name in names})
                rest = replace(self, **{name: getattr(nothing, name) for name in names})
                # What recovered is found among what stalled.
                return (lead, rest) if lead.ended != RECOVERED else (Filters(ended=Ended.STALLED), self)
        return nothing, self

    def query(self, now: float) -> Q:
        """As a condition on rows of episodes."""
        exact = {"namespace": self.namespace, "kind": self.kind, "name": self.name, "object": self.object}
        found = Q(**{name: value for name, value in exact.items() if value})
        if self.who:
            found &= Q(by=self.who)
        if self.fight:
            found &= Q(of="fight")
        if self.slower is not None:
            found &= Q(took__gt=self.slower) | Q(ended="", opened__lt=now - self.slower)
        return found & _ended(self.ended)


def _ended(ended: str) -> Q:
    if ended == OPEN:
        return Q(ended="")
    if ended == RECOVERED:
        return Q(ended=Ended.STALLED, recovered__isnull=False)
    return Q(ended=ended) if ended else Q()


def _text(name: str, value: str) -> str:
    if len(value) > MOST_CHARACTERS or "\x00" in value:
        raise FilterError(name, value, f"up to {MOST_CHARACTERS} characters of text")
    return value


def _seconds(value: str) -> float | None:
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < 1e9:
        raise FilterError("slower", value, "a number of seconds from 0")
    return seconds
