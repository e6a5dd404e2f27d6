"""The Celery application: `celery -A reconcilerviz worker` and `celery -A reconcilerviz beat`, or both in one process.

Its settings are Django's, those that begin with `CELERY_`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, cast

from celery import Celery
from celery.signals import import_modules
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconcilerviz.settings")

app = Celery("reconcilerviz")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["dashboard.history"])


def make_data_folder(**_about: Any) -> None:
    """Beat keeps its schedule there, and may be the first process of all."""
    with suppress(OSError):  # a worker needs none, and beat says itself what it cannot write
        settings.RECONCILERVIZ_DATA.mkdir(parents=True, exist_ok=True, mode=0o700)


import_modules.connect(make_data_folder, weak=False)


class Task(Protocol):
    """What is used of a Celery task, which has no types of its own."""

    name: str

    def __call__(self, *args: Any) -> None:
        """Run it here and now."""

    def delay(self, *args: Any) -> object:
        """Have it run by a worker."""

    def apply_async(self, args: tuple[Any, ...] = ..., **options: Any) -> object:
        """The same, with options such as `countdown`."""


def task(name: str, **options: Any) -> Callable[[Callable[..., None]], Task]:
    """A decorator that makes a function a task of this application under a name that lasts over renamings."""
    return cast("Callable[[Callable[..., None]], Task]", app.task(name=name, **options))
