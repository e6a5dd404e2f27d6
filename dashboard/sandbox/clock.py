"""The sandbox's clock: real time for stamps, scaled time for waiting.

`speed` makes the imitated world faster (20 = a pull of one second takes 50 ms); stamps stay real Unix
time, so that a viewer's own clock agrees with what the objects say.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Says what time it is and waits in scaled seconds."""

    def __init__(self, speed: float = 1.0) -> None:
        """`speed` > 0 divides every wait. Raises ValueError otherwise."""
        if not speed > 0:
            raise ValueError(f"speed must be greater than 0, got {speed}")
        self.speed = speed

    def now(self) -> float:
        """Real Unix seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of the imitated world."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    def stamp(self, at: float | None = None) -> str:
        """RFC 3339 in whole seconds, as metav1.Time is written. `at` is Unix seconds, default now."""
        return datetime.fromtimestamp(self.now() if at is None else at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def micro_stamp(self, at: float | None = None) -> str:
        """RFC 3339 with microseconds, as metav1.MicroTime is written."""
        return datetime.fromtimestamp(self.now() if at is None else at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
