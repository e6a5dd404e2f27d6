"""Elections over a real Redis: one leads, the epoch grows, and whoever cannot know that it leads stops."""

from __future__ import annotations

import asyncio
import signal
import time

from redis.asyncio import Redis

from dashboard.live.election import TTL, Election, Term
from dashboard.live.mirror_bus import Keys
from dashboard.live.publish_scripts import Refused, Writer
from tests.live.mirrors import client, running, until
from tests.redis_server import RedisServer, redis_server

__all__ = ["redis_server"]
KEYS = Keys("test")


class Candidate:
    """Takes part, and remembers its terms; `now` is the one that lasts."""

    def __init__(self, redis: Redis) -> None:
        self.election = Election(redis, KEYS)
        self.terms: list[Term] = []
        self.now: Term | None = None

    async def work(self, term: Term) -> None:
        self.terms.append(term)
        self.now = term
        try:
            await asyncio.Event().wait()
        finally:
            self.now = None

    async def run(self) -> None:
        await self.election.lead(self.work)


async def test_one_leads_and_another_one_takes_over_with_a_greater_epoch(redis_server: RedisServer) -> None:
    async with client(redis_server.url) as redis:
        first, second = Candidate(redis), Candidate(redis)
        async with running(second.run()), running(first.run()):
            await until(lambda: first.now or second.now, "one leads")
            leader, other = (first, second) if first.now else (second, first)
            assert leader.now is not None and leader.now.epoch >= (time.time() - 60) * 1000
            assert other.now is None and not other.terms
        async with running(first.run(), second.run()):
            await until(lambda: first.now or second.now, "one leads again: a lock is given up at a clean end")
        epochs = [term.epoch for each in (first, second) for term in each.terms]
        assert len(set(epochs)) == len(epochs)


async def test_a_lock_that_another_one_took_ends_the_term(redis_server: RedisServer) -> None:
    async with client(redis_server.url) as redis:
        one = Candidate(redis)
        async with running(one.run()):
            await until(lambda: one.now, "it leads")
            term = one.now
            await redis.set(KEYS.lock, "another", px=60_000)
            await until(lambda: one.now is None, "it has stepped down")
            assert term is not None and term.over.is_set()


async def test_a_lock_that_redis_lost_is_taken_again_in_the_same_term(redis_server: RedisServer) -> None:
    async with client(redis_server.url) as redis:
        one = Candidate(redis)
        async with running(one.run()):
            await until(lambda: one.now, "it leads")
            before = one.terms[0].epoch
            await redis.flushall()
            await until(lambda: one.terms[0].epoch > before, "a new epoch")
            assert len(one.terms) == 1
            assert await redis.get(KEYS.lock) == one.election.token.encode()


async def test_one_new_epoch_begins_however_many_find_out_that_it_must(redis_server: RedisServer) -> None:
    async with client(redis_server.url) as redis:
        one = Candidate(redis)
        async with running(one.run()):
            await until(lambda: one.now, "it leads")
            term = one.terms[0]
            lost = term.epoch
            await redis.flushall()
            assert all(await asyncio.gather(*(term.renew_epoch(lost) for _ in range(3))))
            assert int(await redis.get(KEYS.epoch) or 0) == term.epoch > lost
            await redis.set(KEYS.lock, "another", px=60_000)
            assert await term.renew_epoch(lost), "a newer one has begun: what was lost was lost before it"
            assert not await term.renew_epoch(term.epoch), "another one leads"


async def test_the_epoch_grows_even_where_redis_knows_less_than_the_taker(redis_server: RedisServer) -> None:
    async with client(redis_server.url) as redis:
        one, known = Candidate(redis), int(time.time() * 1000) + 10**9
        one.election.known = known
        async with running(one.run()):
            await until(lambda: one.now, "it leads")
            assert one.terms[0].epoch == known + 1


async def test_a_leader_that_cannot_renew_for_as_long_as_the_lock_lasts_steps_down(redis_server: RedisServer) -> None:
    async with client(redis_server.url) as redis:
        one = Candidate(redis)
        async with running(one.run()):
            await until(lambda: one.now, "it leads")
            redis_server.signal(signal.SIGSTOP)
            stopped = time.monotonic()
            await until(lambda: one.now is None, "it has stepped down")
            assert time.monotonic() - stopped <= TTL + 5
            redis_server.signal(signal.SIGCONT)
            await until(lambda: one.now, "it leads again")
            assert one.terms[1].epoch > one.terms[0].epoch


async def test_writes_of_an_older_epoch_are_refused_and_lost_ones_noticed(redis_server: RedisServer) -> None:
    async with client(redis_server.url) as redis:
        old, new = Writer(redis, KEYS), Writer(redis, KEYS)
        await redis.set(KEYS.epoch, 5)
        old.begin(5)
        assert await old.write({"r:a": b"1"}, whole=False) is None
        await redis.set(KEYS.epoch, 6)
        new.begin(6)
        assert await new.write({"r:b": b"1"}, whole=False) is None
        assert await old.write({"r:a": b"2"}, whole=True) is Refused.FENCED
        assert await redis.hgetall(KEYS.picture(5)) == {b"r:a": b"1"}, "the older picture stays until the new is whole"
        assert await new.write({"r:c": b"1", "r:b": b""}, whole=True) is None
        assert await redis.hgetall(KEYS.picture(6)) == {b"r:c": b"1"}
        assert not await redis.exists(KEYS.picture(5))
        await redis.hset(KEYS.head, "number", 1)  # as a Redis that came back with what it held a moment earlier
        assert await new.write({"r:d": b"1"}, whole=False) is Refused.LOST
        await redis.flushall()
        assert await new.write({"r:d": b"1"}, whole=False) is Refused.LOST
