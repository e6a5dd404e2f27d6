"""`bench ingest`: CPU per watch event through reflector, assessment and board, against reading and decoding it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from dashboard.live.board import Board
from dashboard.live.hub import TICK
from dashboard.management.benchmarks import workers
from dashboard.management.benchmarks.blocks import blocks_for
from dashboard.management.benchmarks.mirroring import floor_watch, go, mirroring, until

BOUND = 3.0
OBJECTS = 6_000
EVENTS = 4_000
ROUNDS = 5
AT_200_PER_SECOND = 8
"""Events between two ticks at 200 events a second: what is saved by taking many at once is not saved then."""


def measure(objects: int | None = None, events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, Any]:
    """CPU of an event ÷ CPU of reading and decoding its bytes, the best of some rounds in turns."""
    blocks = blocks_for(objects or OBJECTS)
    floors: list[dict[str, Any]] = []
    whole: list[dict[str, Any]] = []
    paced: list[dict[str, Any]] = []
    kinds: tuple[tuple[list[dict[str, Any]], str, dict[str, int]], ...] = (
        (floors, "floor", {}),
        (whole, "events", {}),
        (paced, "events", {"every": AT_200_PER_SECOND}),
    )
    for _ in range(rounds):
        for found, function, extra in kinds:
            with workers.wire(blocks, events) as url:
                found.append(workers.run("ingest", function, url=url, **extra))
    floor, event, slow = (min(each["seconds"] / each["events"] for each in one) for one in (floors, whole, paced))
    return {
        "benchmark": "ingest",
        "ratio": round(event / floor, 3),
        "floor": round(floor * 1e6, 1),
        "bound": BOUND,
        "ok": event / floor <= BOUND,
        "unit": "CPU µs an event",
        "per_event": round(event * 1e6, 1),
        "per_event_at_200_a_second": round(slow * 1e6, 1),
        "ratio_at_200_a_second": round(slow / floor, 3),
        "events": whole[0]["events"],
        "objects": whole[0]["objects"],
    }


async def floor(url: str) -> dict[str, Any]:
    """In a process of its own: read and decode."""
    count, seconds = await floor_watch(url)
    return {"events": count, "seconds": seconds}


async def events(url: str, every: int = 0, episodes: int = 0) -> dict[str, Any]:
    """In a process of its own: list, then take events in, and tick as the hub does or `every` so many events.

    `episodes` of 1: follow episodes, too; what that costs is a benchmark of its own.
    """
    board = Board(time.time, episodes=bool(episodes))
    async with mirroring(url, board) as mirror:
        await until(lambda: mirror.live)
        board.tick(time.time())
        listed = len(board)

        def count() -> None:
            if mirror.counters.events % every == every - 1:
                board.tick(time.time())

        if every:
            board.on_change = count
        expected = await go(url)
        began = time.process_time()
        while mirror.counters.events < expected:
            await asyncio.sleep(TICK)
            board.tick(time.time())
        seconds = time.process_time() - began
    return {"events": expected, "seconds": seconds, "objects": listed}
