"""The verdict on one replay: which objects differ, and how, for people and for programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.sandbox.replay_compare import GONE, Story, compare, tell
from dashboard.sandbox.replay_match import exchanged, labels, named_in, translated, translation
from dashboard.sandbox.replay_run import Outcome
from dashboard.sandbox.replay_states import CUSTOM, Kind, kind_of
from dashboard.sandbox.replay_trace import Obj, Recording, Track

LINE = 1000
"""Characters of one printed difference: a recording may hold a value of any length."""


@dataclass(slots=True)
class Compared:
    """One object: its label, both stories, what differs."""

    label: str
    recorded: Story | None
    replayed: Story | None
    differences: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """One recording's result."""

    trace: str
    objects: list[Compared] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What is wrong and belongs to no object: exit codes, kinds that are not compared."""

    @property
    def ok(self) -> bool:
        """Whether the replay went as the recording did."""
        return not self.problems and not any(one.differences for one in self.objects)

    def json(self) -> Obj:
        """Everything, for --json."""
        objects = [
            {
                "object": one.label,
                "recorded_name": one.recorded.name if one.recorded else None,
                "replayed_name": one.replayed.name if one.replayed else None,
                "recorded": _sequence(one.recorded),
                "replayed": _sequence(one.replayed),
                "differences": one.differences,
            }
            for one in self.objects
        ]
        return {"trace": self.trace, "ok": self.ok, "problems": self.problems, "objects": objects}

    def text(self) -> str:
        """For people: one line when all is well, else the differences."""
        if self.ok:
            return f"{self.trace}: as recorded ({len(self.objects)} objects)"
        lines = [f"{self.trace}: differs", *(f"  {problem}" for problem in self.problems)]
        for one in self.objects:
            lines += [f"  {one.label}: {difference}" for difference in one.differences]
        return "\n".join(line if len(line) <= LINE else f"{line[: LINE - 1]}…" for line in lines)


def _sequence(story: Story | None) -> list[Obj]:
    if story is None:
        return []
    return [
        {"t": round(at, 3)} | {name: value for name, value in state.items() if not name.startswith("_")}
        for at, state in story.states
    ]


class Judge:
    """Compares one outcome with its recording."""

    def __init__(self, trace: str, recorded: Recording, outcome: Outcome) -> None:
        self._report = Report(trace)
        self._recorded = recorded
        self._replayed = outcome.recording
        self._outcome = outcome
        self._labels = labels(recorded), exchanged(labels(outcome.recording), outcome.swaps)
        self._customs = _customs(recorded)
        self._names = translation(recorded, outcome.recording, outcome.swaps)

    def report(self) -> Report:
        """The whole comparison."""
        self._commands()
        for resource in self._recorded.resources:
            if resource == "events":
                continue
            kind = kind_of(resource, self._customs)
            if kind is None:
                if self._recorded.of(resource):
                    self._report.problems.append(f"{resource} were recorded and are not compared")
                continue
            self._resource(resource, kind)
        if "events" in self._recorded.resources:
            self._events()
        return self._report

    def _commands(self) -> None:
        for action, finished in zip(self._recorded.actions, self._outcome.finished, strict=True):
            if action.code != finished.code:
                said = finished.output.strip().splitlines()[-1:] or [""]
                self._report.problems.append(
                    f"exit code {finished.code} instead of {action.code}: {action.command} ({said[0]})"
                )

    def _stories(self, recording: Recording, resource: str, kind: Kind, names: Mapping[str, str]) -> dict[str, Story]:
        def label(uid: str) -> str:
            return names.get(uid, "")

        return {
            names[track.uid]: tell(
                track, ((at, kind.state(obj, label)) for at, obj in track.seen), track.name, recording.end
            )
            for track in recording.of(resource)
        }

    def _resource(self, resource: str, kind: Kind) -> None:
        theirs = self._stories(self._recorded, resource, kind, self._labels[0])
        ours = self._stories(self._replayed, resource, kind, self._labels[1])
        pairs = [Compared(label, story, ours.get(label)) for label, story in theirs.items()]
        for one in pairs:
            if one.recorded is not None and one.replayed is not None:
                one.differences = compare(one.recorded, one.replayed, kind)
        self._exchange_siblings(pairs, kind)
        for one in pairs:
            if one.replayed is None:
                one.differences = ["was recorded, and did not come into being"]
        extra = [
            Compared(label, None, ours[label], ["came into being, and was not recorded"])
            for label in ours
            if label not in theirs
        ]
        self._report.objects += pairs + extra

    def _exchange_siblings(self, pairs: list[Compared], kind: Kind) -> None:
        """Among siblings that differ, give each the story that fits it, where there is one."""
        fixed = named_in(self._recorded)
        loose = [
            one
            for one in pairs
            if one.differences
            and one.recorded
            and one.replayed
            and one.recorded.track
            and one.recorded.track.uid not in fixed
        ]
        for one in loose:
            for other in loose:
                if not one.differences or other is one or not other.differences or not _siblings(one, other):
                    continue
                _swap_if_better(one, other, kind)

    def _events(self) -> None:
        theirs = _said(self._recorded, self._labels[0], self._names)
        ours = _said(self._replayed, self._labels[1], {})
        for label in sorted(theirs.keys() | ours.keys()):
            missing = theirs.get(label, set()) - ours.get(label, set())
            extra = ours.get(label, set()) - theirs.get(label, set())
            differences = [f"Event was recorded only: {' '.join(one)}" for one in sorted(missing)]
            differences += [f"Event was replayed only: {' '.join(one)}" for one in sorted(extra)]
            compared = Compared(
                f"events of {label}", _event_story(theirs, label), _event_story(ours, label), differences
            )
            self._report.objects.append(compared)


def _siblings(one: Compared, other: Compared) -> bool:
    return one.label.rpartition("[")[0] == other.label.rpartition("[")[0] and one.label.endswith("]")


def _swap_if_better(one: Compared, other: Compared, kind: Kind) -> None:
    if one.recorded is None or other.recorded is None or one.replayed is None or other.replayed is None:
        return
    mine = compare(one.recorded, other.replayed, kind)
    its = compare(other.recorded, one.replayed, kind)
    if len(mine) + len(its) < len(one.differences) + len(other.differences):
        one.replayed, other.replayed = other.replayed, one.replayed
        one.differences, other.differences = mine, its


def _customs(recorded: Recording) -> frozenset[str]:
    return frozenset(track.first["spec"]["names"]["plural"] for track in recorded.of("customresourcedefinitions"))


Said = tuple[str, str, str, str]
"""(type, reason, component, message)."""


def _said(recording: Recording, names: Mapping[str, str], translations: Mapping[str, str]) -> dict[str, set[Said]]:
    """Object → what was said about it, with names made equal and chance left out."""
    found: dict[str, set[Said]] = {}
    for track in recording.of("events"):
        event = track.last
        about = event["involvedObject"]
        label = names.get(about.get("uid", "")) or f"{about['kind']}/{about['name']}"
        group = re.sub(r"\[\d+\]$", "[…]", label)
        for message in {plain(event["reason"], one.get("message", "")) for _, one in track.seen}:
            text = translated(message, translations)
            if event["reason"] != "Pulling" or "missing" in text:
                said = (event.get("type", ""), event["reason"], _component(event), text)
                found.setdefault(group, set()).add(said)
    return found


def _component(event: Obj) -> str:
    """Who says it; Events combined from several name it in `source` alone."""
    return str(event.get("reportingComponent") or (event.get("source") or {}).get("component", ""))


def plain(reason: str, message: str) -> str:
    """The message without what is chance: steps of a scaling, the node and its images, names of siblings, uids."""
    message = message.removeprefix("(combined from similar events): ")
    if reason == "ScalingReplicaSet":
        return re.sub(r" from \d+ to \d+$", "", message)
    if reason == "Scheduled":
        return "Successfully assigned"
    if reason == "Pulled":
        return re.sub(r'^.*"([^"]*)".*$', r"has \1", message)
    if reason in ("SuccessfulCreate", "SuccessfulDelete"):
        return re.sub(r"-[a-z0-9]{5}$", "-…", message)
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "…", message)


def _event_story(said: Mapping[str, set[Said]], label: str) -> Story | None:
    if label not in said:
        return None
    story = Story(label, None)
    names = ("type", "reason", "component", "message")
    story.states = [(0.0, dict(zip(names, one, strict=True))) for one in sorted(said[label])]
    return story


__all__ = ["CUSTOM", "GONE", "Compared", "Judge", "Report", "Track", "plain"]
