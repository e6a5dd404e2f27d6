"""What the probe tells the reflectors, and they the probe."""

from __future__ import annotations

import asyncio


class Pulse:
    """Two moments to wait for: the probe answered; the probe answered again after it had failed."""

    def __init__(self) -> None:
        self._answered = asyncio.Event()
        self._recovered = asyncio.Event()
        self.suspicion = asyncio.Event()

    def next_answer(self) -> asyncio.Event:
        """Set when the next probe is answered."""
        return self._answered

    def next_recovery(self) -> asyncio.Event:
        """Set when a probe is answered after one that was not."""
        return self._recovered

    def answer(self, recovered: bool) -> None:
        """The probe was answered."""
        self._answered.set()
        self._answered = asyncio.Event()
        if recovered:
            self._recovered.set()
            self._recovered = asyncio.Event()

    def suspect(self) -> None:
        """A stream broke: have the probe look now rather than in five seconds."""
        self.suspicion.set()
