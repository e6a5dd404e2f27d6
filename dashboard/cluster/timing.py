"""Time as an argument: the wall clock, the steady clock, sleeping and chance, in one value that tests replace."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field


def since_boot() -> float:
    """Seconds that never jump and, where the system tells, go on while it sleeps: a woken laptop's picture is old."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(frozen=True, slots=True)
class Timing:
    """Ages are taken from `steady`, which never jumps; `wall` (Unix seconds) only labels them."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = since_boot
    chance: random.Random = field(default_factory=random.Random)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for `event`, at most `seconds`; True when it came."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await event.wait()
        except TimeoutError:
            return False
        return True

    def full_jitter(self, attempt: int, base: float, cap: float) -> float:
        """A delay before try number `attempt` (from 1): anything up to a bound that doubles, so that crowds spread."""
        return self.chance.uniform(0, min(cap, base * 2 ** min(attempt - 1, 30)))

    def spread(self, seconds: float) -> float:
        """About as long: periodic work of many kinds must not fall together."""
        return seconds * self.chance.uniform(0.9, 1.1)
