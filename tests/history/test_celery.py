"""Worker and beat as processes of their own, over a real Redis: what they do, and what they never say."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from dashboard.history.tasks import SCHEDULE
from reconcilerviz.queue import broker_url, celery_settings
from tests.history.broker import Redis
from tests.processes import ROOT, Process, eventually, free_port, heard


@contextmanager
def celery(*arguments: str, **environment: str) -> Iterator[Process]:
    """`celery -A reconcilerviz …`."""
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "celery", "-A", "reconcilerviz", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with heard(child) as process:
        yield process


SEND = """
import django; django.setup()
from dashboard.history import tasks, wire
from tests.history.made import batch, episode, told
print(tasks.submit(wire.encode(batch(told(episode(cause="a-secret-cause"))))))
"""


def send(**environment: str) -> str:
    """Send a batch from a process of its own; what became of it."""
    variables = {**os.environ, "DJANGO_SETTINGS_MODULE": "reconcilerviz.settings", **environment}
    return subprocess.run(
        [sys.executable, "-c", SEND], cwd=ROOT, env=variables, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def server() -> Iterator[Redis]:
    found = Redis(password="hunter2-redis")
    found.start()
    yield found
    found.kill()


def test_a_worker_writes_what_is_sent_and_says_no_secret(postgresql: str, server: Redis, tmp_path: Path) -> None:
    environment = {
        "RECONCILERVIZ_DATA": str(tmp_path),
        "RECONCILERVIZ_REDIS_URL": server.url,
        "RECONCILERVIZ_DATABASE_URL": postgresql,
    }
    with celery("worker", "-P", "solo", "-l", "INFO", **environment) as worker:
        assert send(**environment) == "None"

        def written() -> bool:
            with psycopg.connect(postgresql) as connection:
                return connection.execute("SELECT cause FROM history_episode").fetchall() == [("a-secret-cause",)]

        eventually(written, "the worker has written it")
        assert "history.write" in worker.said
        assert not [secret for secret in ("hunter2-redis", "a-password", "a-secret-cause") if secret in worker.said]


def test_a_database_that_is_away_is_tried_again_without_its_words(server: Redis, tmp_path: Path) -> None:
    environment = {
        "RECONCILERVIZ_DATA": str(tmp_path),
        "RECONCILERVIZ_REDIS_URL": server.url,
        "RECONCILERVIZ_DATABASE_URL": f"postgresql://someone:a-password@127.0.0.1:{free_port()}/secret-name",
    }
    with celery("worker", "-P", "solo", "-l", "INFO", **environment) as worker:
        assert send(**environment) == "None"
        worker.find(r"(Retry in \d+s: NotWrittenError\('OperationalError')")
        said = worker.said
    assert not [secret for secret in ("a-password", "someone", "secret-name", "a-secret-cause") if secret in said]


def test_a_broker_that_is_away_is_named_by_kind_alone(tmp_path: Path) -> None:
    url = f"redis://:hunter2-redis@127.0.0.1:{free_port()}/0"
    assert send(RECONCILERVIZ_REDIS_URL=url, RECONCILERVIZ_DATA=str(tmp_path)) in (
        "ConnectionError",
        "OperationalError",
    )


def test_a_broker_that_refuses_the_password_is_named_by_kind_alone(server: Redis, tmp_path: Path) -> None:
    url = server.url.replace("hunter2-redis", "wrong")
    said = send(RECONCILERVIZ_REDIS_URL=url, RECONCILERVIZ_DATA=str(tmp_path))
    assert said.endswith("Error") and "wrong" not in said


def test_beat_keeps_its_schedule_in_the_data_folder(server: Redis, tmp_path: Path) -> None:
    data = tmp_path / "not" / "there"
    environment = {"RECONCILERVIZ_DATA": str(data), "RECONCILERVIZ_REDIS_URL": server.url}
    with celery("beat", "-l", "DEBUG", **environment) as beat:
        for each in SCHEDULE.values():
            beat.find(f"ScheduleEntry: .*({re.escape(each['task'])})")
        assert list(data.glob("beat*"))
        assert beat.stop(signal.SIGTERM) == 0
        assert "hunter2-redis" not in beat.said


@pytest.mark.parametrize(
    ("given", "broker"),
    [
        ("redis://h:1/2", "redis://h:1/2"),
        ("rediss://:p@h/0", "rediss://:p@h/0"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix://:p@/run/redis.sock?db=3", "redis+socket://:p@/run/redis.sock?virtual_host=3"),
    ],
)
def test_a_redis_url_is_put_in_celerys_words(given: str, broker: str) -> None:
    assert broker_url(given) == broker
    found = celery_settings(given, Path("/data"))
    assert bool(found["CELERY_BROKER_USE_SSL"]) == given.startswith("rediss")
    assert found["CELERY_BROKER_TRANSPORT_OPTIONS"]["socket_timeout"] > 0
