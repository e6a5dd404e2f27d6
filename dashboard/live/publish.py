"""The leader's half of the mirror: a board and what is known of its freshness, told to Redis in batches.

1. The board is ticked here as a hub would tick it, whatever Redis does; names of what is new are noted, never values.
2. Whoever is free takes the names noted longest ago, packs what the board holds of them now, and writes one batch.
3. Redis away or full: the names are noted again, and tried again soon. There are never more than the board has.
4. Redis lost something: a new epoch, and every name is noted. The cluster's API is not asked for it.
5. Another epoch: the term is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashboard.core.model import Episode, Row
from dashboard.core.objects import ResourceType
from dashboard.live.board import Board
from dashboard.live.election import Term
from dashboard.live.freshness import ClusterFreshness
from dashboard.live.hub import TICK
from dashboard.live.mirror_bus import Keys
from dashboard.live.mirror_fields import (
    EPISODE,
    FRESH,
    KINDS,
    NOTES,
    ROW,
    pack_entry,
    pack_episode,
    pack_kinds,
    pack_notes,
    pack_report,
)
from dashboard.live.picture import Kind
from dashboard.live.publish_report import report
from dashboard.live.publish_scripts import Refused, Writer

log = structlog.get_logger(__name__)

FIELDS = 200
BYTES = 64 * 1024
"""At most so much in one batch, save a single field that is larger: what is in the stream stays bounded."""

WORD = 1.0
"""Seconds between two words on how fresh it is, when nothing about that changes."""

LOOK = 0.25
"""Seconds after which a change of freshness is noticed at the latest."""

AGAIN = (0.1, 0.25)
"""Seconds until a write that failed is tried again, at first and at last."""

SWEEP = 10.0
"""Seconds between looks for episodes that are no longer shown."""


class Watch(Protocol):
    """What the watch says of itself (cluster's Watcher)."""

    def freshness(self) -> ClusterFreshness:
        """How far the picture can be trusted, now."""

    def resources(self) -> Sequence[ResourceType]:
        """Every type that the API serves."""

    @property
    def settled(self) -> bool:
        """Whether all that is to be watched is known, and has been listed or is known to be out of reach."""


class Publisher:
    """Tells one board for one term. `episode` is to be told each episode, as a recorder tells it.

    `problem` says why nothing is written now, "" when all is well.
    """

    def __init__(
        self,
        board: Board,
        watch: Watch,
        term: Term,
        *,
        redis: Redis,
        keys: Keys,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._board, self._watch, self._term, self._clock = board, watch, term, clock
        self._writer = Writer(redis, keys)
        self._entries_news: set[str] = set()
        self._notes_news: set[str] = set()
        board.entries.news, board.notes.news = self._entries_news, self._notes_news
        self._dirty: dict[str, None] = {}  # names, noted longest ago first
        self._episodes = {id for id in board.entries.by_id if board.episode(id) is not None}
        self._resources: tuple[ResourceType, ...] = ()
        self._vouched: tuple[frozenset[Kind], bool] = (frozenset(), False)  # kinds told whole; whether all are known
        self._whole = False  # whether Redis was told so
        self._key: object = None
        self._word_at = float("-inf")
        self._changes = asyncio.Event()
        self._news = asyncio.Event()
        self.problem = ""
        self._begin()

    @property
    def waiting(self) -> int:
        """Names that are noted and not written."""
        return len(self._dirty)

    def episode(self, episode: Episode, row: Row) -> None:
        """An episode opened, changed or closed."""
        self._episodes.add(row.id)
        self._note([EPISODE + row.id])

    async def run(self) -> None:
        """Tick and tell until cancelled, or until the term is over."""
        self._board.on_change = self._changes.set
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in (self._ticking(), self._telling(), self._sweeping())]
            await self._term.over.wait()
            for task in tasks:
                task.cancel()

    # What is noted

    def _note(self, names: Iterable[str]) -> None:
        for name in names:
            self._dirty[name] = None
        self._news.set()

    def _begin(self) -> None:
        """An epoch in which nothing has been told yet."""
        self._writer.begin(self._term.epoch)
        self._vouched, self._whole = (frozenset(), False), False
        self._key, self._resources = None, ()
        self._note(ROW + id for id in self._board.entries.by_id)
        self._note(NOTES + id for id in self._board.notes.subjects())
        self._note(EPISODE + id for id in self._episodes)

    async def _ticking(self) -> None:
        while True:
            self._changes.clear()
            began = time.thread_time()  # its own: who waits for a processor has not used it
            self._board.tick(self._clock())
            self._take_news()
            await asyncio.sleep(max(TICK, time.thread_time() - began))
            due = self._board.next_due
            wait = WORD if due is None else min(WORD, max(0.0, due - self._clock()))
            try:
                async with asyncio.timeout(wait):
                    await self._changes.wait()
            except TimeoutError:
                continue

    def _take_news(self) -> None:
        if self._entries_news or self._notes_news:
            self._note(ROW + id for id in self._entries_news)
            self._note(NOTES + id for id in self._notes_news)
            self._entries_news.clear()
            self._notes_news.clear()

    async def _sweeping(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            gone = {id for id in self._episodes if self._board.episode(id) is None}
            self._episodes -= gone
            self._note(EPISODE + id for id in gone)

    # What is told

    async def _telling(self) -> None:
        pause = AGAIN[0]
        while not self._term.over.is_set():
            try:
                await self._tell()
                pause = AGAIN[0]
            except RedisError as error:
                self._trouble(f"{type(error).__name__}: {error}")
                await asyncio.sleep(pause)
                pause = min(2 * pause, AGAIN[1])
                continue
            self._trouble("")
            if self._writer.epoch == self._term.epoch:  # else Redis has lost everything: it is told anew at once
                await self._pause()

    def _trouble(self, problem: str) -> None:
        if problem and not self.problem:
            log.warning("the picture is not told", reason=problem[:200])
        self.problem = problem

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(LOOK):
                await self._news.wait()
        except TimeoutError:
            return

    async def _tell(self) -> None:
        """Write all that is noted by now, and then vouch for what was complete before."""
        self._news.clear()
        if self._writer.epoch != self._term.epoch:
            self._begin()
        epoch, listed, settled = self._writer.epoch, frozenset(self._board.listed), self._watch.settled
        self._take_news()
        left = len(self._dirty)
        while left > 0:
            left -= await self._write(left)
            if self._term.over.is_set() or epoch != self._term.epoch:
                return
        self._vouched = listed, settled or self._vouched[1]
        if self._has_word():
            await self._write(0)

    async def _write(self, most: int) -> int:
        """Write one batch of at most so many names; how many it were. Raises RedisError, with the names noted again."""
        batch, whole, epoch = self._batch(most), self._vouched[1] and not self._whole, self._writer.epoch
        names = [name for name in batch if name not in (FRESH, KINDS)]
        try:
            refused = await self._writer.write(batch, whole=whole)
        except RedisError:
            self._dirty = dict.fromkeys(names) | self._dirty
            self._key, self._resources = None, ()
            raise
        if refused is Refused.LOST:
            await self._term.renew_epoch(epoch)
        elif refused is Refused.FENCED and epoch == self._term.epoch:
            log.warning("a newer leader writes", epoch=epoch)
            self._term.end()
        else:
            self._whole |= whole
        return len(names)

    def _batch(self, most: int) -> dict[str, bytes]:
        """The next batch, whose names are no longer noted."""
        batch: dict[str, bytes] = {}
        if self._has_word():
            self._add_word(batch)
        size = 0
        for name in tuple(islice(self._dirty, min(most, FIELDS))):
            packed = batch[name] = self._packed(name)
            del self._dirty[name]
            size += len(name) + len(packed)
            if size > BYTES:
                break
        return batch

    def _packed(self, name: str) -> bytes:
        family, id = name[:2], name[2:]
        if family == NOTES:
            return pack_notes(self._board.notes.of(id))
        if family == EPISODE:
            episode = self._board.episode(id)
            return pack_episode(episode) if episode is not None else b""
        entry = self._board.entries.by_id.get(id)
        return pack_entry(entry) if entry is not None else b""

    def _has_word(self) -> bool:
        key = self._word_key()
        return key != self._key or not 0 <= self._clock() - self._word_at < WORD

    def _word_key(self) -> object:
        fresh = self._watch.freshness()
        kinds = tuple((kind.resource, kind.state, kind.note) for kind in fresh.kinds)
        return fresh.state, fresh.error, kinds, self._vouched

    def _add_word(self, batch: dict[str, bytes]) -> None:
        now = self._clock()
        self._key, self._word_at = self._word_key(), now
        batch[FRESH] = pack_report(report(self._watch.freshness(), *self._vouched, now))
        resources = tuple(self._watch.resources())
        if resources != self._resources:
            self._resources = resources
            batch[KINDS] = pack_kinds(resources)
