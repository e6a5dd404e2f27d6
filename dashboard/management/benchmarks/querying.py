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
ROUNDS = 2
PER_STEP = 8
"""Events between two steps of the hub at 200 a second."""

QUERIES = (Query(), Query(kind="Pod"), Query(q="web"))


def measure(objects: int | None = None, viewers: int | None = None, count: int = EVENTS) -> dict[str, Any]:
    """The dearest event ÷ the cheapest, over boards of growing size and over growing numbers of viewers."""
    sizes = [each for each in SIZES if each < (objects or SIZES[-1])] + [objects or SIZES[-1]]
    crowds = [each for each in VIEWERS if each < (viewers or VIEWERS[-1])] + [viewers or VIEWERS[-1]]
    by_size = _best([{"objects": each, "viewers": 1, "count": count} for each in sizes])
    by_crowd = _best([{"objects": sizes[0], "viewers": each, "count": count} for each in crowds])
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


def _best(points: list[dict[str, int]]) -> list[dict[str, Any]]:
    """Each point's cheapest round; the rounds in turns, so that a busy neighbour slows all points."""
    rounds = [[workers.run("querying", "event_cost", **each) for each in points] for _ in range(ROUNDS)]
    return [min(found, key=lambda each: float(each["event"])) for found in zip(*rounds, strict=True)]


async def event_cost(objects: int, viewers: int, count: int) -> dict[str, Any]:
    """In a process of its own: CPU µs of an event until every query's frame is made, and of handing out the frames.

    A frame must be put into each viewer's outbox, which no design makes cheaper than one by one: it is told apart.
    """
    board = _filled(objects)
    hub = Hub("bench", board, fetch=_no_fetch, freshness=still_live, clock=time.time)
    crowd = [Viewer() for _ in range(viewers)]
    topics = {hub.open_query(viewer, query, 0, 200) for viewer in crowd for query in QUERIES}
    slices = [0.0]
    while True:
        began = time.perf_counter()
        unfinished = board.results.fill(SLICE)
        slices.append(time.perf_counter() - began)
        if not unfinished:
            break
    hub.step(time.time())
    lines = [line[:-1] for line in events(count, among=200)]
    event, telling = 0.0, 0.0
    for at in range(0, len(lines), PER_STEP):
        began = time.process_time()
        for line in lines[at : at + PER_STEP]:
            read = read_event(line, PODS)
            if read is not None:
                board.apply(PODS, read.type, read.object)
        board.tick(time.time())
        frames = [(topic, frame) for topic in topics if (frame := topic.step()) is not None]
        made = time.process_time()
        for topic, frame in frames:
            for viewer in topic.viewers:
                viewer.tell(topic, frame)
        telling += time.process_time() - made
        event += made - began
        for viewer in crowd:
            while viewer.pop() is not None:
                pass
    return {
        "objects": len(board), "viewers": viewers, "events": len(lines), "event": event / len(lines) * 1e6,
        "telling": telling / len(lines) * 1e6, "longest_slice_ms": round(max(slices) * 1e3, 1), "slices": len(slices),
    }  # fmt: skip


def _filled(objects: int) -> Board:
    board = Board(time.time)
    collector.relax()
    for kind in KINDS:
        board.begin(kind)
        for block in range(blocks_for(objects)):
            parts = b",".join(items(kind.plural, block))
            with collector.paused():
                page = read_page(b'{"metadata":{"resourceVersion":"1"},"items":[' + parts + b"]}", kind)
                board.page(kind, page.items)
                page.items.clear()
        board.end(kind)
    board.tick(time.time())
    collector.set_aside(len(board))
    return board


async def _no_fetch(id: str) -> dict[str, Any] | None:
    return None
