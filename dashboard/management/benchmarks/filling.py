"""`bench first-picture` and `bench memory`: a whole cluster listed, judged and asked for, and what it then weighs."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import Any

from dashboard.live.board import Board
from dashboard.live.query import Query
from dashboard.management.benchmarks import workers
from dashboard.management.benchmarks.blocks import blocks_for
from dashboard.management.benchmarks.mirroring import floor_list, mirroring, resident, until

PICTURE_BOUND = 1.5
MEMORY_BOUND = 1.5
OBJECTS = 57_500
ROUNDS = 3
"""Of floor and picture in turns; the best of each counts, for a neighbour's work slows down either by a fifth."""
KILOBYTE = 1024


def first_picture(objects: int | None = None) -> dict[str, Any]:
    """Seconds until everything is listed, judged and in a query's window ÷ seconds of only reading and decoding it.

    The floor reads without Python's cyclic collector, which would double it; the other is told as well.
    """
    with workers.wire(blocks_for(objects or OBJECTS)) as url:
        plain = workers.run("filling", "read", url=url)
        rounds = [
            (workers.run("filling", "read", url=url, collecting=False), workers.run("filling", "fill", url=url))
            for _ in range(ROUNDS)
        ]
    floor, picture = (min((each[at] for each in rounds), key=lambda found: found["seconds"]) for at in (0, 1))
    ratio = picture["seconds"] / floor["seconds"]
    return {
        "benchmark": "first-picture",
        "ratio": round(ratio, 3),
        "floor": round(floor["seconds"], 3),
        "bound": PICTURE_BOUND,
        "ok": ratio <= PICTURE_BOUND and picture["objects"] == floor["objects"],
        "unit": "seconds",
        "seconds": round(picture["seconds"], 3),
        "cpu_seconds": round(picture["cpu"], 3),
        "floor_cpu_seconds": round(floor["cpu"], 3),
        "ratio_to_a_floor_with_collector": round(picture["seconds"] / plain["seconds"], 3),
        "first_rows_after": round(picture["first_rows"], 3),
        "longest_wait": round(picture["longest_wait"], 3),
        "objects": picture["objects"],
        "total": picture["total"],
        "steps": picture["steps"],
    }


def memory(objects: int | None = None) -> dict[str, Any]:
    """Kilobytes of resident memory per object over the idle process."""
    with workers.wire(blocks_for(objects or OBJECTS)) as url:
        found = workers.run("filling", "fill", url=url, looking=False)
    each = (found["full"] - found["idle"]) / found["objects"] / KILOBYTE
    return {
        "benchmark": "memory",
        "ratio": round(each, 3),
        "floor": round(found["idle"] / KILOBYTE**2, 1),
        "bound": MEMORY_BOUND,
        "ok": each <= MEMORY_BOUND,
        "unit": "KB an object over the idle process, whose MB are the floor",
        "resident_mb": round(found["full"] / KILOBYTE**2, 1),
        "objects": found["objects"],
    }


async def read(url: str, *, collecting: bool = True) -> dict[str, Any]:
    """In a process of its own: the floor."""
    if not collecting:
        gc.disable()
    began, cpu = time.perf_counter(), time.process_time()
    count = await floor_list(url)
    return {"objects": count, "seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


async def fill(url: str, *, looking: bool = True) -> dict[str, Any]:
    """In a process of its own: list everything into a board and, when `looking`, ask for its Pods all the while."""
    board = Board(time.time)
    gc.collect()
    idle = resident()
    began, cpu = time.perf_counter(), time.process_time()
    first, steps, longest = 0.0, 0, 0.0
    async with mirroring(url, board) as mirror:
        watching = asyncio.create_task(_longest_wait())
        seen = 0
        while not mirror.live:
            await asyncio.sleep(0.005)
            if looking and not first and board.select(Query(kind="Pod"), 0, 200).rows:
                first = time.perf_counter() - began
            steps += len(board) > seen
            seen = len(board)
        board.tick(time.time())
        window = board.select(Query(), 0, 200)
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
        watching.cancel()
        longest = max(_waits, default=0.0)
        await until(lambda: mirror.live)
        full = resident()
    return {
        "objects": len(board), "total": window.total, "seconds": seconds, "cpu": used, "first_rows": first,
        "longest_wait": longest, "steps": steps, "idle": idle, "full": full,
    }  # fmt: skip


_waits: list[float] = []


async def _longest_wait() -> None:
    """How long others have to wait for their turn."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0)
        _waits.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)
