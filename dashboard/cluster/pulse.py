"""What the probe tells the reflectors, and they the probe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from dashboard.cluster.errors import Unreachable

T = TypeVar("T")

TOGETHER = 2.0
"""Seconds within which streams that break have broken together."""


class Pulse:
    """Two moments to wait for: the probe answered; the probe answered again after it had failed."""

    def __init__(self, outage: Callable[[float, float], None] = lambda since, lived: None) -> None:
        """`outage` is called when most streams broke together, with the time (steady clock) before which all was well
        and the seconds that the youngest had been open: a server went down, perhaps to return as another.
        """
        self._outage = outage
        self.answering = True
        """Whether the last question was answered. While it is not, whoever refuses may stand in the API's place."""
        self._answered = asyncio.Event()
        self._recovered = asyncio.Event()
        self.suspicion = asyncio.Event()
        self._open: set[object] = set()
        self._broken: dict[object, tuple[float, float]] = {}

    def next_answer(self) -> asyncio.Event:
        """Set when the next probe is answered."""
        return self._answered

    def next_recovery(self) -> asyncio.Event:
        """Set when a probe is answered after one that was not."""
        return self._recovered

    async def unless_recovered(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for what the API answers. Raises Unreachable when it returns from an outage meanwhile: what was asked
        before that may never be answered.
        """
        asked, back = asyncio.ensure_future(work), asyncio.ensure_future(self._recovered.wait())
        try:
            await asyncio.wait({asked, back}, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                return asked.result()
            raise Unreachable("the API went away and is back")
        finally:
            asked.cancel()
            back.cancel()

    def answer(self, recovered: bool) -> None:
        """The probe was answered."""
        self.answering = True
        self._answered.set()
        self._answered = asyncio.Event()
        if recovered:
            self._recovered.set()
            self._recovered = asyncio.Event()

    def silence(self) -> None:
        """The probe was not answered."""
        self.answering = False
        self.suspect()

    def suspect(self) -> None:
        """A stream broke: have the probe look now rather than in five seconds."""
        self.suspicion.set()

    @contextmanager
    def streaming(self, stream: object) -> Iterator[None]:
        """While a stream is open."""
        self._open.add(stream)
        try:
            yield
        finally:
            self._open.discard(stream)

    def broke(self, stream: object, now: float, lived: float) -> None:
        """An open stream was cut at `now` (steady clock), when it had been open for `lived` seconds."""
        self._broken = {other: each for other, each in self._broken.items() if now - each[0] < TOGETHER}
        self._broken[stream] = now, lived
        whole = len(self._open - self._broken.keys())
        if len(self._broken) > max(whole, 1):
            shortest = min(lived for _, lived in self._broken.values())
            self._broken.clear()
            self._outage(now - TOGETHER, shortest)
