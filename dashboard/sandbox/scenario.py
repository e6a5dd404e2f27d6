"""Scenarios: one way to break each, as a YAML file in `scenarios/`. What they may hold, and reading them.

A file has a `title`, `teaches` (one sentence), `steps` in order, and `expects`: which object a viewer must find not
converged, with which verdict, and what its cause must say. Everything happens in a namespace of the file's name, apart
from objects without a namespace. A step is one of

    apply      a list of objects, created or changed
    wait       object, and condition | path with equals | gone; or seconds of the imitated world
    patch      object, patch (a JSON merge patch), subresource
    delete     object
    drain      a Node's name: cordoned, and its Pods of the namespace evicted as far as their budgets allow
    refused    an object that the API must refuse, and `says`: a text of its refusal
    pause, slow    a loop's name (and `delay` in seconds), for the namespace only
    refuse     webhook, message, kinds: a stand-in admission webhook, for the namespace only
    store      a Bucket, and `faults` of its store or what to `put` there by hand
    repeat     times, every (seconds), steps

and may name who does it in `by` (a field manager). An object is named `Kind/name`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dashboard.sandbox.faults import unknown

FOLDER = Path(__file__).with_name("scenarios")

VERBS: Mapping[str, frozenset[str]] = {
    "apply": frozenset(),
    "wait": frozenset({"condition", "path", "equals", "gone"}),
    "patch": frozenset({"patch", "subresource"}),
    "delete": frozenset(),
    "drain": frozenset(),
    "refused": frozenset({"says"}),
    "pause": frozenset(),
    "slow": frozenset({"delay"}),
    "refuse": frozenset({"message", "kinds"}),
    "store": frozenset({"faults", "put"}),
    "repeat": frozenset({"every", "steps"}),
}
"""What a step does, and which fields beside `by` it has."""

VERDICTS = frozenset({"converged", "converging", "stalled", "suspended", "terminating", "unknown"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its verb, the verb's own value (an object's name, a list of objects …), its other fields."""

    verb: str
    value: Any
    fields: Mapping[str, Any]
    by: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a viewer must say: of `object` the verdict, a text of its cause, and the object at fault (`Kind/name`, or
    its beginning; "" for the object itself). `after` seconds: only time makes it certain.
    """

    object: str
    verdict: str
    cause: str
    at: str
    after: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to break. `name` is the file's, and the namespace's."""

    name: str
    title: str
    teaches: str
    steps: tuple[Step, ...]
    expects: tuple[Expectation, ...]

    def describe(self) -> dict[str, Any]:
        """What lists and pages need of it."""
        fields = Expectation.__slots__
        expects = [{name: getattr(each, name) for name in fields} for each in self.expects]
        return {"name": self.name, "title": self.title, "teaches": self.teaches, "expects": expects}


@functools.cache
def scenarios() -> Mapping[str, Scenario]:
    """All of them, by name. Raises ValueError naming the file that is not as it must be."""
    return {path.stem: read(path.stem, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}


def find(name: str) -> Scenario:
    """One of them. Raises ApiFailure 404 naming those that are close."""
    known = scenarios()
    if name not in known:
        raise unknown("scenario", name, known)
    return known[name]


def read(name: str, text: str) -> Scenario:
    """The scenario in a file's text. Raises ValueError naming what is wrong."""
    content = yaml.safe_load(text)
    if not isinstance(content, dict) or set(content) != {"title", "teaches", "steps", "expects"}:
        raise ValueError(f"{name}: must have title, teaches, steps, expects and nothing else")
    steps = tuple(_step(name, each) for each in content["steps"])
    expects = tuple(_expectation(name, each) for each in content["expects"])
    if not steps or not expects:
        raise ValueError(f"{name}: steps and expects must not be empty")
    return Scenario(name, str(content["title"]), " ".join(str(content["teaches"]).split()), steps, expects)


def _step(name: str, given: Any) -> Step:
    verbs = [verb for verb in VERBS if isinstance(given, dict) and verb in given]
    # A patch has its object in `object` and itself in `patch`; so have `wait` and `delete` theirs.
    if len(verbs) != 1:
        raise ValueError(f"{name}: {given!r} must have exactly one of {', '.join(VERBS)}")
    verb = verbs[0]
    extra = set(given) - {verb, "by", "object"} - VERBS[verb]
    if extra:
        raise ValueError(f"{name}: {verb} has no {', '.join(sorted(extra))}")
    fields = {key: value for key, value in given.items() if key not in (verb, "by", "steps")}
    if verb == "repeat":
        fields["steps"] = tuple(_step(name, each) for each in given["steps"])
    return Step(verb, given[verb], fields, str(given.get("by", "kubectl")))


def _expectation(name: str, given: Any) -> Expectation:
    if not isinstance(given, dict) or not {"object", "verdict"} <= set(given):
        raise ValueError(f"{name}: {given!r} must have at least object and verdict")
    extra = set(given) - {"object", "verdict", "cause", "at", "after"}
    if extra or given["verdict"] not in VERDICTS:
        raise ValueError(f"{name}: {given!r} has a verdict that is none, or {', '.join(sorted(extra))}")
    cause, at, after = str(given.get("cause", "")), str(given.get("at", "")), int(given.get("after", 0))
    return Expectation(str(given["object"]), str(given["verdict"]), cause, at, after)
