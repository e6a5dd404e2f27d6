"""A board that is published and mirrors that follow it, over a real Redis."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from dashboard.core.objects import ResourceType
from dashboard.live.board import Board
from dashboard.live.election import Election, Term
from dashboard.live.mirror import Mirror
from dashboard.live.mirror_bus import Keys, connect
from dashboard.live.mirror_feed import Follower
from dashboard.live.picture import Picture
from dashboard.live.publish import Publisher
from tests.live.factory import DEPLOYMENT, EVENT, HPA, NODE, POD, REPLICASET

TYPES = (DEPLOYMENT, REPLICASET, POD, HPA, NODE, EVENT)
PATIENCE = 20.0


@dataclass
class KindOf:
    resource: ResourceType
    state: str = "live"
    objects: int = 0
    note: str = ""
    last_proof: float | None = None
    relists: int = 0


@dataclass
class Fresh:
    state: str = "live"
    last_proof: float | None = None
    error: str = ""
    kinds: list[KindOf] = field(default_factory=lambda: [KindOf(each) for each in TYPES])


@dataclass
class Watch:
    """What a watch would say of itself."""

    fresh: Fresh = field(default_factory=Fresh)
    settled: bool = True

    def freshness(self) -> Fresh:
        self.fresh.last_proof = time.time()
        return self.fresh

    def resources(self) -> tuple[ResourceType, ...]:
        return TYPES


async def until(look: Callable[[], Any], what: str, patience: float = PATIENCE) -> None:
    """Return when `look` is true; AssertionError naming `what` when it does not become so."""
    end = time.monotonic() + patience
    while not look():
        assert time.monotonic() < end, f"not within {patience:.0f} s: {what}"
        await asyncio.sleep(0.01)


def _around(picture: Picture, id: str) -> object:
    """What is related, in no order: that is the one in which it came."""
    return picture.chain(id), sorted(map(repr, picture.relatives(id)))


def differences(board: Picture, mirror: Picture, *, episodes: bool = True) -> list[str]:
    """What a mirror shows otherwise than the board it follows."""
    found = []
    rows = {row.id: row for row in board.rows()}
    mirrored = {row.id: row for row in mirror.rows()}
    for id in sorted(rows.keys() | mirrored.keys()):
        if rows.get(id) != mirrored.get(id):
            found.append(f"{id}: {rows.get(id)} is mirrored as {mirrored.get(id)}")
        elif _around(board, id) != _around(mirror, id):
            found.append(f"{id}: {_around(board, id)} is mirrored as {_around(mirror, id)}")
        elif episodes and board.episode(id) != mirror.episode(id):
            found.append(f"{id}: {board.episode(id)} is mirrored as {mirror.episode(id)}")
    return found


@contextlib.asynccontextmanager
async def running(*work: Any) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Tasks for the length of the block."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, asyncio.CancelledError):
                raise end


class Leader:
    """A board, and whoever tells it while leading."""

    def __init__(self, redis: Redis, board: Board, watch: Watch | None = None) -> None:
        self.board, self.watch = board, watch or Watch()
        self.election = Election(redis, Keys("test"))
        self.redis = redis
        self.publisher: Publisher | None = None
        self.terms: list[Term] = []

    async def work(self, term: Term) -> None:
        self.terms.append(term)
        self.publisher = Publisher(
            self.board, self.watch, term, redis=self.redis, keys=Keys("test"), clock=self.board._clock
        )
        if self.board.recorder is not None:
            self.board.recorder.on_episode = self.publisher.episode
        await self.publisher.run()

    async def run(self) -> None:
        await self.election.lead(self.work)

    async def tells(self, name: str, *, there: bool) -> None:
        """Wait until the picture in Redis holds a field, or no longer does."""
        async with asyncio.timeout(PATIENCE):
            while True:
                epoch = self.terms[-1].epoch
                if bool(await self.redis.hexists(Keys("test").picture(epoch), name)) == there:
                    return
                await asyncio.sleep(0.01)


class Reader:
    """A mirror and what keeps it current."""

    def __init__(self, redis: Redis, clock: Callable[[], float]) -> None:
        self.mirror = Mirror(clock)
        self.follower = Follower(redis, Keys("test"), self.mirror)

    def equals(self, board: Board) -> bool:
        """Whether it shows what the board does, now."""
        now = board._clock()
        board.tick(now)
        self.mirror.tick(now)
        return not differences(board, self.mirror)


@contextlib.asynccontextmanager
async def client(url: str) -> AsyncIterator[Redis]:
    """A client as the product makes it."""
    redis = connect(url)
    try:
        yield redis
    finally:
        await redis.aclose()
