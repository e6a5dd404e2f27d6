"""The frame that every controller shares: watch → work queue → sync(key).

A controller that is refused (a conflict with a newer version, a quota) tries the key again, later each
time; some, like upstream's, give up after fifteen times until something changes. A write takes a few milliseconds, as
it does over a network: without that, controllers never overtake each other and the interleavings that
a real control plane shows could not happen here.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass

from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.controllers.events import Recorder
from dashboard.sandbox.controllers.informer import Informers
from dashboard.sandbox.controllers.meta import Key
from dashboard.sandbox.controllers.pace import Pace
from dashboard.sandbox.controllers.queue import WorkQueue
from dashboard.sandbox.failures import ApiFailure

MOST_RETRIES = 15
WRITE = 0.003
"""Seconds that a write to the API takes (measured in recordings of a control plane on one machine: 3 to 5 ms)."""

MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading an object raises that lacks, or has wrong, what a real server's validation guarantees.

The sandbox checks only the rules that people meet, so such an object may be there. It must not end the loop for all.
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Context:
    """What a controller works with: its client, the clock, the shared caches, the recorder of Events, the pace."""

    client: Client
    clock: Clock
    informers: Informers
    recorder: Recorder
    pace: Pace


class Controller(ABC):
    """One loop. Subclasses register handlers in __init__ and implement sync()."""

    name = "controller"
    workers = 5
    retries: int | None = None
    """Failures in a row after which a key is given up; None: never."""

    def __init__(self, context: Context) -> None:
        self.client = context.client
        self.clock = context.clock
        self.informers = context.informers
        self.recorder = context.recorder
        self.pace = context.pace
        self.queue = WorkQueue(context.clock, context.pace)
        self.gate = context.client.api.faults.gate(self.name)

    @abstractmethod
    async def sync(self, key: Key) -> None:
        """Compare what is wanted with what is there for one object, and act on the difference."""

    async def settle(self) -> None:
        """The time that a write takes to come back to its writer."""
        await self.pace.wait(WRITE)

    async def run(self) -> None:
        """Work for ever."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self.workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            began, outcome = time.monotonic(), "done"
            admitted = self.gate.admit(key, functools.partial(self.queue.add, key))
            try:
                if admitted:
                    await self.sync(key)
            except ApiFailure as failure:
                # A refusal takes as long to come back as a success.
                await self.settle()
                self._failed(key, failure)
                outcome = failure.message
            except MALFORMED:
                log.exception("%s: cannot make sense of %s; left alone until it changes", self.name, key)
                self.queue.forget(key)
                outcome = "cannot make sense of it"
            else:
                if admitted:
                    self.queue.forget(key)
            finally:
                self.queue.done(key)
            if admitted:
                self.gate.done(key, time.monotonic() - began, outcome)

    def _failed(self, key: Key, failure: ApiFailure) -> None:
        if self.retries is None or self.queue.failures(key) < self.retries:
            log.debug("%s: %s: %s; again soon", self.name, key, failure)
            self.queue.retry(key)
            return
        log.warning("%s: gave up on %s until it changes: %s", self.name, key, failure)
        self.queue.forget(key)
