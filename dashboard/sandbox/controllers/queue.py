"""The work queue of client-go: a key is worked on by one worker at a time, and never queued twice.

Failures come back after 5 ms, 10 ms, 20 ms … (workqueue.DefaultTypedControllerRateLimiter's per-item part).
"""

from __future__ import annotations

import asyncio
from collections import deque

from dashboard.sandbox.clock import Clock
from dashboard.sandbox.controllers.meta import Key
from dashboard.sandbox.controllers.pace import Pace

FIRST_RETRY = 0.005
LONGEST_RETRY = 1000.0
SHORT = 0.1
"""Retries sooner than this race with other controllers' writes, and keep their pace."""


class WorkQueue:
    """Keys waiting for a worker."""

    def __init__(self, clock: Clock, pace: Pace) -> None:
        self._clock = clock
        self._pace = pace
        self._order: deque[Key] = deque()
        self._dirty: set[Key] = set()
        self._busy: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._due: dict[Key, tuple[float, asyncio.TimerHandle]] = {}
        self._wake = asyncio.Event()

    def add(self, key: Key) -> None:
        """Queue the key; while it is being worked on, remember to do it once more afterwards."""
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._busy:
            self._order.append(key)
            self._wake.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Queue the key when `seconds` of the imitated world have passed; the earliest of several wins."""
        if seconds <= 0:
            self.add(key)
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds / self._clock.speed
        earlier = self._due.get(key)
        if earlier is not None:
            if earlier[0] <= at:
                return
            earlier[1].cancel()
        self._due[key] = (at, loop.call_at(at, self._fire, key))

    def _fire(self, key: Key) -> None:
        self._due.pop(key, None)
        self.add(key)

    def retry(self, key: Key) -> None:
        """Queue a key whose work failed, later each time."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        pause = min(FIRST_RETRY * 2**failures, LONGEST_RETRY)
        if pause < SHORT:
            self._pace.call(pause, lambda: self.add(key))
        else:
            self.add_after(key, pause)

    def failures(self, key: Key) -> int:
        """How often in a row the key's work has failed."""
        return self._failures.get(key, 0)

    def forget(self, key: Key) -> None:
        """The key's work succeeded, or is given up: start counting failures anew."""
        self._failures.pop(key, None)

    async def get(self) -> Key:
        """The next key, which is busy until done()."""
        while not self._order:
            self._wake.clear()
            await self._wake.wait()
        key = self._order.popleft()
        self._busy.add(key)
        self._dirty.discard(key)
        return key

    def done(self, key: Key) -> None:
        """The worker has finished with the key."""
        self._busy.discard(key)
        if key in self._dirty:
            self._order.append(key)
            self._wake.set()
