"""After an outage: when to list again what was held through it.

What answers then has perhaps another history, which numbers alone cannot tell once it has grown past ours. That the
probe was not answered is an outage, and is followed at once. That most streams broke together may be one, too short
for the probe to notice; or something between us and the API ends quiet connections, all at once because they were
opened together, every half minute. So where they had all been open for a while, that is followed a few times, and then
seldom.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable

from dashboard.cluster.timing import Timing

VERIFY_AFTER = (0.1, 0.6)
"""Seconds after an outage: long enough that those who watch do not all list at once, and right within two seconds."""

A_WHILE = 10.0
"""Seconds that a stream has been open: whatever ends quiet connections is not quicker than that."""

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

    def after_streams(self, since: float, lived: float) -> None:
        """Most streams broke together, the youngest after so many seconds; until `since` all was well."""
        spent = lived >= A_WHILE and len(self._done) == VERIFICATIONS
        self._plan(since, max(0.0, self._done[0] + PERIOD - self._timing.steady()) if spent else 0.0)

    def cancel(self) -> None:
        """Plan no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _plan(self, since: float, wait: float) -> None:
        self._well_until = min(self._well_until, since)
        loop = asyncio.get_running_loop()
        due = loop.time() + wait + self._timing.chance.uniform(*VERIFY_AFTER)
        if wait and self._timer is not None and self._timer.when() <= due:
            return  # what is planned comes sooner
        self.cancel()
        self._timer = loop.call_at(due, self._run, self._timing.steady())

    def _run(self, planned: float) -> None:
        self._timer = None
        if not self._ready():
            return
        since, self._well_until = self._well_until, math.inf
        self._done.append(self._timing.steady())
        self._verify(since, planned)
