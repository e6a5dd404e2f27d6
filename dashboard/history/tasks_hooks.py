"""When webhooks are sent, by Celery. Tasks may be lost and may run twice: the database says what is to be sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from celery.signals import worker_process_shutdown, worker_shutdown
from django.db import Error
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from dashboard.history import hooks, hooks_wire
from reconcilerviz.celery import task

EVERY = 5.0
"""Seconds between two looks at what is due."""

FINISH = 2 * hooks_wire.SECONDS + 1
"""Seconds that a worker that is asked to end waits for answers: as long as they may take."""

logger = logging.getLogger(__name__)


@task("hooks.deliver", expires=60)
def deliver(rule_id: int) -> None:
    """Begin to send what is due for a rule; the thread that does it goes on by itself."""
    hooks.start(rule_id)


@task("hooks.due", expires=EVERY)
def due() -> None:
    """Begin to send all that is due."""
    _now(lambda now: [hooks.start(rule_id) for rule_id in hooks.due(now)])


@task("hooks.forget", expires=3600)
def forget() -> None:
    """Remove what is old."""
    _now(hooks.forget)


def _now(work: Callable[[float], object]) -> None:
    """Do it; a database that does not answer is said in one line, without its words. Beat comes again."""
    try:
        work(time.time())
    except Error as error:
        logger.warning("webhooks wait: the database does not answer (%s)", type(error).__name__)


def finish(**_about: Any) -> None:
    """Have what is being sent answered before this process ends: what is not is told to nobody again."""
    hooks.finish(FINISH)


worker_process_shutdown.connect(finish, weak=False)  # of a pool of processes, in each of them
worker_shutdown.connect(finish, weak=False)  # of the others


def submit(rule_id: int) -> None:
    """Have a rule seen to at once; where the broker does not take it, `due` comes to it."""
    try:
        deliver.delay(rule_id)
    except (OperationalError, RedisError):
        return


SCHEDULE: dict[str, dict[str, Any]] = {
    "hooks-due": {"task": due.name, "schedule": EVERY, "options": {"expires": EVERY}},
    "hooks-forget": {"task": forget.name, "schedule": 3600.0, "options": {"expires": 3600}},
}
