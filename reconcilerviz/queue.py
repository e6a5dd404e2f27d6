"""Celery's settings: what carries tasks, and how long anybody waits for it."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

SOCKET_SECONDS = 5
"""How long Redis may take to take a batch or to answer. A worker's own wait for a task is one second."""

MEMORY = "memory://localhost/"
POLL_SECONDS = 0.2
"""How often the worker in this process looks for a task. Twenty looks a second would cost as much as a batch, and the
end of the process waits for one."""

CONNECTION_USES = 1000
"""Tasks for which a worker's connection to the database is used; whether it is still good is looked at before each."""


def celery_settings(redis_url: str, data: Path) -> dict[str, Any]:
    """Django settings for Celery: Redis at `redis_url`, or memory, within this process, where it is ""."""
    transport: dict[str, Any] = (
        {
            "global_keyprefix": "rviz:tasks:",
            "socket_timeout": SOCKET_SECONDS,
            "socket_connect_timeout": SOCKET_SECONDS,
            "visibility_timeout": 3600,
        }
        if redis_url
        else {"polling_interval": POLL_SECONDS}
    )
    return {
        "CELERY_BROKER_URL": broker_url(redis_url) if redis_url else MEMORY,
        "CELERY_BROKER_TRANSPORT_OPTIONS": transport,
        "CELERY_BROKER_USE_SSL": {"ssl_cert_reqs": ssl.CERT_REQUIRED} if redis_url.startswith("rediss:") else None,
        "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP": True,
        "CELERY_BROKER_CONNECTION_MAX_RETRIES": None,
        "CELERY_TASK_DEFAULT_QUEUE": "reconcilerviz",
        "CELERY_TASK_IGNORE_RESULT": True,
        # A task is done when it has run, so that a worker that dies gives it back: all of ours may run twice.
        "CELERY_TASK_ACKS_LATE": True,
        "CELERY_TASK_REJECT_ON_WORKER_LOST": True,
        "CELERY_TASK_PUBLISH_RETRY": False,  # whoever sends a batch keeps it until it is written, and sends it again
        "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        "CELERY_DB_REUSE_MAX": CONNECTION_USES,
        "CELERY_WORKER_HIJACK_ROOT_LOGGER": False,
        "CELERY_WORKER_REDIRECT_STDOUTS": False,
        # A worker that loses Redis would kill the processes of its pool, and with them whoever is sending a webhook.
        "CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS": False,
        "CELERY_ACCEPT_CONTENT": ["json"],
        "CELERY_TASK_SERIALIZER": "json",
        "CELERY_ENABLE_UTC": True,
        "CELERY_TIMEZONE": "UTC",
        "CELERY_BEAT_SCHEDULE_FILENAME": str(data / "beat"),
    }


def broker_url(redis_url: str) -> str:
    """The same server in Celery's words: a socket is `redis+socket://`, and its database `virtual_host`."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={number}"
