"""A board told over a real Redis, that is killed, filled, stopped and emptied: every mirror ends as the board is."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from typing import Any

import pytest

from dashboard.live.board import Board
from dashboard.live.mirror_bus import Keys
from dashboard.live.mirror_feed import NO_WORD, NOBODY
from dashboard.live.publish_scripts import BATCHES
from tests.live.boards import a_shop, listed, put
from tests.live.factory import DEPLOYMENT, EVENT, POD, REPLICASET, event, pod
from tests.live.mirrors import Leader, Reader, client, running, until
from tests.live.worlds import KINDS, World
from tests.redis_server import RedisServer, redis_server

__all__ = ["redis_server"]
KEYS = Keys("test")


def a_cluster(pods: int = 40) -> Board:
    board = Board(time.time)
    top, middle, leaf = a_shop("bad-image")
    for resource, obj in ((DEPLOYMENT, top), (REPLICASET, middle)):
        listed(board, resource, obj)
    listed(board, POD, leaf, *(pod(f"p{number}") for number in range(pods)))
    listed(board, EVENT, event("e1", leaf))
    return board


async def test_a_mirror_shows_what_the_board_does_and_what_changes(redis_server: RedisServer) -> None:
    board = a_cluster()
    async with client(redis_server.url) as redis:
        leader, reader = Leader(redis, board), Reader(redis, board._clock)
        assert reader.follower.freshness().state == "connecting"
        async with running(leader.run(), reader.follower.run()):
            await until(lambda: reader.equals(board), "the mirror equals the board")
            put(board, POD, pod("p3", version=2, state="bad-image"))
            board.apply(POD, "DELETED", pod("p4", version=3))
            put(board, EVENT, event("e9", pod("p3"), reason="Odd"))
            await until(lambda: reader.equals(board), "it follows a change, a deletion and an event")
            await until(lambda: reader.follower.freshness().state == "live", "it is live")
            assert reader.follower.resource("apps", "Deployment") == DEPLOYMENT
            assert reader.follower.resource("", "Secret") is None
            late = Reader(redis, board._clock)
            async with running(late.follower.run()):
                await until(lambda: late.equals(board), "one that comes later reads the picture")
                assert late.follower.snapshots == 1


async def test_nobody_watches_yet(redis_server: RedisServer) -> None:
    async with client(redis_server.url) as redis:
        reader = Reader(redis, time.time)
        async with running(reader.follower.run()):
            await until(lambda: reader.follower.freshness().error == NOBODY, "it says so")
            assert reader.follower.freshness().state == "connecting"


@pytest.mark.parametrize("lose", [False, True])
async def test_redis_killed_and_started_again(redis_server: RedisServer, *, lose: bool) -> None:
    board = a_cluster()
    async with client(redis_server.url) as redis:
        leader, reader = Leader(redis, board), Reader(redis, board._clock)
        async with running(leader.run(), reader.follower.run()):
            await until(lambda: reader.equals(board), "the mirror equals the board")
            redis_server.kill(lose=lose)
            put(board, POD, pod("p5", version=2, state="bad-image"))
            board.apply(POD, "DELETED", pod("p6", version=3))
            await until(lambda: reader.follower.freshness().state == "stale", "it is stale")
            assert "Redis" in reader.follower.freshness().error
            redis_server.start()
            await until(lambda: reader.equals(board), "it is right again")
            await until(lambda: reader.follower.freshness().state == "live", "it is live again")
            assert len(leader.terms) == 1, "the same leader goes on, with what it has"
            assert (reader.follower.snapshots == 1) is not lose, (
                "what is missing is read from the stream where it is there"
            )


async def test_redis_full_and_relieved(redis_server: RedisServer) -> None:
    board = a_cluster()
    async with client(redis_server.url) as redis:
        leader, reader = Leader(redis, board), Reader(redis, board._clock)
        async with running(leader.run(), reader.follower.run()):
            await until(lambda: reader.equals(board), "the mirror equals the board")
            await redis.config_set("maxmemory", 1)
            await until(lambda: leader.publisher is not None and leader.publisher.problem, "it is refused")
            for version in range(2, 30):
                put(board, POD, pod("p7", version=version, image=f"nginx:{version}"))
                await asyncio.sleep(0)
            await until(lambda: reader.follower.freshness().error == NO_WORD, "the mirror is stale")
            assert leader.publisher is not None and leader.publisher.waiting <= len(board) * 2
            await redis.config_set("maxmemory", 0)
            await until(lambda: reader.equals(board), "it is right again")
            await until(lambda: reader.follower.freshness().state == "live", "it is live again")
            assert len(leader.terms) == 1


async def test_a_reader_that_missed_more_than_is_kept_reads_the_picture_again(redis_server: RedisServer) -> None:
    board = a_cluster(3)
    async with client(redis_server.url) as redis:
        leader, reader = Leader(redis, board), Reader(redis, board._clock)
        async with running(leader.run()):
            async with running(reader.follower.run()):
                await until(lambda: reader.equals(board), "the mirror equals the board")
            board.apply(POD, "DELETED", pod("p1", version=2))
            await leader.tells("r:core/Pod/shop/p1", there=False)
            await redis.xtrim(KEYS.stream, maxlen=0)
            put(board, POD, pod("p2", version=2, state="bad-image"))
            async with running(reader.follower.run()):
                await until(lambda: reader.equals(board), "it is right again")
                assert reader.follower.snapshots == 2
        assert await redis.xlen(KEYS.stream) <= BATCHES * 2


async def test_batches_of_an_older_epoch_and_a_foreign_format_change_nothing(redis_server: RedisServer) -> None:
    board = a_cluster(3)
    async with client(redis_server.url) as redis:
        leader, reader = Leader(redis, board), Reader(redis, board._clock)
        async with running(leader.run(), reader.follower.run()):
            await until(lambda: reader.equals(board), "the mirror equals the board")
            await redis.xadd(KEYS.stream, {"#": "5:1", "r:core/Pod/shop/p1": ""})
            put(board, POD, pod("p2", version=2, state="bad-image"))
            await until(lambda: reader.equals(board), "it follows")
            assert reader.mirror.row("core/Pod/shop/p1") is not None
        await redis.hset(KEYS.head, "format", "another")
        late = Reader(redis, time.time)
        async with running(late.follower.run()):
            await until(lambda: "another version" in late.follower.freshness().error, "it says so")


async def test_random_changes_and_faults_end_with_mirrors_that_equal_the_board(redis_server: RedisServer) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    world = World()
    world.board._clock = world.clock = time.time  # type: ignore[assignment]  # a real one: others wait for it
    async with client(redis_server.url) as redis:
        leader, reader = Leader(redis, world.board), Reader(redis, time.time)
        async with running(leader.run(), reader.follower.run()):
            for number in range(12):
                for _ in range(40):
                    _random_step(world, chance)
                    await asyncio.sleep(0.002)
                await _fault(redis_server, redis, chance.randrange(6) if number else 5)
            await until(lambda: reader.equals(world.board), f"the mirror equals the board (seed {seed})")
            late = Reader(redis, time.time)
            async with running(late.follower.run()):
                await until(lambda: late.equals(world.board), f"and so does a new one (seed {seed})")
        assert len(leader.terms) == 1, f"seed {seed}"


def _random_step(world: World, chance: random.Random) -> None:
    what = chance.choice(["deployment", "replicaset", "pod", "pod", "hpa", "delete", "relist"])
    one: Any = chance.choice(sorted(KINDS)) if what in ("delete", "relist") else chance.randrange(3)
    three: Any = chance.choice(["ready", "starting", "bad-image"]) if what == "pod" else chance.randrange(2)
    world.version += 1
    clock, world.clock = world.clock, _Still()
    try:
        world.do((what, one, chance.randrange(3), three))
    finally:
        world.clock = clock


class _Still:
    """A clock that steps may push: the board has a real one."""

    now = 0.0

    def __call__(self) -> float:
        return time.time()


async def _fault(server: RedisServer, redis: Any, which: int) -> None:
    if which == 0:
        server.kill(lose=False)
        server.start()
    elif which == 1:
        server.kill(lose=True)
        server.start()
    elif which == 2:
        await redis.config_set("maxmemory", 1)
        await asyncio.sleep(0.3)
        await redis.config_set("maxmemory", 0)
    elif which == 3:
        await redis.client_kill_filter(_type="normal", skipme=True)
    elif which == 4:
        server.signal(signal.SIGSTOP)
        await asyncio.sleep(0.5)
        server.signal(signal.SIGCONT)
