"""Feeds recordings of a real control plane to a board and collects the episodes that it tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.core.model import Episode
from dashboard.core.objects import ResourceType
from dashboard.live.board import Board
from tests.live.test_traces import Line, Replay, lines

AFTER = 30
"""Seconds for which time goes on when a recording has ended: what must hold has held, what lingers is settled."""


class Told(Replay):
    """A recording lived through, and the last word on each episode. Streams may be late by some seconds each."""

    def __init__(self, trace: str, late: Mapping[str, float] | None = None) -> None:
        self.episodes: dict[str, Episode] = {}
        self._late = late or {}
        super().__init__(trace)
        for _ in range(AFTER):
            self.clock.now += 1
            self.board.tick(self.clock.now)

    def recorded(self, trace: str) -> list[Line]:
        found = list(lines(trace))
        # A stream keeps its own order; sorting is stable.
        return sorted(found, key=self._at)

    def begin(self) -> None:
        assert self.board.recorder is not None
        self.board.recorder.on_episode = lambda episode, row: self.episodes.update({episode.key: episode})

    def _at(self, line: Line) -> float:
        late = self._late.get(line.get("resource", ""), 0.0) if "event" in line else 0.0
        return float(line["t"] + late)

    def begin_anew(self) -> None:
        """End the process that watches, and let another go on from what is kept and from lists."""
        assert self.board.recorder is not None
        opened = [episode for episode, _ in self.board.recorder.open()]
        self.board = Board(self.clock)
        self.begin()
        self.board.recorder.resume(opened)
        self.list_again()

    def list_again(self) -> None:
        """List every kind, as after a watch that was cut off for too long."""
        kinds: dict[ResourceType, list[Line]] = {}
        for resource, obj in self.objects.values():
            kinds.setdefault(resource, []).append(obj)
        for resource, objects in kinds.items():
            self.board.begin(resource)
            self.board.page(resource, objects)
            self.board.end(resource)
        self.board.tick(self.clock.now)

    def told(self) -> list[dict[str, Any]]:
        """The episodes in order of opening, as the table has them: times in seconds since the episode opened."""
        ordered = sorted(self.episodes.values(), key=lambda each: (each.opened, each.object, each.kind))
        return [self._line(each) for each in ordered]

    def _line(self, episode: Episode) -> dict[str, Any]:
        return {
            "object": "/".join(episode.object.split("/")[1::2]),
            "kind": episode.kind,
            "opened": self._second(episode.opened),
            "ended": str(episode.ended),
            "hops": " ".join(f"{hop.name}+{int(hop.at - episode.opened)}" for hop in episode.hops),
            "changes": [f"{each.path} {each.before} > {each.after}" for each in episode.changes],
        }

    def _second(self, at: float) -> int:
        return int(at - int(self.start))
