"""What a browser keeps of the frames it gets: the reference for what they mean."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from dashboard.live.hub import Hub
from dashboard.live.session import Session
from dashboard.live.topics import apply_delta

Frame = dict[str, Any]


@dataclass
class Picture:
    """One topic as a browser shows it."""

    rev: int = 0
    rows: tuple[Frame, ...] = ()
    about: Frame = field(default_factory=dict)
    frames: int = 0
    holes: int = 0
    lost: bool = False


class Browser:
    """Reads a session's frames by the protocol's rules; `drop` throws the next ones away, as a broken proxy would."""

    def __init__(self, *hubs: Hub, may_edit: bool = True) -> None:
        known = {hub.name: hub for hub in hubs}
        self.session = Session(known.get, may_edit=may_edit)
        self.topics: dict[int, str] = {}
        self.pictures: dict[str, Picture] = {}
        self.errors: list[Frame] = []
        self.freshness: list[Frame] = []
        self.views: dict[str, list[Any]] = {}

    def send(self, **message: Any) -> None:
        self.session.receive(json.dumps(message))

    def read(self, limit: int = 1_000_000, *, drop: bool = False) -> int:
        """Read up to `limit` frames; returns how many there were."""
        count = 0
        while count < limit and (text := self.session.viewer.pop()) is not None:
            count += 1
            frame = json.loads(text)
            if drop and frame["t"] in ("window", "delta"):
                self.pictures[frame["topic"]].lost = True
            else:
                getattr(self, f"_{frame['t']}")(frame)
        return count

    def picture(self, id: int) -> Picture:
        return self.pictures[self.topics[id]]

    def shown(self, id: int) -> list[str]:
        return [row["id"] for row in self.picture(id).rows]

    def _opened(self, frame: Frame) -> None:
        self.topics[frame["id"]] = frame["topic"]
        self.pictures.setdefault(frame["topic"], Picture())

    def _window(self, frame: Frame) -> None:
        picture = self.pictures[frame["topic"]]
        assert [row["id"] for row in frame["rows"]] == list(dict.fromkeys(row["id"] for row in frame["rows"]))
        picture.rev, picture.rows = frame["rev"], tuple(frame["rows"])
        self._about(picture, frame)

    def _delta(self, frame: Frame) -> None:
        picture = self.pictures[frame["topic"]]
        if frame["prev"] != picture.rev:
            picture.holes += 1
            for id, topic in self.topics.items():
                if topic == frame["topic"]:
                    self.send(op="resync", id=id)
            return
        picture.rev, picture.rows = frame["rev"], apply_delta(picture.rows, frame)
        self._about(picture, frame)

    def _about(self, picture: Picture, frame: Frame) -> None:
        picture.frames += 1
        picture.lost = False
        picture.about = {name: frame[name] for name in ("total", "counts", "objects")}

    def _object(self, frame: Frame) -> None:
        self.views.setdefault(frame["topic"], []).append(frame["view"])
        self.pictures[frame["topic"]].rev = frame["rev"]

    def _freshness(self, frame: Frame) -> None:
        self.freshness.append(frame)

    def _error(self, frame: Frame) -> None:
        self.errors.append(frame)
