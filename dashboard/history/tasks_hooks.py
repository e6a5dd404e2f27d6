"""When webhooks are sent, by Celery. Tasks may be lost and may run twice: the database says what is to be sent."""

from __future__ import annotations

import time
from typing import Any

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from dashboard.history import hooks
from reconcilerviz.celery import task

EVERY = 5.0
"""Seconds between two looks at what is due."""


@task("hooks.deliver", expires=60)
def deliver(rule_id: int) -> None:
    """Begin to send what is due for a rule; the thread that does it goes on by itself."""
    hooks.start(rule_id)


@task("hooks.due", expires=EVERY)
def due() -> None:
    """Begin to send all that is due."""
    for rule_id in hooks.due(time.time()):
        hooks.start(rule_id)


@task("hooks.forget", expires=3600)
def forget() -> None:
    """Remove what is old."""
    hooks.forget(time.time())


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
