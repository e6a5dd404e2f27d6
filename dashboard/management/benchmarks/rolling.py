"""A recorded rollout at its own pace: forty Deployments of twenty Pods each roll at once, 150 watch events a second.

Nearly every event is of an object that has not converged: no stretch of the recordings makes more of episodes. One is
opened every 216 events, and told of 25 times in a minute. Where there are no recordings, made Pods turn unready and
ready again at the same pace.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import orjson
from aiohttp import web

from dashboard.core.model import Episode, Row
from dashboard.live.board import Board
from dashboard.live.hub import TICK
from dashboard.management.benchmarks import workers
from dashboard.management.benchmarks.blocks import KINDS, events
from dashboard.management.benchmarks.mirroring import go, mirroring, until
from dashboard.management.benchmarks.samples import RECORDED
from dashboard.management.benchmarks.wire import Wire

SECONDS = 25.0
"""How much of the recording is played."""
MADE_PER_SECOND = 150

Line = tuple[float, str, bytes]
"""When a watch event comes, in seconds from the first; the plural of its kind; itself."""

NOTHING, FOLLOWED, KEPT = "nothing", "followed", "kept"


def measure(blocks: int, rounds: int, *variants: str, lasting: float = SECONDS) -> dict[str, dict[str, Any]]:
    """By variant, what `play` tells of the round that took least CPU; the variants take turns."""
    found: dict[str, list[dict[str, Any]]] = {each: [] for each in variants}
    for _ in range(rounds):
        for variant in variants:
            with workers.server("rolling", "serve", blocks=blocks, lasting=lasting) as port:
                found[variant].append(workers.run("rolling", "play", url=f"http://127.0.0.1:{port}", variant=variant))
    return {variant: min(each, key=lambda one: float(one["seconds"])) for variant, each in found.items()}


def lines(lasting: float, folder: Path = RECORDED) -> list[Line]:
    """The events of the first seconds, in order."""
    path = folder / "data/churn.jsonl.gz"
    return list(_recorded(path, lasting) if path.is_file() else _made(lasting))


def _recorded(path: Path, lasting: float) -> Iterator[Line]:
    plurals = {kind.plural for kind in KINDS}
    began = recorded_at()
    with gzip.open(path) as entries:
        for entry in map(orjson.loads, entries):
            if entry["t"] > began + lasting:
                return
            if entry["r"] in plurals:
                yield entry["t"] - began, entry["r"], orjson.dumps(entry["e"]) + b"\n"


def _made(lasting: float) -> Iterator[Line]:
    for at, line in enumerate(events(round(lasting * MADE_PER_SECOND), among=500)):
        yield at / MADE_PER_SECOND, "pods", line


def recorded_at(folder: Path = RECORDED) -> float:
    """When the recording began, in Unix seconds; now where there is none."""
    path = folder / "data/churn.jsonl.gz"
    if not path.is_file():
        return time.time()
    with gzip.open(path) as entries:
        return float(orjson.loads(next(iter(entries)))["t"])


class Rollout(Wire):
    """An API whose watches play the recording once they are told to `/go`."""

    def __init__(self, blocks: int, lasting: float) -> None:
        super().__init__(blocks, 0)
        self._lines = lines(lasting)
        self._events = [line for _, _, line in self._lines]  # how many `/go` says there will be

    async def _watch(self, request: web.Request, plural: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await self._go.wait()
        began = time.monotonic()
        for at, _, line in (each for each in self._lines if each[1] == plural):
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            await response.write(line)
        await asyncio.Event().wait()
        return response


async def serve(blocks: int, lasting: float) -> None:
    """In a process of its own: the API, until standard input ends."""
    wire = Rollout(blocks, lasting)
    wire.prepare()
    runner = web.AppRunner(wire.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(orjson.dumps({"port": runner.addresses[0][1]}).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def play(url: str, variant: str) -> dict[str, Any]:
    """In a process of its own: list, then take the rollout in. Episodes are followed, or kept as well, or neither.

    `loop` are the CPU seconds of the event loop's thread, `seconds` those of the whole process, `events` how many there
    were; `episodes` and `tellings` how many were told. What is loaded is the same in all variants: it makes the garbage
    collector's rounds longer.
    """
    began, start = recorded_at(), time.time()
    board = Board(lambda: began + time.time() - start, episodes=variant != NOTHING)
    async with keeping(board, run=variant == KEPT) as kept, mirroring(url, board) as mirror:
        await until(lambda: mirror.live)
        board.tick(began)
        told = _counting(board)
        expected, start = await go(url), time.time()
        whole, loop = time.process_time(), time.thread_time()
        while mirror.counters.events < expected:
            await asyncio.sleep(TICK)
            board.tick(began + time.time() - start)
        await kept.end()
        seconds, own = time.process_time() - whole, time.thread_time() - loop
    return {
        "events": expected,
        "seconds": seconds,
        "loop": own,
        "episodes": len(told),
        "tellings": sum(told.values()),
    }


def _counting(board: Board) -> Counter[str]:
    """How often each episode is told of from now on, by key."""
    told: Counter[str] = Counter()
    if board.recorder is not None:
        hear = board.recorder.on_episode

        def count(episode: Episode, row: Row) -> None:
            told[episode.key] += 1
            if hear is not None:
                hear(episode, row)

        board.recorder.on_episode = count
    return told


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a board: a `dashboard.history.recording.Recording`, loaded late, and what runs it; or nothing."""

    recording: Any = None
    task: asyncio.Task[None] | None = None

    @property
    def held(self) -> int:
        """How much is told and not known to be written."""
        return int(self.recording.counts().buffered) if self.recording is not None else 0

    async def end(self) -> None:
        """End it; what is held is written first. Raises RuntimeError where that did not come to its end."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        if self.held:
            raise RuntimeError(f"{self.held} were not written")


@contextlib.asynccontextmanager
async def keeping(board: Board, *, run: bool) -> AsyncIterator[Kept]:
    """A history of the board in a folder that goes again, with all that the default process runs for it.

    Without `run` the same is loaded, and nothing of it runs.
    """
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
        from dashboard.web.recording import recording_of  # noqa: PLC0415

        if not run:
            await asyncio.to_thread(worker.build)
            yield Kept()
            return
        recording = recording_of("bench", board)
        async with inprocess.running() as start:
            kept = Kept(recording, asyncio.create_task(recording.run()))
            start()
            recording.edit("core/Node/-/bench", "edit", who="", remote="")
            await until(lambda: not kept.held)
            yield kept
            await kept.end()
