"""Where episodes are told to: kept in memory, sent in batches through Celery, held until they are known to be written.

1. `episode` and `edit` take note and return: no I/O, no lock, whatever the database and the broker do.
2. Each thing that is told of has a number in this run's sequence (`sequence.py`), which outlives the process.
3. `run` sends what is due, each batch under a name. A batch is written when the database has that name: until then it
   counts as held, and what is not written in good time goes back into the buffer and out again.
4. The database keeps which numbers of a run are written. What is missing there and not held here is lost, and counted.

Everything that may block (the broker, the database) happens in threads of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from dashboard.core.model import Change, Episode, Row
from dashboard.history import wire
from dashboard.history.buffer import Buffer, Entry
from dashboard.history.courier import Courier, NotSentError
from dashboard.history.known import Known, News
from dashboard.history.late import using
from dashboard.history.sequence import Sequence

TICK = 0.25
"""Seconds between two looks at what is due."""

AGAIN, LATER = 5.0, 15.0
"""Seconds until an open episode is written again that has taken another step, and one that only has more samples or
another cause. Its opening and its end are sent at once; the others wait for a common moment, up to AGAIN longer."""

BEAT = 60.0
"""Seconds between two words on which open episodes are there still."""

FLUSH = 1.0
"""Seconds that the end may take to send and see written what is held."""


def send(payload: str) -> None:
    """Hand a batch to Celery. Blocks for as long as the broker may take (`reconcilerviz/queue.py`).

    Raises NotSentError where it does not take it.
    """
    with using("dashboard.history.tasks") as tasks:
        problem: str | None = tasks.submit(payload)
    if problem is not None:
        raise NotSentError(problem)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of what was told.

    `buffered` is held here and not known to be written. `dropped_*` were given up because the buffer was full. `lost`
    is how many episodes and edits of this cluster were told of, are not written and are held by nobody, over all runs
    that are known. `last_write` is when a batch was last seen written, `error` why none is now ("" when all is well).
    """

    buffered: int
    dropped_samples: int
    dropped_episodes: int
    lost: int
    last_write: float | None
    error: str


class Recording:
    """Keeps the episodes of one cluster. Build it in the event loop's thread; `run` it; it is told from that thread.

    `look` gives the episode that an object's picture has now, so that open ones can be told to be there still; `resume`
    is given what was open when the last run ended. Both may be set after it was built.
    """

    def __init__(
        self,
        cluster: str,
        *,
        data: Path | None = None,
        clock: Callable[[], float] = time.time,
        publish: Callable[[str], None] = send,
    ) -> None:
        self.cluster = cluster
        self.look: Callable[[str], Episode | None] | None = None
        self.resume: Callable[[Iterable[Episode]], None] | None = None
        self.run_id = uuid.uuid4().hex
        self._clock = clock
        self._buffer = Buffer()
        self._known = Known()
        self._versions = wire.Versions()
        self._sequence = Sequence((data or settings.RECONCILERVIZ_DATA) / "told" / cluster, self.run_id)
        self._courier = Courier(cluster, self._buffer, self._sequence, self.run_id, clock=clock, publish=publish)
        self._beat_at = clock() + BEAT

    # What is told

    def episode(self, episode: Episode, row: Row) -> None:
        """An episode that opened, changed or closed."""
        number, news = self._known.take(episode, row, self._sequence.next)
        told = wire.told(number, self._versions.next(), episode, row)
        spare = episode.closed is None and self._courier.has_written(number)
        self._buffer.put(episode.key, Entry(told, self._due(news), spare))

    def _due(self, news: News) -> float:
        """When what is told may be sent: with all else that may wait as long, for a batch costs more than an entry."""
        if news is News.TURN:
            return 0.0
        wait = AGAIN if news is News.STEP else LATER
        return math.ceil((self._clock() + wait) / AGAIN) * AGAIN

    def edit(self, object: str, do: str, *, who: str, remote: str, changes: Iterable[Change] = ()) -> None:
        """A change that somebody made through the pages."""
        made = wire.Made(
            self._sequence.next(), uuid.uuid4().hex, self._clock(), object, do, who, remote, tuple(changes)
        )
        self._buffer.put(f"edit {made.id}", Entry(made, 0.0))

    def counts(self) -> Counts:
        """How it stands now."""
        buffer, state = self._buffer, self._courier
        problem = state.error or self._sequence.problem
        return Counts(
            len(buffer), buffer.dropped_samples, buffer.dropped_episodes, state.lost(), state.last_write, problem
        )

    # What runs

    async def run(self) -> None:
        """Send and confirm until cancelled, then for FLUSH seconds at most what is held."""
        self._courier.watches = self.look is not None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._begin())
                group.create_task(self._sending())
                group.create_task(self._courier.confirming())
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH):
                    await self._courier.finish()
            self._courier.close()
            self._sequence.close()

    async def _begin(self) -> None:
        """Take up what was open when the last run ended, once the database answers."""
        found = await self._courier.open_episodes()
        self._known.resume(kept.episode for kept in found)
        if self.resume is not None:
            self.resume([kept.episode for kept in found])

    async def _sending(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if self._clock() >= self._beat_at:
                self._beat_at = self._clock() + BEAT
                self._courier.word(self._alive())
            await self._courier.send()

    def _alive(self) -> tuple[str, ...]:
        """Keys of open episodes that the picture has still. One whose end was not heard of is told of again."""
        if self.look is None:
            return self._known.open_keys()
        alive = []
        for id, key, row in self._known.open_ones():
            episode = self.look(id)
            if episode is None or episode.key != key:
                continue
            if episode.closed is None:
                alive.append(key)
            elif row is not None:
                self.episode(episode, row)
        return tuple(alive)
