"""`bench recording`: what keeping history costs a process that does all of it.

The ratio is CPU per watch event of a recorded rollout at its own pace (`rolling.py`), with episodes followed and all of
history running beside (Celery's worker and beat, SQLite), against the same process without. Beside it: what following
alone costs; what the event loop's thread pays, which is what a process pays whose worker is another one; one telling,
and all that an episode costs; and two more ratios, of events that come as fast as they can and open hardly an episode,
and of the densest recordings there are.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from dashboard.core.model import Change, Ended, Episode, Hop, Row, Sample, Verdict
from dashboard.live.board import Board
from dashboard.live.hub import TICK
from dashboard.management.benchmarks import rolling, workers
from dashboard.management.benchmarks.blocks import blocks_for
from dashboard.management.benchmarks.ingest import EVENTS, OBJECTS
from dashboard.management.benchmarks.mirroring import go, mirroring, until
from dashboard.management.benchmarks.rolling import FOLLOWED, KEPT, NOTHING

BOUND = 1.15
ROUNDS, PLAYED = 3, 2
OPENED = 1_790_000_000.0
STEPS = ("accepted", "observed", "created", "scheduled", "pulled", "started", "ready", "converged")
HOPS = tuple(Hop(name, OPENED + 1, 1, "core/Pod/shop/web-1", "3 of 3 Pods") for name in STEPS)
SAMPLES = tuple(Sample(OPENED + turn / 4, 3, 2, 2, 2, 0) for turn in range(40))
EPISODES, TELLINGS = 2_000, 8
"""Episodes that are kept, and how often each is told of."""

DENSEST = 30
"""Watch events to an episode in the seventeen recordings of single changes to one to five Pods: 1,533 and 51."""


def measure(objects: int | None = None, events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, Any]:
    """The best of some rounds of each, in turns."""
    blocks = blocks_for(objects or OBJECTS)
    played = rolling.measure(blocks, PLAYED, NOTHING, FOLLOWED, KEPT)
    floor, followed, kept = (played[each]["seconds"] / played[each]["events"] for each in (NOTHING, FOLLOWED, KEPT))
    parts = workers.run("recording", "telling")
    without, hurried = workers.cost("recording", "kept", blocks, events, rounds)
    return {
        "benchmark": "recording",
        "ratio": round(kept / floor, 3),
        "floor": round(floor * 1e6, 1),
        "bound": BOUND,
        "ok": kept / floor <= BOUND,
        "unit": "CPU µs an event",
        "per_event": round(kept * 1e6, 1),
        "per_event_followed": round(followed * 1e6, 1),
        "ratio_followed": round(followed / floor, 3),
        "ratio_of_loop": round(played[KEPT]["loop"] / played[NOTHING]["loop"], 3),
        "ratio_hurried": round(hurried / without, 3),
        "ratio_densest": round((followed + parts["episode_us"] / 1e6 / DENSEST) / floor, 3),
        "events": played[KEPT]["events"],
        "episodes": played[KEPT]["episodes"],
        "tellings": played[KEPT]["tellings"],
        **parts,
        "objects": objects or OBJECTS,
    }


async def events(url: str, kept: int) -> dict[str, Any]:
    """In a process of its own: list, then take events in; `kept` of 1: with all that history needs running beside."""
    board = Board(time.time, episodes=bool(kept))
    async with rolling.keeping(board, run=bool(kept)) as keeping, mirroring(url, board) as mirror:
        await until(lambda: mirror.live)
        board.tick(time.time())
        expected = await go(url)
        began = time.process_time()
        while mirror.counters.events < expected:
            await asyncio.sleep(TICK)
            board.tick(time.time())
        await keeping.end()
        return {"events": expected, "seconds": time.process_time() - began}


async def telling() -> dict[str, Any]:
    """In a process of its own: tell of episodes, some thousand tellings a second, until all are written."""
    board = Board(time.time)
    async with rolling.keeping(board, run=True) as keeping:
        hear = board.recorder.on_episode if board.recorder is not None else None
        if hear is None:
            raise RuntimeError("the history hears of no episode")
        began, told = time.process_time(), 0.0
        for number in range(EPISODES):
            row, found = _row(number), [_episode(number, over=turn == TELLINGS - 1) for turn in range(TELLINGS)]
            at = time.thread_time()
            for each in found:
                hear(each, row)
            told += time.thread_time() - at
            await asyncio.sleep(0.001)
        await until(lambda: not keeping.held)
        seconds = time.process_time() - began
    return {
        "telling_us": round(told / EPISODES / TELLINGS * 1e6, 1),
        "episode_us": round(seconds / EPISODES * 1e6, 1),
    }


def _row(number: int) -> Row:
    id = f"apps/Deployment/shop/web-{number}"
    return Row(
        id, "apps", "Deployment", "shop", f"web-{number}", f"uid-{number}", Verdict.CONVERGING, "", None, False,
        "", "", None, "", "", "", "", "", "", None,
    )  # fmt: skip


def _episode(number: int, *, over: bool) -> Episode:
    """One as a Deployment of some Pods has: eight hops, forty samples."""
    opened = OPENED + number
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
        hops=HOPS,
        samples=SAMPLES,
    )
