"""Blocking work in threads of its own, so that nothing slow ever stands in the event loop's way, nor in its end."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connections

T = TypeVar("T")
_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Aside:
    """A few threads that take jobs in turn.

    They are daemons: a job that hangs (a database that was stopped, not ended) holds up its own kind of work, and the
    end of the process never. An executor's threads would be waited for.
    """

    def __init__(self, name: str, threads: int = 1) -> None:
        self._name = name
        self._threads = threads
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._started = False

    async def do(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises, from one of the threads. Who is cancelled stops waiting; the job goes on."""
        if not self._started:
            self._start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put((loop, future, work))
        return await future

    def stop(self) -> None:
        """Let each thread end after its job. What is asked after this starts them anew."""
        if self._started:
            self._started = False
            for _ in range(self._threads):
                self._jobs.put(None)

    def _start(self) -> None:
        self._started = True
        for number in range(self._threads):
            threading.Thread(target=self._run, name=f"{self._name}-{number}", daemon=True).start()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, future, work = job
            try:
                result, problem = work(), None
            except Exception as error:  # noqa: BLE001 - handed to whoever asked, who decides
                result, problem = None, error
            _tell(loop, future, result, problem)
            del job, future, work, result, problem  # hold nothing while waiting for the next
        connections.close_all()  # of this thread


def _tell(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], result: Any, problem: Exception | None) -> None:
    def settle() -> None:
        if future.done():
            return
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(result)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
        loop.call_soon_threadsafe(settle)
