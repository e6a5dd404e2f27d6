"""How a mirror is kept current: the picture as Redis keeps it, then batch after batch from the stream.

1. Note where the stream ends, then read the picture. Batches since then may be in it already: putting them in again
   changes nothing in the end.
2. Read on from there. Batches are numbered within their epoch: where one is missing, begin again with 1.
3. A greater epoch is another leader's, or the same one's after Redis had lost something. Its first batch is number 1.
4. Redis gone: try until it is back, and go on where it was left, if Redis still has what followed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashboard.core.objects import ResourceType
from dashboard.live.mirror import Mirror
from dashboard.live.mirror_bus import BLOCK, PATIENCE, Keys, answered
from dashboard.live.mirror_fields import FORMAT, FRESH

log = structlog.get_logger(__name__)

RETRY = 0.25
"""Seconds until Redis is tried again."""

SILENT = 3.0
"""Seconds without a word from the leader after which nothing is proven: it says one each second."""

AT_ONCE = 200
"""Fields, and batches, that are read at once: putting them in takes some milliseconds."""

NO_WORD = "the process that watches the cluster says nothing; another one takes over within 15 s where one stands by"
NOBODY = "no process watches the cluster yet"
OTHER = "the process that watches the cluster is of another version"


class BehindError(Exception):
    """What followed is no longer in the stream."""


@dataclass(frozen=True, slots=True)
class MirroredKind:
    """How a kind is doing where it is watched. `last_proof` in Unix seconds of this process's clock."""

    resource: ResourceType
    state: str
    objects: int
    note: str
    last_proof: float | None
    relists: int


@dataclass(frozen=True, slots=True)
class MirroredFreshness:
    """How far the mirrored picture can be trusted. `state`: live, stale or connecting."""

    state: str
    last_proof: float | None
    error: str
    kinds: tuple[MirroredKind, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    """Where Redis is: the newest batch, the newest whole epoch, and seconds since anything was written."""

    epoch: int
    number: int
    format: str
    whole: int
    last: bytes
    silence: float


class Follower:
    """Keeps one mirror current: `run` it for as long as it is shown."""

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        mirror: Mirror,
        *,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.snapshots = 0
        """How often the whole picture was read."""
        self._redis: Any = redis  # its types leave open whether anything is awaited
        self._keys, self._mirror = keys, mirror
        self._clock, self._steady = clock, steady
        self._epoch, self._number, self._last = 0, 0, b"0-0"
        self._trouble = ""
        self._heard = -inf

    # What it looks like from outside

    def freshness(self) -> MirroredFreshness:
        """How far the picture can be trusted, now."""
        report, since = self._mirror.report, self._steady() - self._heard
        if report is None or not self._epoch:
            return MirroredFreshness("connecting", None, self._trouble, ())
        trouble = self._trouble or (NO_WORD if since > SILENT else "")
        kinds = tuple(
            MirroredKind(each.resource, each.state, each.objects, each.note, self._proof(each.age), each.relists)
            for each in report.kinds
        )
        state = "stale" if trouble else report.state
        return MirroredFreshness(state, self._proof(report.age), trouble or report.error, kinds)

    def _proof(self, age: float | None) -> float | None:
        return None if age is None else self._clock() - (self._steady() - self._heard) - age

    def resource(self, group: str, kind: str) -> ResourceType | None:
        """The type of a kind; None when the API does not serve it, and for Secrets always."""
        return self._mirror.kinds_served.get((group, kind))

    # The task

    async def run(self) -> None:
        """Follow until cancelled. No failure of Redis' ends it."""
        while True:
            try:
                await self._follow()
            except BehindError:
                self._number = -1
            except RedisError as error:
                self._say(f"Redis does not answer ({type(error).__name__})")
                await asyncio.sleep(RETRY)

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.warning("the picture is not proven", reason=trouble)
        self._trouble = trouble

    async def _follow(self) -> None:
        """Read on until nothing comes for a while. Raises RedisError, BehindError."""
        head = await self._head()
        if head is None or head.format != FORMAT:
            self._say(NOBODY if head is None else OTHER)
            await asyncio.sleep(RETRY)
            return
        if head.epoch != self._epoch or not 0 <= self._number <= head.number:
            await self._catch_up(head)
        self._say("")
        looked = self._steady()
        while self._steady() - looked < SILENT:
            if await self._read_on():
                looked = self._steady()

    async def _head(self) -> _Head | None:
        pipe = self._redis.pipeline(transaction=True)
        pipe.hmget(self._keys.head, "epoch", "number", "format", "whole")
        pipe.xrevrange(self._keys.stream, count=1)
        pipe.time()
        (epoch, number, format, whole), newest, (seconds, micros) = await answered(pipe.execute())
        if epoch is None:
            return None
        last = newest[0][0] if newest else b"0-0"
        silence = seconds + micros / 1e6 - int(last.partition(b"-")[0]) / 1000
        return _Head(int(epoch), int(number), format.decode(), int(whole or 0), last, silence)

    async def _catch_up(self, head: _Head) -> None:
        """Read the picture whole, as it was at `head` or later."""
        self.snapshots += 1
        self._number = -1  # until it is whole: what breaks off is begun again
        self._mirror.begin()
        if head.whole and head.whole != head.epoch:
            async for told in self._picture(head.whole):
                self._mirror.keep_until_told(told)
        async for told in self._picture(head.epoch):
            self._mirror.take(told)
        self._epoch, self._number, self._last = head.epoch, head.number, head.last
        self._heard = self._steady() - max(0.0, head.silence)
        self._mirror.keep_only_told()

    async def _picture(self, epoch: int) -> Any:
        cursor = 0
        while True:
            cursor, told = await answered(self._redis.hscan(self._keys.picture(epoch), cursor, count=AT_ONCE))
            if told:
                yield _named(told)
            if not cursor:
                return
            await asyncio.sleep(0)

    async def _read_on(self) -> bool:
        """Take the next batches; whether there were any within BLOCK seconds. Raises BehindError."""
        reading = self._redis.xread({self._keys.stream: self._last}, count=AT_ONCE, block=int(BLOCK * 1000))
        found = await answered(reading, PATIENCE + BLOCK)
        for id, told in found[0][1] if found else ():
            self._take(told)
            self._last = id
            await asyncio.sleep(0)
        return bool(found)

    def _take(self, told: dict[bytes, bytes]) -> None:
        epoch, number = (int(each) for each in told.pop(b"#").split(b":"))
        if epoch < self._epoch or (epoch == self._epoch and number <= self._number):
            return
        if number != (self._number + 1 if epoch == self._epoch else 1):
            raise BehindError
        if epoch > self._epoch:
            self._mirror.begin()
        self._epoch, self._number = epoch, number
        named = _named(told)
        self._mirror.take(named)
        if FRESH in named:
            self._heard = self._steady()
            self._mirror.keep_only_told()


def _named(told: Mapping[bytes, bytes]) -> dict[str, bytes]:
    return {name.decode(errors="replace"): packed for name, packed in told.items()}
