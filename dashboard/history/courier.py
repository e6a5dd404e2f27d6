"""Takes what is due to the broker, and asks the database what has arrived."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from django.db import Error

from dashboard.history import accounts, wire
from dashboard.history.aside import Aside
from dashboard.history.buffer import Buffer, Entry
from dashboard.history.ranges import Ranges
from dashboard.history.sequence import Sequence
from dashboard.history.values import Kept

T = TypeVar("T")

MOST_AWAY = 4
"""Batches that may be under way: more than these wait in the buffer, where newer tellings replace older ones."""

BATCH = 200
"""Entries of a batch: some milliseconds of a database's time, some hundred kilobytes of a broker's."""

ASK = 0.2
"""Seconds between two questions to the database while a batch is under way."""

APART = 1.0
"""Seconds between two batches that are not full: one costs some milliseconds, however little is in it. What comes
after a second of silence goes at once."""

RESEND, RESEND_MOST = 15.0, 300.0
"""Seconds until a batch that is not seen written is sent again; twice as long after each that was not."""

PAUSE, PAUSE_MOST = 0.5, 10.0
"""Seconds until a broker or a database that did not answer is tried again, twice as long each time."""

LEFT_AT_ONCE = 50
NO_DATABASE = "the database does not answer"
NO_BROKER = "the broker of tasks does not answer"
NOT_WRITTEN = "batches are sent and not written: does a worker run?"


class NotSentError(Exception):
    """The broker took no batch. Its text is the kind of error alone: a broker's own words may hold addresses."""


@dataclass(slots=True)
class _Sent:
    entries: dict[str, Entry]
    at: float
    left: tuple[str, ...]


