"""After an outage: when to list again what was held through it.

What answers then has perhaps another history, which numbers alone cannot tell once it has grown past ours. That the
probe was not answered is an outage, and is followed at once. That most streams broke together may be one, too short
for the probe to notice; or something between us and the API ends quiet connections, all at once because they were
opened together, every half minute. So that is followed a few times, and then seldom.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable

from dashboard.cluster.timing import Timing

VERIFY_AFTER = (0.1, 0.6)
"""Seconds after an outage: long enough that those who watch do not all list at once, and right within two seconds."""

VERIFICATIONS, PERIOD = 3, 300.0
"""How many in so many seconds follow streams that broke while the probe was answered."""


class Verification:
    """The next verification of one cluster."""

    def __init__(self, timing: Timing, ready: Callable[[], bool], verify: Callable[[float, float], None]) -> None:
        """`verify` is called with the times (steady clock) until which all was well and at which it was planned; not
        while `ready` says no: then another plan must follow.
        """
        self._timing, self._ready, self._verify = timing, ready, verify
        self._well_until = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._done: deque[float] = deque(maxlen=VERIFICATIONS)

    def after_outage(self, since: float) -> None:
        """The API was away; until `since` (steady clock) all was well."""
        self._plan(since, 0.0)

    def after_streams(self, since: float) -> None:
        """Most streams broke together; until `since` all was well."""
        first = self._done[0] if len(self._done) == VERIFICATIONS else -math.inf
        self._plan(since, max(0.0, first + PERIOD - self._timing.steady()))

    def cancel(self) -> None:
        """Plan no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _plan(self, since: float, wait: float) -> None:
        self.cancel()
        self._well_until = min(self._well_until, since)
        delay = wait + self._timing.chance.uniform(*VERIFY_AFTER)
        self._timer = asyncio.get_running_loop().call_later(delay, self._run, self._timing.steady())

    def _run(self, planned: float) -> None:
        self._timer = None
        if not self._ready():
            return
        since, self._well_until = self._well_until, math.inf
        self._done.append(self._timing.steady())
        self._verify(since, planned)
