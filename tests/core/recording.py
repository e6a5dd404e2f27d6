"""Plays a recording of a real control plane into the engine, event by event, with relatives digested."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from dashboard.core.model import Assessment, EventNote, Relative
from dashboard.core.relatives import digest, event_note
from dashboard.core.scoring import latest
from dashboard.core.verdict import assess

Moment = tuple[float, str, str]


class Replay:
    """What was said of every object, in order: `said["Deployment/web"]` is a list of (time, verdict, cause)."""

    def __init__(self, path: Path) -> None:
        self.said: dict[str, list[Moment]] = defaultdict(list)
        self.actions: list[tuple[float, str]] = []
        self._objects: dict[str, dict[str, Any]] = {}
        self._relatives: dict[str, Relative] = {}
        self._notes: dict[str, list[EventNote]] = defaultdict(list)
        self._due: dict[str, float] = {}
        self._offset: float | None = None
        for line in path.open("rb"):
            entry = orjson.loads(line)
            if "action" in entry:
                self.actions.append((entry["t"], entry["action"]))
            elif "event" in entry:
                self._event(entry["t"], entry["event"])

    def verdicts(self, name: str, since: float = 0.0) -> list[str]:
        """The verdicts of `Kind/name` in order, repeats dropped, from a time of the recording on."""
        found: list[str] = []
        for at, verdict, _ in self.said[name]:
            if at >= since and (not found or found[-1] != verdict):
                found.append(verdict)
        return found

    def judged(self, obj: dict[str, Any], said: Assessment, now: float) -> None:
        """What else to do with each assessment."""

    def _event(self, t: float, event: dict[str, Any]) -> None:
        obj = event["object"]
        if event["type"] not in ("ADDED", "MODIFIED", "DELETED"):
            return
        now = self._now(t, obj)
        for uid in [uid for uid, at in self._due.items() if at <= now]:
            self._judge(uid, t, self._due.pop(uid))
        if obj["kind"] == "Event":
            note = event_note(obj)
            if note is not None:
                self._notes[note.about_uid].append(note)
                self._judge(note.about_uid, t, now)
            return
        uid = obj["metadata"]["uid"]
        if event["type"] == "DELETED":
            self._objects.pop(uid, None)
            self._relatives.pop(uid, None)
            self._due.pop(uid, None)
            for owner in _owners(obj):
                self._judge(owner, t, now)
            return
        self._objects[uid] = obj
        self._judge(uid, t, now)

    def _now(self, t: float, obj: dict[str, Any]) -> float:
        """The recording's clock as Unix seconds: no object is stamped later than it is seen."""
        stamped = latest({**obj, "spec": None})
        if stamped is not None and obj["metadata"].get("deletionTimestamp") is None:
            behind = stamped - t
            if self._offset is None or (behind > self._offset and behind - self._offset < 5):
                self._offset = behind
        return (self._offset or 0.0) + t

    def _judge(self, uid: str, t: float, now: float) -> None:
        obj = self._objects.get(uid)
        if obj is None:
            return
        children = [each for each in self._relatives.values() if each.owner_uid == uid]
        said = assess(obj, now, [*children, *self._notes[uid]])
        self.judged(obj, said, now)
        self._relatives[uid] = digest(obj, said)
        if said.recheck_at is not None:
            self._due[uid] = said.recheck_at
        else:
            self._due.pop(uid, None)
        self.said[f"{obj['kind']}/{obj['metadata']['name']}"].append((t, said.verdict.value, _sentence(said)))
        for owner in _owners(obj):
            self._judge(owner, t, now)


def _owners(obj: dict[str, Any]) -> Iterator[str]:
    for reference in obj["metadata"].get("ownerReferences") or []:
        yield reference["uid"]


def _sentence(said: Assessment) -> str:
    return said.cause.sentence if said.cause is not None else ""
