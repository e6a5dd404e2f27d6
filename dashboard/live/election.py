"""Who watches: one of several processes, by a lock in Redis that lasts some seconds, with an epoch that fences writes.

1. Whoever finds no lock twice in a row takes it, and with it a new epoch: greater than any that Redis or the taker
   knows, and than the time in milliseconds, so that it grows even when Redis has lost everything.
2. The leader renews the lock. It stops at once when somebody else has it, when Redis has refused a write of its epoch,
   or when it could not renew for as long as the lock lasts, by its own steady clock.
3. Where Redis has lost the lock and nobody has taken it, the leader takes it again and begins a new epoch.

A lock in Redis can be held twice for a moment, as any lock with an end can. That does no harm: every write names its
epoch, and Redis refuses those of an older one in the same step in which it would carry them out.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashboard.live.mirror_bus import Keys, answered

log = structlog.get_logger(__name__)

TTL = 6.0
"""Seconds that a lock lasts after it was renewed."""
RENEW = 2.0
RETRY = 1.0
"""Seconds between two looks at whether there is a lock."""
HURRY = 0.25
"""Seconds between two tries to renew while Redis does not answer: a leader finds it back before anybody else does."""

TAKE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local epoch = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[3]))
epoch = string.format('%.0f', math.max(epoch + 1, now))
redis.call('SET', KEYS[2], epoch)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return tonumber(epoch)
"""

RENEW_IT = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] and redis.call('GET', KEYS[2]) == ARGV[3] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
if holder and holder ~= ARGV[1] then return 0 end
return -1
"""

GIVE_UP = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Term:
    """One time of leading. `epoch` may grow while it lasts; `over` is set at its end."""

    def __init__(self, epoch: int, again: Callable[[], Coroutine[Any, Any, int]]) -> None:
        self.epoch = epoch
        self.over = asyncio.Event()
        self._again = again
        self._beginning = asyncio.Lock()

    async def renew_epoch(self, lost: int) -> bool:
        """Begin a new epoch, for Redis has lost what was written in that one; False where the term is over.

        Where a newer one has begun since, it stays: who renews the lock and who writes find out at the same time.

        Raises RedisError.
        """
        async with self._beginning:
            if self.epoch == lost and not self.over.is_set():
                self.epoch = await self._again() or self.epoch
                if self.epoch == lost:
                    self.end()
        return not self.over.is_set()

    def end(self) -> None:
        """Somebody else leads."""
        self.over.set()


class Election:
    """Takes part in the election of one cluster's leader. `known` is the greatest epoch that it has heard of."""

    def __init__(self, redis: Redis, keys: Keys, *, steady: Callable[[], float] = time.monotonic) -> None:
        self.known = 0
        self.token = secrets.token_hex(16)
        self._redis = redis
        self._keys = [keys.lock, keys.epoch]
        self._steady = steady
        self._until = 0.0
        self._scripts = {text: redis.register_script(text) for text in (TAKE, RENEW_IT, GIVE_UP)}

    async def lead(self, work: Callable[[Term], Coroutine[Any, Any, None]]) -> None:
        """Contend until cancelled; each time elected, run `work` until it is over."""
        while True:
            term = Term(await self._elected(), self._take)
            log.warning("this process watches now", epoch=term.epoch)
            try:
                await self._lead(term, work(term))
            finally:
                await self._give_up()
            log.warning("this process no longer watches", epoch=term.epoch)

    async def _lead(self, term: Term, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` for as long as the term lasts. Raises what ends it before."""
        working = asyncio.create_task(work, name="leading")
        keeping = asyncio.create_task(self._keep(term), name="renewing")
        try:
            await asyncio.wait({working, keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            term.end()
            for task in (working, keeping):
                task.cancel()
            ends = await asyncio.gather(working, keeping, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, asyncio.CancelledError):
                raise end

    async def _elected(self) -> int:
        free = False
        while True:
            try:
                if free and (epoch := await self._take()):
                    return epoch
                holder, epoch = await answered(self._redis.mget(self._keys))
                free, self.known = holder is None, max(self.known, int(epoch or 0))
            except RedisError as error:
                # Where Redis was away, its last leader may take the lock again: it has the picture already.
                free = False
                log.info("no election: Redis does not answer", error=type(error).__name__)
            await asyncio.sleep(RETRY)

    async def _take(self) -> int:
        """Take the lock; the new epoch, 0 where somebody else has it. Raises RedisError."""
        began = self._steady()
        epoch = int(await self._call(TAKE, self.known))
        if epoch:
            self.known = max(self.known, epoch)
            self._until = began + TTL
        return epoch

    async def _keep(self, term: Term) -> None:
        """Renew the lock; returns when the term is over."""
        pause = RENEW
        while not term.over.is_set():
            left = self._until - self._steady()
            if left <= 0:
                return
            try:
                async with asyncio.timeout(min(pause, left)):
                    await term.over.wait()
            except TimeoutError:
                pause = await self._renew(term)

    async def _renew(self, term: Term) -> float:
        """Try to; the seconds until the next try."""
        began, epoch = self._steady(), term.epoch
        try:
            answer = int(await self._call(RENEW_IT, epoch))
            if answer > 0:
                self._until = began + TTL
            elif answer == 0 or not await term.renew_epoch(epoch):
                term.end()
        except RedisError as error:
            log.info("the lock is not renewed", error=type(error).__name__)
            return HURRY
        return RENEW

    async def _give_up(self) -> None:
        """Let the next one begin at once."""
        try:
            await self._call(GIVE_UP, 0)
        except RedisError as error:
            log.info("the lock stays until its end", error=type(error).__name__)

    async def _call(self, script: str, number: int) -> Any:
        """Run a script for this process. Raises RedisError."""
        return await answered(self._scripts[script](keys=self._keys, args=[self.token, int(TTL * 1000), number]))
