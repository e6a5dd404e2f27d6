"""The few milliseconds that a write takes, in the right order however busy the machine is.

Controllers race: whether the Deployment's status is written before or after the ReplicaSet's decides what people
see, and on a real control plane their latencies decide it. Plain sleeps of 3 ms would leave it to this
machine's load. So the short waits run on a time of their own: whoever is due first is woken first, alone, and what
follows from that (watch events, queues, the next wait) is let happen before the next one is woken. A busy machine is
late, but never out of order.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable

TURNS = 12
"""Turns of the event loop in which everything that one wake-up leads to has come to its next wait."""


class Pace:
    """Short waits, woken one by one in order of due time. `speed` divides them."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._moment = 0.0
        self._busy = False
        self._changed = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return after `seconds` of the imitated world, in turn."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.call(seconds, lambda: None if turn.done() else turn.set_result(None))
        await turn

    def call(self, seconds: float, what: Callable[[], None]) -> None:
        """Call `what` after `seconds` of the imitated world, in turn."""
        heapq.heappush(self._due, (self._now() + seconds / self._speed, next(self._order), what))
        self._changed.set()

    def _now(self) -> float:
        """The time of the wake-up whose consequences are happening; else real time, not past one overdue."""
        if self._busy:
            return self._moment
        real = asyncio.get_running_loop().time()
        return max(self._moment, min(real, self._due[0][0]) if self._due else real)

    async def run(self) -> None:
        """Wake for ever."""
        loop = asyncio.get_running_loop()
        self._moment = loop.time()
        while True:
            self._changed.clear()
            if not self._due:
                await self._changed.wait()
            elif (left := self._due[0][0] - loop.time()) > 0:
                timer = loop.call_later(left, self._changed.set)
                await self._changed.wait()
                timer.cancel()
            else:
                await self._wake()

    async def _wake(self) -> None:
        self._busy = True
        self._moment, _, what = heapq.heappop(self._due)
        what()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        self._busy = False
