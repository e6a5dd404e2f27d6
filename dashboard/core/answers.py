"""Pairs for any kind, without knowing it: what a provider reports, the same path in the status, names that answer
each other, and the conditions that are wanted.

Only what the spec itself says is a wish: a field that only the status has was defaulted, and is no gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from dashboard.core.affixes import COUNTS, answered, inner, mirror, wished
from dashboard.core.compare import TREES, is_empty, same
from dashboard.core.conditions import read_conditions
from dashboard.core.differences import key_of_list
from dashboard.core.objects import plain
from dashboard.core.polarity import Polarity, polarity
from dashboard.core.sheet import Sheet
from dashboard.core.words import NEGATIONS, Sense, tokens, word_sense

DEEPEST = 8
MOST_FIELDS = 400
"""Fields of one level that are looked at."""

MOST_PAIRS = 60
MOST_CONDITIONS = 30
LABEL = 100
PATH = 300

SKIPPED = frozenset({"conditions", "template", "podTemplate", "status", "observedGeneration", "initProvider"})
"""Fields of a spec that no status answers, whatever stands at the same path."""


class Spot(NamedTuple):
    """Where a walk stands: the desired field's path, the label shown, how it is answered there ("" by its own name)."""

    path: str
    label: str = ""
    how: str = ""
    depth: int = 0

    def field(self, name: str) -> Spot:
        """A field of the object here."""
        return Spot(f"{self.path}.{name}", f"{self.label}.{name}" if self.label else name, self.how, self.depth + 1)

    def entry(self, key: str, value: Any) -> Spot:
        """The entry of the list here whose `key` is `value`."""
        shown = plain(str(value), 60)
        return Spot(f'{self.path}[{key}="{shown}"]', f"{self.label}[{shown}]", self.how, self.depth + 1)


def answers(sheet: Sheet) -> None:
    """The rows of an object of any kind, in the order of trust."""
    spec, status = sheet.spec, sheet.status
    walk = Walk(sheet)
    provider, at_provider = spec.get("forProvider"), status.get("atProvider")
    if isinstance(provider, dict) and isinstance(at_provider, dict):
        walk.level(provider, at_provider, Spot("spec.forProvider"))
    walk.level(spec, status, Spot("spec"))
    for name, below in status.items():
        how = mirror(name) if isinstance(below, dict) and isinstance(name, str) else ""
        if how and len(set(spec) & set(below)) >= 2:
            walk.level(spec, below, Spot("spec", how=how))
    walk.within(status)
    wanted_conditions(sheet)


class Walk:
    """Walks a wish and what answers it, side by side."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.seen: set[tuple[str, str]] = set()

    def level(self, want: Mapping[str, Any], have: Mapping[str, Any], at: Spot) -> None:
        """One level of both: equal names first, then names that answer a name."""
        if at.depth > DEEPEST or len(want) > MOST_FIELDS or len(have) > MOST_FIELDS:
            return
        for name, value in want.items():
            if not isinstance(name, str) or name in SKIPPED or is_empty(value):
                continue
            if name in have:
                self.pair(value, have[name], at.field(name), name)
                continue
            other = wished(name)
            if other and other in have:
                self.pair(value, have[other], at.field(name), other)
        if not at.how:
            self.named(want, have, at)

    def pair(self, want: Any, have: Any, at: Spot, name: str) -> None:
        """One field: a row where the values can be compared, a level down where they are trees."""
        if isinstance(want, dict):
            if isinstance(have, dict):
                self.level(want, have, at)
            return
        if isinstance(want, list) and isinstance(want[0], dict):
            if isinstance(have, list):
                self.lists(want, have, at)
            return
        if have is None or (type(want) is int and want == 0 and have != 0 and at.how and name not in COUNTS):
            return  # unanswered so far; or left to a default, which 0 asks for in many a spec
        self.row(want, have, at, name)

    def lists(self, want: list[Any], have: list[Any], at: Spot) -> None:
        """Lists of objects, merged by the field that tells their entries apart."""
        if len(want) > MOST_FIELDS or len(have) > MOST_FIELDS:
            return
        key = key_of_list(want, have)
        if key is None:
            return
        found = {each[key]: each for each in have}
        for each in want:
            other = found.get(each[key])
            if other is not None:
                rest = {name: value for name, value in each.items() if name != key}
                self.level(rest, other, at.entry(key, each[key]))

    def named(self, want: Mapping[str, Any], have: Mapping[str, Any], at: Spot) -> None:
        """Names that answer each other on one level."""
        for name, value in have.items():
            if not isinstance(name, str) or isinstance(value, TREES) or value is None:
                continue
            base, how = answered(name) or (_counted(name, value, want), name)
            if not base or is_empty(want.get(base)) or isinstance(want[base], TREES):
                continue
            if base in SKIPPED or (how == "current" and f"updated{base[:1].upper()}{base[1:]}" in have):
                continue  # of a rolling update, `current` counts what is still of the old revision
            self.row(want[base], value, at.field(base)._replace(how=how), base)

    def within(self, status: Mapping[str, Any]) -> None:
        """A wish that the status writes down beside what there is."""
        for name, value in list(status.items())[:MOST_FIELDS]:
            if not isinstance(name, str) or is_empty(value) or isinstance(value, TREES):
                continue
            for other, label, how in inner(name):
                have = status.get(other)
                if have is not None and not isinstance(have, TREES):
                    self.row(value, have, Spot(f"status.{name}", label, how), "")

    def row(self, want: Any, have: Any, at: Spot, name: str) -> None:
        """Write the row, unless the values are not of one kind or the field has one already."""
        if (at.path, at.how) in self.seen or len(self.seen) >= MOST_PAIRS:
            return
        agree = same(want, have, name)
        if agree is None:
            return
        self.seen.add((at.path, at.how))
        label = plain(f"{at.label} · {at.how}" if at.how else at.label, LABEL)
        self.sheet.add(label, plain(at.path, PATH), _shown(want), _shown(have), not agree)


def _counted(name: str, value: Any, want: Mapping[str, Any]) -> str:
    """The count that a bare `ready: 2` answers, when there is exactly one."""
    if name not in ("ready", "available", "updated") or type(value) is not int:
        return ""
    counts = [each for each in COUNTS if type(want.get(each)) is int]
    return counts[0] if len(counts) == 1 else ""


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value, 300)
    if isinstance(value, list):
        return [plain(each, 100) if isinstance(each, str) else each for each in value[:20]]
    return value if not isinstance(value, int) or abs(value) < 2**53 else str(value)[:40]


def wanted_conditions(sheet: Sheet) -> None:
    """Conditions that should be True, and those of failure that are.

    A type that speaks of success and failure at once (`OnFailureHooksCompleted`) is wanted neither way.
    """
    for condition in read_conditions(sheet.status)[:MOST_CONDITIONS]:
        has, meaning = condition.status, polarity(condition.type)
        if meaning is Polarity.GOOD and has and not _torn(condition.type):
            wanted = "True"
        elif meaning is Polarity.BAD and has == "True":
            wanted = "False"
        else:
            continue
        label = f"condition · {plain(condition.type, LABEL)}"
        sheet.add(label, "", wanted, has, has != wanted, dated=(condition.since, False))


@lru_cache(maxsize=2048)
def _torn(type_: str) -> bool:
    words = tokens(type_)
    return any(word_sense(word) is Sense.BAD for word in words) and NEGATIONS.isdisjoint(words)