class Courier:
    """Batches under way, and what is known of the accounts. `watches` says that its run tells of episodes."""

    def __init__(
        self,
        cluster: str,
        buffer: Buffer,
        sequence: Sequence,
        run_id: str,
        *,
        clock: Callable[[], float],
        publish: Callable[[str], None],
    ) -> None:
        self.last_write: float | None = None
        self._cluster = cluster
        self._buffer = buffer
        self._sequence = sequence
        self._run_id = run_id
        self._clock = clock
        self._publish = publish
        self._started = clock()
        self._sent: dict[str, _Sent] = {}
        self._standing = accounts.Standing()
        self._left = {each.run: each for each in sequence.left_over()}
        self._word: tuple[str, ...] | None = ()
        self.watches = False
        self._ended = False
        self._resend = RESEND
        self._pause = 0.0
        self._try_at = self._next_at = 0.0
        self._broker_error = self._database_error = self._late = ""
        self._broker = Aside("history-broker")
        self._database = Aside("history-database")

    @property
    def error(self) -> str:
        """Why nothing is written now; "" when all is well."""
        return self._broker_error or self._database_error or self._late

    def has_written(self, number: int) -> bool:
        """Whether a number of this run is known to be written; 0 is of an earlier run, and is."""
        return not number or number in self._standing.written

    def lost(self) -> int:
        """How many numbers of this run are neither written nor held, and what other runs have lost."""
        return self._lost_here() + self._standing.lost_before

    def _lost_here(self, besides: Iterable[int] = ()) -> int:
        """The numbers of this run that are neither written nor held, nor among these."""
        found = Ranges(self._standing.written.stretches())
        found.add(self._buffer.numbers())
        found.add(besides)
        found.add(entry.item.number for sent in self._sent.values() for entry in sent.entries.values())
        return found.missing(self._sequence.told)

    def word(self, alive: tuple[str, ...]) -> None:
        """Say with the next batch, at once, that this run goes on, and which open episodes are there still."""
        self._word = alive

    # Sending

    async def send(self) -> None:
        """Send one batch of what is due, if anything is, the last one was long enough ago and the broker is not being
        left alone.
        """
        now = self._clock()
        self._recall(now)
        if len(self._sent) >= MOST_AWAY or now < self._try_at or (now < self._next_at and not self._ended):
            return
        entries = self._buffer.take(now, BATCH)
        if not entries and self._word is None:
            return
        batch = self._batch(entries, now)
        # Under way from here on, whatever happens to this call: it may arrive although nobody waited for it.
        self._sent[batch.id] = _Sent(entries, now, tuple(each.id for each in batch.left))
        self._word = None
        try:
            await self._broker.do(lambda: self._publish(wire.encode(wire.packed(batch))))
        except NotSentError as error:
            self._not_sent(batch, error)
        except ValueError:
            self._leave_out(batch)
        else:
            self._broker_error, self._pause = "", 0.0
            self._next_at = now + APART if len(entries) < BATCH else now

    def _batch(self, entries: dict[str, Entry], now: float) -> wire.Batch:
        items = [entry.item for entry in entries.values()]
        left = list(self._left.values())[:LEFT_AT_ONCE]
        return wire.Batch(
            id=uuid.uuid4().hex,
            cluster=self._cluster,
            at=now,
            run=self._state(items),
            episodes=tuple(item for item in items if isinstance(item, wire.Told)),
            edits=tuple(item for item in items if isinstance(item, wire.Made)),
            alive=self._word or (),
            left=tuple(wire.RunState(each.run, each.told, ended=True) for each in left),
        )

    def _state(self, items: Iterable[wire.Told | wire.Made]) -> wire.RunState:
        """How this run stands; `items` are about to be under way."""
        lost = self._lost_here(each.number for each in items)
        return wire.RunState(self._run_id, self._sequence.told, self._started, self._ended, self.watches, lost)

    def _not_sent(self, batch: wire.Batch, error: NotSentError) -> None:
        self._take_back(batch.id)
        self._word = batch.alive
        self._broker_error = f"{NO_BROKER} ({error})"
        self._pause = min(max(self._pause * 2, PAUSE), PAUSE_MOST)
        self._try_at = self._clock() + self._pause

    def _leave_out(self, batch: wire.Batch) -> None:
        """What cannot be written as JSON never will be: it is given up, and so counted as lost. The rest goes again."""
        empty = msgspec.structs.replace(batch, episodes=(), edits=())
        entries = self._sent[batch.id].entries
        for key, entry in list(entries.items()):
            part = {"episodes": (entry.item,)} if isinstance(entry.item, wire.Told) else {"edits": (entry.item,)}
            if not wire.sound(msgspec.structs.replace(empty, **part)):
                del entries[key]
                self._buffer.home(1)
        self._take_back(batch.id)

    def _take_back(self, id: str) -> None:
        entries = self._sent.pop(id).entries
        self._buffer.home(len(entries))
        for key, entry in entries.items():
            self._buffer.back(key, entry)

    def _recall(self, now: float) -> None:
        """Take back the batches that are not seen written in good time."""
        for id in [id for id, sent in self._sent.items() if now - sent.at > self._resend]:
            self._take_back(id)
            self._late = NOT_WRITTEN
            self._resend = min(self._resend * 2, RESEND_MOST)

    # What has arrived

    async def open_episodes(self) -> list[Kept]:
        """What an earlier run left to be taken up, once the database answers."""
        return await self._ask(lambda: accounts.unfinished(self._cluster, self._clock()))

    async def confirming(self) -> None:
        """Ask what is written, for as long as anything is under way."""
        await self.confirm()
        while True:
            await asyncio.sleep(ASK)
            if self._sent:
                await self.confirm()

    async def confirm(self) -> None:
        """Ask which batches are written, and let go of those."""
        asked = list(self._sent)
        standing = await self._ask(lambda: accounts.standing(self._cluster, self._run_id, asked, self._clock()))
        self._standing = standing
        for sent in (self._sent.pop(id) for id in standing.batches if id in self._sent):
            self._buffer.home(len(sent.entries))
            self.last_write, self._late, self._resend = self._clock(), "", RESEND
            for run in sent.left:
                self._left.pop(run, None)
                self._sequence.forget(run)

    async def _ask(self, question: Callable[[], T]) -> T:
        """The database's answer, however long it takes to come."""
        pause = PAUSE
        while True:
            try:
                answer = await self._database.do(lambda: accounts.answer(question))
            except Error as error:
                self._database_error = f"{NO_DATABASE} ({type(error).__name__})"
            else:
                self._database_error = ""
                return answer
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_MOST)

    # The end

    async def finish(self) -> None:
        """Send all that is held and see it written, and that nothing more will come; then the run needs no file."""
        self._ended = True
        self._buffer.due_now()
        self._word = ()
        self._try_at = 0.0
        while len(self._buffer) or self._word is not None or self._sent:
            await self.send()
            await self.confirm()
            await asyncio.sleep(0.02)
        self._sequence.finish()

    def close(self) -> None:
        """Let the threads end."""
        self._broker.stop()
        self._database.stop()
