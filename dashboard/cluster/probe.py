"""A cheap question to the API every five seconds, twice a second while it is not answered.

It asks for the list that holds the kube-system Namespace, and learns three things: that the API answers,
how far the cluster's history has come (the list's resourceVersion), and whose it is (that Namespace's uid,
the usual identity of a cluster). A history that goes back, or another identity, is a restored or a new
cluster behind the same address: no watch would ever say so.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import ApiError, ClusterError, ServerError, TooManyRequests, Unauthorized, Unreachable
from dashboard.cluster.pulse import Pulse
from dashboard.cluster.reading import number
from dashboard.cluster.timing import Timing
from dashboard.cluster.wiring import Counters

INTERVAL = 5.0
INTERVAL_FAILING = 0.5
"""Within two seconds of the API's return everything is to be right again: one of them is not spent asleep."""
PATIENCE = 4.0
"""Seconds for one answer. Shorter than the interval; longer than the failing one, so up to eight overlap then:
a slow API is not a dead one, and a question lost in a dead connection does not delay the next."""

QUESTION = ("/api/v1/namespaces", {"fieldSelector": "metadata.name=kube-system", "limit": "1"})


@dataclass(frozen=True, slots=True)
class _Life:
    """Whose the API is, how far its history has come, and the how manieth one of it this is."""

    uid: str
    version: int | None
    number: int = 0


def _of_the_api(refusal: ApiError) -> bool:
    """Whether the API itself refused, and so is there: Forbidden, mostly.

    It gives its reason, but for the plain words with which it sheds load (429). A refusal without one is that of
    whatever stands before it: an ingress says 404 when the API behind it has gone.
    """
    if isinstance(refusal, ServerError | Unauthorized):
        return False
    return bool(refusal.reason) or isinstance(refusal, TooManyRequests)


class Probe:
    """The probe of one cluster. `run` it as a task."""

    def __init__(
        self,
        connection: Connection,
        pulse: Pulse,
        timing: Timing,
        counters: Counters,
        *,
        rewound: Callable[[], None],
        recovered: Callable[[float], None],
    ) -> None:
        """`rewound` is called when the cluster is not the one it was, `recovered` when it answers again,
        with the time (steady clock) at which it had last answered, -inf for never.
        """
        self._connection, self._pulse, self._timing = connection, pulse, timing
        self._counters, self._rewound, self._recovered = counters, rewound, recovered
        self._serial = 0
        self._heard = 0
        self._life = _Life("", None)
        self.error = ""
        self.answered_at: float | None = None

    @property
    def failing(self) -> bool:
        """Whether the last question was not answered."""
        return bool(self.error)

    async def run(self) -> None:
        """Ask until cancelled."""
        asked: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._serial += 1
                task = asyncio.create_task(self._ask(self._serial))
                asked.add(task)
                task.add_done_callback(asked.discard)
                await self._timing.sleep(INTERVAL_FAILING)
                if not self.failing:
                    await self._timing.wait(self._pulse.suspicion, INTERVAL - INTERVAL_FAILING)
                self._pulse.suspicion.clear()
        finally:
            for task in asked:
                task.cancel()

    async def _ask(self, serial: int) -> None:
        self._counters.probes += 1
        known = self._life
        try:
            async with asyncio.timeout(PATIENCE):
                response = await self._connection.request("GET", *QUESTION, timeout=PATIENCE)
            self._read(serial, response.object(), known)
        except TimeoutError:
            whose = "the credential's source" if self._connection.keeper.renewing else self._connection.server
            self._silent(serial, Unreachable(f"{whose} does not answer within {PATIENCE:.0f} s"))
        except ApiError as error:
            if _of_the_api(error):
                self._answered(serial)
            else:
                self._silent(serial, error)
        except ClusterError as error:
            self._silent(serial, error)

    def _read(self, serial: int, answer: dict[str, Any], known: _Life) -> None:
        metadata, items = answer.get("metadata"), answer.get("items")
        version = number(str(metadata.get("resourceVersion"))) if isinstance(metadata, dict) else None
        first = items[0] if isinstance(items, list) and items else None
        about = first.get("metadata") if isinstance(first, dict) else None
        uid = str(about.get("uid") or "") if isinstance(about, dict) else ""
        newest = serial > self._heard
        self._answered(serial)
        if newest:
            self._compare(uid, version, known)

    def _compare(self, uid: str, version: int | None, known: _Life) -> None:
        """Compare with what was `known` when the question was asked: of two under way at once, the one that was asked
        last may have been answered first. When it went back meanwhile, in doubt: perhaps it has done so again.
        """
        now = self._life
        before = known if known.number == now.number else now
        another = bool(uid and before.uid and uid != before.uid)
        rewound = another or (version is not None and before.version is not None and version < before.version)
        self._life = _Life(uid or now.uid, version if version is not None else now.version, now.number + rewound)
        if rewound:
            self._rewound()

    def _answered(self, serial: int) -> None:
        self._heard = max(self._heard, serial)
        recovered, self.error = self.failing, ""
        before, self.answered_at = self.answered_at, self._timing.steady()
        self._pulse.answer(recovered)
        if recovered:
            self._recovered(before if before is not None else -math.inf)

    def _silent(self, serial: int, error: ClusterError) -> None:
        if serial > self._heard:
            self._heard = serial
            self.error = str(error) or type(error).__name__
            self._pulse.silence()
