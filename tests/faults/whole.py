"""The whole path from an API server to the board, and its comparison with a board made from a fresh list."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from dashboard.cluster.connection import Connection
from dashboard.cluster.kubeconfig import Access
from dashboard.cluster.reflector import Tuning
from dashboard.cluster.timing import Timing
from dashboard.cluster.watcher import Watcher
from dashboard.core.model import EventNote, Row
from dashboard.live.board import Board
from tests.cluster.mirror import QUICK, eventually
from tests.faults.sandbox import until

ALERT = replace(QUICK, watch_seconds=(3, 5), silence_margin=0.5)
"""Notices within seconds that a stream says nothing more."""

Fact = tuple[Row, int, frozenset[EventNote], tuple[tuple[str, ...], ...]]


@dataclass
class Looking:
    """A connection, a watcher and a board at work."""

    watcher: Watcher
    board: Board
    clock: Callable[[], float]

    def states(self) -> set[str]:
        """The states of all kinds."""
        return {kind.state for kind in self.watcher.freshness().kinds}

    def live(self) -> bool:
        """Whether the cluster and every kind prove themselves."""
        return self.watcher.freshness().state == "live" and self.states() <= {"live", "counted"}

    def facts(self) -> dict[str, Fact]:
        """All that the board shows, object by object: row, version, events, chain. Without the times that only a
        witness of the change can know.
        """
        self.board.tick(self.clock())
        found = {}
        for id, entry in self.board.entries.by_id.items():
            row = replace(entry.row, since=None, at_least=False)
            chain = tuple(tuple(sorted(each.id for each in level)) for level in self.board.chain(id))
            found[id] = (row, entry.version, frozenset(self.board.events(id)), chain)
        return found

    def around(self) -> tuple[object, ...]:
        """What the board says of the cluster as a whole."""
        watched = {(kind.resource.group, kind.resource.kind) for kind in self.watcher.freshness().kinds}
        has_status = {kind: self.board.has_status(*kind) for kind in watched}
        return self.board.namespaces(), self.board.kinds(), watched, has_status


@contextlib.asynccontextmanager
async def looking(
    url: str, *, tuning: Tuning = ALERT, seed: int = 1, wall: Callable[[], float] = time.time, **access: Any
) -> AsyncIterator[Looking]:
    """A watcher that fills a board from an API server, until the block ends."""
    timing = Timing(wall=wall, chance=random.Random(seed))
    connection = Connection(Access(name="faults", server=url, **access), timing)
    board = Board(wall)
    watcher = Watcher(connection, board, timing=timing, tuning=tuning)
    task = asyncio.create_task(watcher.run())
    try:
        yield Looking(watcher, board, wall)
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()


def differing(seen: Looking, fresh: Looking) -> list[str]:
    """What differs between two pictures, in words."""
    mine, truth = seen.facts(), fresh.facts()
    found = [f"missing {id}" for id in truth.keys() - mine.keys()] + [f"left {id}" for id in mine.keys() - truth.keys()]
    for id in mine.keys() & truth.keys():
        parts = zip(("row", "version", "events", "chain"), mine[id], truth[id], strict=True)
        found += [f"{name} of {id}: {a} is not {b}" for name, a, b in parts if a != b]
    if not found and seen.around() != fresh.around():
        found.append(f"{seen.around()} is not {fresh.around()}")
    return found


async def listed(url: str, looking: Looking) -> dict[str, str]:
    """What the API itself lists of the kinds on a board: id → resourceVersion. Read without a line of our client's."""
    found = {}
    async with aiohttp.ClientSession() as session:
        for kind in looking.watcher.freshness().kinds:
            resource = kind.resource
            if resource.kind == "Event" or kind.state == "counted":
                continue
            async with session.get(url + resource.path) as answer:
                for meta in [item["metadata"] for item in (await answer.json())["items"]]:
                    id = f"{resource.group or 'core'}/{resource.kind}/{meta.get('namespace', '-')}/{meta['name']}"
                    found[id] = meta["resourceVersion"]
    return found


async def as_listed(seen: Looking, url: str) -> bool:
    """Whether the board holds just the versions that the API lists."""
    truth = await listed(url, seen)
    return bool(truth) and truth == {id: str(entry.version) for id, entry in seen.board.entries.by_id.items()}


async def right(seen: Looking, url: str, *, seconds: float = 20.0) -> None:
    """Wait until the board shows what a fresh list gives, object by object; fail naming what differs.

    `url` is the API server's own, past every fault.
    """

    def why() -> object:
        kinds = [(kind.resource.kind, kind.state, kind.note) for kind in seen.watcher.freshness().kinds]
        return [kind for kind in kinds if kind[1] != "live"], differing(seen, fresh)[:5]

    async with looking(url, wall=seen.clock) as fresh:
        await eventually(fresh.live, seconds, fresh.watcher.freshness)
        await eventually(lambda: seen.live() and not differing(seen, fresh), seconds, why)

    async def listed_so() -> bool:
        return await as_listed(seen, url)

    await until(listed_so)
