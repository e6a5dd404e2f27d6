"""A Celery worker and beat as threads. Import this in the thread that is to run the worker."""

from __future__ import annotations

from collections.abc import Callable

from celery import beat
from celery.worker import WorkController, state

from dashboard.history import tasks
from reconcilerviz.celery import app

HOUSE_KEPT_AFTER = 20.0
"""Seconds until the house is kept for the first time: beat's first turn is an hour away, and demos end sooner."""


def build() -> tuple[Callable[[], None], Callable[[], None]]:
    """A function that runs until the other one, called from any thread, stops it."""
    app.finalize()
    state.should_stop = None
    worker = WorkController(
        app=app, pool="solo", concurrency=1, without_gossip=True, without_mingle=True, without_heartbeat=True
    )
    # Its schedule lies in memory: the persistent one would lock a file that two processes of a machine share.
    clock = beat.EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler")

    def run() -> None:
        clock.start()
        for task in tasks.HOUSEKEEPING:
            task.apply_async(countdown=HOUSE_KEPT_AFTER)
        try:
            worker.start()
        finally:
            clock.service.stop()

    def stop() -> None:
        state.should_stop = 0
        # The worker looks between two tasks, or every two seconds, and waits for one more before it goes.
        for _ in range(2):
            tasks.nothing.delay()

    return run, stop
