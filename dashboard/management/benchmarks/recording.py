"""`bench recording`: what keeping history costs a process that does all of it.

The ratio is CPU per watch event with episodes followed and all of history running beside (Celery's worker and beat,
SQLite), against the same without. Beside it: what one telling costs the event loop, and all that an episode costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator
from typing import Any

import django

from dashboard.core.model import Change, Ended, Episode, Hop, Row, Sample, Verdict
from dashboard.live.board import Board
from dashboard.live.hub import TICK
from dashboard.management.benchmarks import workers
from dashboard.management.benchmarks.blocks import blocks_for
from dashboard.management.benchmarks.ingest import EVENTS, OBJECTS
from dashboard.management.benchmarks.mirroring import go, mirroring, until

BOUND = 1.15
ROUNDS = 3
HOPS = ("accepted", "observed", "created", "scheduled", "pulled", "started", "ready", "converged")
EPISODES, TELLINGS = 2_000, 8
"""Episodes that are kept, and how often each is told of."""


def measure(objects: int | None = None, events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, Any]:
    """The best of some rounds of each, in turns."""
    without, whole = workers.cost("recording", "kept", blocks_for(objects or OBJECTS), events, rounds)
    return {
        "benchmark": "recording",
        "ratio": round(whole / without, 3),
        "floor": round(without * 1e6, 1),
        "bound": BOUND,
        "ok": whole / without <= BOUND,
        "unit": "CPU µs an event",
        "per_event": round(whole * 1e6, 1),
        **workers.run("recording", "telling"),
        "objects": objects or OBJECTS,
        "events": events,
    }


async def events(url: str, kept: int) -> dict[str, Any]:
    """In a process of its own: list, then take events in; `kept` of 1: with all that history needs running beside.

    Of 0, the same is loaded and nothing of it runs: what is loaded makes the garbage collector's rounds longer.
    """
    board = Board(time.time, episodes=bool(kept))
    async with _history(board, run=bool(kept)) as recording, mirroring(url, board) as mirror:
        await until(lambda: mirror.live)
        board.tick(time.time())
        expected = await go(url)
        began = time.process_time()
        while mirror.counters.events < expected:
            await asyncio.sleep(TICK)
            board.tick(time.time())
        await until(lambda: not recording.counts().buffered)
        return {"events": expected, "seconds": time.process_time() - began}


async def telling() -> dict[str, Any]:
    """In a process of its own: tell of episodes, some thousand tellings a second, until all are written."""
    async with _history(Board(time.time)) as recording:
        began, told = time.process_time(), 0.0
        for number in range(EPISODES):
            row, found = _row(number), [_episode(number, over=turn == TELLINGS - 1) for turn in range(TELLINGS)]
            at = time.thread_time()
            for each in found:
                recording.episode(each, row)
            told += time.thread_time() - at
            await asyncio.sleep(0.001)
        await until(lambda: not recording.counts().buffered)
        seconds = time.process_time() - began
        return {
            "telling_us": round(told / EPISODES / TELLINGS * 1e6, 1),
            "episode_us": round(seconds / EPISODES * 1e6, 1),
            "lost": recording.counts().lost,
        }


@contextlib.asynccontextmanager
async def _history(board: Board, *, run: bool = True) -> AsyncIterator[Any]:
    """A recording of the board in a folder that goes again, with everything running that is loaded late."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="reconcilerviz.settings",
            RECONCILERVIZ_DATA=folder,
            RECONCILERVIZ_DATABASE_URL="",
            RECONCILERVIZ_REDIS_URL="",
        )
        django.setup()
        # Only now: models want the settings, and those name the folder.
        from dashboard.history import inprocess, worker  # noqa: PLC0415
        from dashboard.management.serving.process import running  # noqa: PLC0415
        from dashboard.web.recording import recording_of  # noqa: PLC0415

        recording = recording_of("bench", board)
        if not run:
            await asyncio.to_thread(worker.build)
            yield recording
            return
        async with inprocess.running() as start, running(recording.run(), "history"):
            start()
            recording.edit("core/Node/-/bench", "edit", who="", remote="")
            await until(lambda: not recording.counts().buffered)
            yield recording


def _row(number: int) -> Row:
    id = f"apps/Deployment/shop/web-{number}"
    return Row(
        id, "apps", "Deployment", "shop", f"web-{number}", f"uid-{number}", Verdict.CONVERGING, "", None, False,
        "", "", None, "", "", "", "", "", "", None,
    )  # fmt: skip


def _episode(number: int, *, over: bool) -> Episode:
    """One as a Deployment of some Pods has: eight hops, forty samples."""
    opened = 1_790_000_000.0 + number
    return Episode(
        key=f"uid-{number}/2/{number}",
        object=f"apps/Deployment/shop/web-{number}",
        uid=f"uid-{number}",
        kind="change",
        opened=opened,
        generation=2,
        verdict=Verdict.CONVERGED if over else Verdict.CONVERGING,
        cause="2 of 3 are ready",
        changes=(Change("spec.replicas", 2, 3),),
        by="kubectl",
        closed=opened + 9 if over else None,
        ended=Ended.CONVERGED if over else None,
        hops=tuple(Hop(name, opened + 1, 1, f"core/Pod/shop/web-{number}", "3 of 3 Pods") for name in HOPS),
        samples=tuple(Sample(opened + turn / 4, 3, 2, 2, 2, 0) for turn in range(40)),
    )
