"""Reading a recording of a control plane, and the tracks of objects in it.

A recording is JSON lines: `{"t", "resource", "list"}` at the start, `{"t", "resource", "event": watch event}`,
`{"t", "action": "kubectl …", "stdin"}`, `{"t", "done", "rc", "output"}`, `{"t", "resource", "closed": true}`.
A replay makes the same lines, so both sides are read by the same code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Obj = dict[str, Any]


class TraceError(ValueError):
    """A file that is not a recording; says which line and why."""


@dataclass(frozen=True, slots=True)
class Action:
    """One command of the recording: when it began and ended (seconds), and its exit code."""

    command: str
    stdin: str
    at: float
    done: float
    code: int
    output: str


@dataclass(slots=True)
class Track:
    """One object over time: its states as (seconds, object), oldest first; `gone` when it was deleted."""

    resource: str
    uid: str
    name: str
    seen: list[tuple[float, Obj]] = field(default_factory=list)
    gone: float | None = None

    @property
    def first(self) -> Obj:
        """The object as first seen."""
        return self.seen[0][1]

    @property
    def last(self) -> Obj:
        """The object as last seen."""
        return self.seen[-1][1]

    @property
    def born(self) -> int:
        """The resourceVersion of its creation: the order of creation across watches."""
        return int(self.first["metadata"]["resourceVersion"])


@dataclass(slots=True)
class Recording:
    """A whole recording. `resources` in the order in which they were listed; `end` in seconds."""

    resources: list[str] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    tracks: dict[str, Track] = field(default_factory=dict)
    end: float = 0.0

    def of(self, resource: str) -> list[Track]:
        """The tracks of one resource, oldest object first."""
        return sorted((one for one in self.tracks.values() if one.resource == resource), key=lambda one: one.born)

    @property
    def namespace(self) -> str:
        """The namespace that the recording is about."""
        for action in self.actions:
            words = action.command.split()
            if "-n" in words[:-1]:
                return words[words.index("-n") + 1]
        for track in self.tracks.values():
            if track.first["metadata"].get("namespace"):
                return str(track.first["metadata"]["namespace"])
        return "default"

    def add(self, line: Obj) -> None:
        """Take one line in. Raises KeyError or TypeError when it has not the form of one."""
        at = float(line["t"])
        self.end = max(self.end, at)
        if "list" in line:
            self._listed(line["resource"], at, line["list"])
        elif "event" in line:
            self._changed(line["resource"], at, line["event"])

    def _listed(self, resource: str, at: float, listed: Obj) -> None:
        if resource not in self.resources:
            self.resources.append(resource)
        for obj in listed.get("items") or ():
            self._see(resource, at, obj)

    def _changed(self, resource: str, at: float, event: Obj) -> None:
        if event["type"] in ("BOOKMARK", "ERROR"):
            return
        if resource not in self.resources:
            self.resources.append(resource)
        track = self._see(resource, at, event["object"])
        if event["type"] == "DELETED":
            track.gone = at

    def _see(self, resource: str, at: float, obj: Obj) -> Track:
        uid = obj["metadata"]["uid"]
        track = self.tracks.get(uid)
        if track is None:
            track = self.tracks[uid] = Track(resource, uid, obj["metadata"]["name"])
        track.seen.append((at, obj))
        return track


def read(path: Path) -> Recording:
    """Read a recording. Raises OSError, and TraceError for what is not one."""
    with path.open(encoding="utf-8") as lines:
        return parse(lines, str(path))


def parse(lines: Iterable[str], name: str) -> Recording:
    """Read a recording's lines; `name` is for the error."""
    recording = Recording()
    pending: Obj | None = None
    for number, line in _json(lines, name):
        try:
            if "action" in line:
                pending = line
            elif "done" in line and pending is not None:
                recording.actions.append(_action(pending, line))
                pending = None
            recording.add(line)
        except (KeyError, TypeError, ValueError) as error:
            raise TraceError(f"{name}: line {number} is not a line of a recording: {error!r}") from error
    if pending is not None:
        recording.actions.append(_action(pending, {"t": recording.end, "rc": 0}))
    if not recording.resources or not recording.actions:
        raise TraceError(f"{name} is not a recording: it has no lists or no actions")
    return recording


def _json(lines: Iterable[str], name: str) -> Iterator[tuple[int, Obj]]:
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError as error:
            raise TraceError(f"{name}: line {number} is not JSON: {error}") from error
        if not isinstance(line, dict):
            raise TraceError(f"{name}: line {number} is not a JSON object")
        yield number, line


def _action(began: Obj, ended: Obj) -> Action:
    return Action(
        str(began["action"]),
        str(began.get("stdin") or ""),
        float(began["t"]),
        float(ended["t"]),
        int(ended.get("rc", 0)),
        str(ended.get("output") or ""),
    )
