"""`bench queries`: what an event costs as the board grows and as more people look at the same query."""

from __future__ import annotations

import time
from typing import Any

from dashboard.cluster import collector
from dashboard.cluster.reading import read_event, read_page
from dashboard.live.board import Board
from dashboard.live.hub import Hub
from dashboard.live.query import Query
from dashboard.live.results import SLICE
from dashboard.live.viewer import Viewer
from dashboard.management.benchmarks import workers
from dashboard.management.benchmarks.blocks import KINDS, PODS, blocks_for, events, items
from dashboard.management.benchmarks.mirroring import still_live

BOUND = 1.3
SIZES = (1_000, 10_000, 57_500)
VIEWERS = (1, 100, 1_000)
EVENTS = 1_200
AMONG = 200
ROUNDS = 5
PER_STEP = 8
"""Events between two steps of the hub at 200 a second."""

QUERIES = (Query(), Query(kind="Pod"), Query(q="web"))


def measure(objects: int | None = None, viewers: int | None = None, count: int = EVENTS) -> dict[str, Any]:
    """The dearest event ÷ the cheapest, over boards of growing size and over growing numbers of viewers."""
    sizes = [each for each in SIZES if each < (objects or SIZES[-1])] + [objects or SIZES[-1]]
    crowds = [each for each in VIEWERS if each < (viewers or VIEWERS[-1])] + [viewers or VIEWERS[-1]]
    by_size = _curve([(each, 1) for each in sizes], count)
    by_crowd = _curve([(sizes[0], each) for each in crowds], count)
    size_ratio, crowd_ratio = (each[-1]["event"] / each[0]["event"] for each in (by_size, by_crowd))
    ratio = max(size_ratio, crowd_ratio)
    return {
        "benchmark": "queries",
        "ratio": round(ratio, 3),
        "floor": round(by_size[0]["event"], 1),
        "bound": BOUND,
        "ok": ratio <= BOUND,
        "unit": "CPU µs an event, of the smallest board with one viewer",
        "ratio_by_objects": round(size_ratio, 3),
        "ratio_by_viewers": round(crowd_ratio, 3),
        "by_objects": by_size,
        "by_viewers": by_crowd,
    }


def _curve(points: list[tuple[int, int]], count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workers.run("querying", "curve", points=points, count=count, rounds=ROUNDS)["points"]
    return found


async def curve(points: list[tuple[int, int]], count: int, rounds: int) -> dict[str, Any]:
    """In a process of its own: what an event costs at each point, a size of board and a number of viewers.

    All boards stand side by side and take the same events in turns, so that a busy neighbour slows all of them: of
    each step, the cheapest round counts.
    """
    boards = [Point(*each) for each in points]
    for at in range(rounds):
        lines = [line[:-1] for line in events(count, among=AMONG, after=at * count)]
        for board in boards:
            board.take(lines)
    return {"points": [board.told() for board in boards]}


class Point:
    """A board of some size and its viewers."""

    def __init__(self, objects: int, viewers: int) -> None:
        self.board = _filled(objects)
        self.viewers = viewers
        self.events = 0
        self._rounds: list[list[tuple[float, float]]] = []
        self._hub = Hub("bench", self.board, fetch=_no_fetch, freshness=still_live, clock=time.time)
        self._crowd = [Viewer() for _ in range(viewers)]
        self._topics = {self._hub.open_query(viewer, query, 0, 200) for viewer in self._crowd for query in QUERIES}
        self.slices = [0.0]
        unfinished = True
        while unfinished:
            began = time.process_time()
            unfinished = self.board.results.fill(SLICE)
            self.slices.append(time.process_time() - began)
        self._hub.step(time.time())

    def take(self, lines: list[bytes]) -> None:
        """One round: of each step, CPU seconds until every query's frame is made, and of handing out the frames.

        A frame must be put into each viewer's outbox, which no design makes cheaper than one by one: it is told apart.
        """
        steps: list[tuple[float, float]] = []
        for at in range(0, len(lines), PER_STEP):
            began = time.process_time()
            for line in lines[at : at + PER_STEP]:
                read = read_event(line, PODS)
                if read is not None:
                    self.board.apply(PODS, read.type, read.object)
            self.board.tick(time.time())
            frames = [(topic, frame) for topic in self._topics if (frame := topic.step()) is not None]
            made = time.process_time()
            for topic, frame in frames:
                for viewer in topic.viewers:
                    viewer.tell(topic, frame)
            steps.append((made - began, time.process_time() - made))
            for viewer in self._crowd:
                while viewer.pop() is not None:
                    pass
        self._rounds.append(steps)
        self.events = len(lines)

    def told(self) -> dict[str, Any]:
        """CPU µs of an event, of each step's cheapest round."""
        cheapest = [tuple(map(min, zip(*step, strict=True))) for step in zip(*self._rounds, strict=True)]
        event, telling = (sum(each) / self.events * 1e6 for each in zip(*cheapest, strict=True))
        best = {"event": round(event, 1), "telling": round(telling, 1)}
        slices = {"longest_slice_ms": round(max(self.slices) * 1e3, 1), "slices": len(self.slices)}
        return {"objects": len(self.board), "viewers": self.viewers, "events": self.events, **best, **slices}


def _filled(objects: int) -> Board:
    board = Board(time.time)
    collector.relax()
    for kind in KINDS:
        board.begin(kind)
        for block in range(blocks_for(objects)):
            parts = b",".join(items(kind.plural, block))
            with collector.paused():
                page = read_page(b'{"metadata":{"resourceVersion":"1"},"items":[' + parts + b"]}", kind)
                taken = len(page)
                board.page(kind, page.take(taken))
            collector.set_aside(taken)
        board.end(kind)
    board.tick(time.time())
    collector.give_back(len(board))
    return board


async def _no_fetch(id: str) -> dict[str, Any] | None:
    return None
