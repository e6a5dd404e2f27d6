"""`profiles.yaml`: the few kinds whose words general reading cannot know. Data, no code; read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from dashboard.core.conditions import is_count
from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import text
from dashboard.core.subject import Finding, Subject, as_mapping
from dashboard.core.words import Sense, sense

PATH = Path(__file__).with_name("profiles.yaml")
MOST = 15
BY_SENSE = {
    Sense.GOOD: Verdict.CONVERGED,
    Sense.WORKING: Verdict.CONVERGING,
    Sense.BAD: Verdict.STALLED,
    Sense.PAUSED: Verdict.SUSPENDED,
}
"""What a word's sense makes of the object that says it of itself."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One entry; the meaning of its fields stands at the top of the file."""

    groups: tuple[str, ...]
    reason: str
    kinds: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()
    words: Mapping[str, Verdict] = field(default_factory=dict)
    absent: Verdict | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    verdict: Verdict | None = None

    def fits(self, group: str, kind: str) -> bool:
        """Whether the entry is about this kind."""
        if self.kinds and kind not in self.kinds:
            return False
        return any(group == each or (each[:2] == "*." and group.endswith(each[1:])) for each in self.groups)


class ProfileError(ValueError):
    """The data file is malformed: names the entry and the field."""


@lru_cache(maxsize=1)
def profiles() -> tuple[Profile, ...]:
    """All entries. Raises ProfileError for a malformed file."""
    return tuple(_parse(number, entry) for number, entry in enumerate(yaml.safe_load(PATH.read_text("utf-8")), 1))


@lru_cache(maxsize=1024)
def profile_for(group: str, kind: str) -> Profile | None:
    """The entry about a kind, None for nearly all of them."""
    return next((each for each in profiles() if each.fits(group, kind)), None)


def by_profile(subject: Subject) -> Finding | None:
    """What the kind's profile says, None where it has none or the profile says nothing of this object."""
    profile = profile_for(subject.group, subject.kind) if "." in subject.group else None
    if profile is None:
        return None
    if any(_first(subject.obj, path) != value for path, value in profile.where.items()):
        return None
    if profile.verdict is not None:
        return Finding(profile.verdict, "NoLoop")
    if not subject.status:
        return None
    for path in profile.fields:
        value = _first(subject.obj, path)
        if value:
            return _worded(profile, path, value)
    return _finding(profile.absent, "NotReported", "nothing reported yet") if profile.absent is not None else None


def _worded(profile: Profile, path: str, value: str) -> Finding | None:
    told = sense(value)
    verdict = profile.words.get(value) or (BY_SENSE[told] if told is not None else None)
    return _finding(verdict, value, f"{path} is {value}") if verdict is not None else None


def _finding(verdict: Verdict, reason: str, sentence: str) -> Finding:
    return Finding(verdict, reason, None if verdict is Verdict.CONVERGED else Cause(sentence, reason=reason))


def _first(obj: Mapping[str, Any], path: str) -> str:
    """The first scalar at a path as text, `…` for anything that is not one, "" where there is nothing."""
    for value in _at(obj, path.split(".")):
        if isinstance(value, str):
            return text(value, 100)
        if isinstance(value, bool):
            return str(value).lower()
        if is_count(value):
            return str(value)
        if value:
            return "…"
    return ""


def _at(value: Any, steps: list[str]) -> Iterator[Any]:
    if not steps:
        yield value
    elif isinstance(value, Mapping):
        if steps[0] == "*":
            for inner in list(value.values())[:20]:
                yield from _at(inner, steps[1:])
        elif steps[0] in value:
            yield from _at(value[steps[0]], steps[1:])


def _parse(number: int, entry: Any) -> Profile:
    raw = as_mapping(entry)
    for name in ("groups", "reason"):
        if not raw.get(name):
            raise ProfileError(f"{PATH.name}, entry {number}: {name} is missing")
    try:
        return Profile(
            groups=tuple(raw["groups"]),
            reason=raw["reason"],
            kinds=frozenset(raw.get("kinds", ())),
            fields=tuple(raw.get("fields", ())),
            words={word: Verdict(verdict) for word, verdict in raw.get("words", {}).items()},
            absent=Verdict(raw["absent"]) if "absent" in raw else None,
            where=dict(raw.get("where", {})),
            verdict=Verdict(raw["verdict"]) if "verdict" in raw else None,
        )
    except ValueError as error:
        raise ProfileError(f"{PATH.name}, entry {number}: {error}") from error
