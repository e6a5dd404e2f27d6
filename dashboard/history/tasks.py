"""What Celery does: write batches, and keep house. All of it may run twice, and in any order."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from celery.signals import task_prerun
from django.conf import settings
from django.db import Error, close_old_connections
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from dashboard.history import tasks_hooks, upkeep, wire, writing
from reconcilerviz.celery import Task, app, task

BATCH_SECONDS = 3600
"""How long a batch waits for a worker. Who sent it sends it again long before, if it is still there."""

logger = logging.getLogger(__name__)


def _look_at_connections(**_about: Any) -> None:
    """Leave no connection that is old or bad to a task: Celery itself would make a new one for each."""
    close_old_connections()


task_prerun.connect(_look_at_connections, weak=False)


class NotWrittenError(Exception):
    """The database did not answer. Its own words are left out: they may name hosts, users and values."""


@task(
    "history.write",
    autoretry_for=(NotWrittenError,),
    retry_backoff=2,
    retry_backoff_max=120,
    max_retries=10,
    expires=BATCH_SECONDS,
    argsrepr="(a batch)",
)
def write(payload: str) -> None:
    """Write a batch. Tried again for some minutes where the database does not answer: its sender may be gone."""
    batch = wire.decode(payload)
    try:
        writing.write(batch)
    except Error as error:
        raise NotWrittenError(type(error).__name__) from None


def submit(payload: str) -> str | None:
    """Hand a batch to the broker; where it does not take it, the kind of error, for its words may hold addresses."""
    return _send(write, payload)


def _send(wanted: Task, *given: Any) -> str | None:
    try:
        wanted.delay(*given)
    except (OperationalError, RedisError) as error:
        return type(error.__cause__ or error).__name__
    return None


def _keep(house: Callable[[float], int]) -> int:
    """Do it now; a database that does not answer is said in one line, without its words. Beat comes again."""
    try:
        return house(time.time())
    except Error as error:
        logger.warning("the database does not answer (%s): what is kept is tidied up later", type(error).__name__)
        return 0


@task("history.sweep")
def sweep() -> None:
    """Close what is open and told of no more."""
    _keep(upkeep.sweep)


@task("history.roll_up")
def roll_up() -> None:
    """Bring the daily figures up to now."""
    _keep(upkeep.roll_up)


@task("history.retain")
def retain() -> None:
    """Remove what is older than it is kept. Of much that goes the rest comes after the batches that wait by now."""
    if _keep(lambda now: upkeep.retain(now, settings.RECONCILERVIZ_KEEP_DAYS)) >= upkeep.AT_ONCE:
        _send(retain)  # where the broker is away, beat comes again


@task("history.nothing")
def nothing() -> None:
    """Wake a worker."""


HOUSEKEEPING = (sweep, roll_up, retain)
SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep": {"task": sweep.name, "schedule": 300.0, "options": {"expires": 300}},
    # Hourly, so that a process that lives for an afternoon has figures too; a day's are final after it has ended.
    "roll-up": {"task": roll_up.name, "schedule": 3600.0, "options": {"expires": 3600}},
    "retain": {"task": retain.name, "schedule": 3600.0, "options": {"expires": 3600}},
    **tasks_hooks.SCHEDULE,
}
"""What beat sends, and how often in seconds."""

app.conf.beat_schedule = {**SCHEDULE, **(app.conf.beat_schedule or {})}
