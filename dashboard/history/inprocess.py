"""Worker and beat within this process, for when there is no Redis: nothing else has to be started.

1. Nothing happens until `start` is called: a page is shown first.
2. A thread brings the database's tables up to date, and tries again for as long as it does not answer.
3. The same thread then builds the worker and runs it; beat has a thread of its own. Both take tasks from memory.
4. At the end both are told to stop, and waited for a little: a task that hangs is left behind with its daemon thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable

from django.conf import settings
from django.core.management import call_command
from django.db import Error, connection

from dashboard.history.late import using

STOP_SECONDS = 1.5
RETRY_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Workshop:
    """The threads. `start` them once, `stop` them once."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="history-worker", daemon=True)
        self._stop_worker: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """End; returns when the worker has, or after STOP_SECONDS."""
        self._stopping.set()
        if self._stop_worker is not None:
            self._stop_worker()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), STOP_SECONDS)

    def _run(self) -> None:
        try:
            self._prepare_and_work()
        finally:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._ended.set)

    def _prepare_and_work(self) -> None:
        while not _prepared():
            if self._stopping.wait(RETRY_SECONDS):
                return
        # The thread that runs the worker builds it: Celery wants it so.
        with using("dashboard.history.worker") as worker:
            run, self._stop_worker = worker.build()
        if not self._stopping.is_set():
            run()


def _prepared() -> bool:
    """Whether the tables are there and up to date."""
    try:
        settings.RECONCILERVIZ_DATA.mkdir(parents=True, exist_ok=True, mode=0o700)
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    except (Error, OSError) as error:
        logger.warning("history is not kept yet: %s", _reason(error))
        return False
    finally:
        connection.close()
    return True


def _reason(error: Exception) -> str:
    """Without a database's own words, which may name hosts and users."""
    if isinstance(error, OSError):
        return f"the data folder cannot be written ({error.strerror})"
    return f"the database does not answer ({type(error).__name__})"


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Callable[[], None]]:
    """Worker and beat for the length of the block, from when the function that it gives is called.

    With Redis they are processes of their own (`celery -A reconcilerviz worker` and `beat`), and nothing happens here.
    """
    if settings.RECONCILERVIZ_REDIS_URL:
        yield lambda: None
        return
    workshop = Workshop()
    started = False

    def start() -> None:
        nonlocal started
        if not started:
            started = True
            workshop.start()

    try:
        yield start
    finally:
        if started:
            await workshop.stop()
