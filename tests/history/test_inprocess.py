"""Worker and beat in one process, without Redis: ready by itself, ended at once, and begun again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from dashboard.history import inprocess, models, upkeep
from dashboard.history.recording import Recording
from reconcilerviz.celery import app
from tests.history.made import away, episode, row
from tests.history.test_recording import until

STOPPED_WITHIN = 10.0
"""Seconds on a machine with other work; by itself it takes a fraction of one."""


@contextlib.asynccontextmanager
async def recorded(data: Path) -> AsyncIterator[Recording]:
    found = Recording("c", data=data)
    async with inprocess.running() as start:
        task = asyncio.create_task(found.run())
        start()
        yield found
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def data(tmp_path: Path, settings: Any) -> Path:
    settings.RECONCILERVIZ_REDIS_URL = ""
    settings.RECONCILERVIZ_DATA = tmp_path / "data"
    return tmp_path / "data"


async def test_it_makes_its_tables_writes_and_ends_and_does_so_again(empty: str, data: Path) -> None:
    for life in (1, 2):
        async with recorded(data) as found:
            for number in range(300):
                found.episode(episode(f"k{life}-{number}", took=1), row())
            await until(lambda: found.counts().buffered == 0)
            began = time.monotonic()
        assert time.monotonic() - began < STOPPED_WITHIN
        assert found.counts().lost == 0
        assert await away(models.Episode.objects.count) == 300 * life


async def test_beat_has_the_house_kept(kept: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(upkeep, "sweep", lambda now: loop.call_soon_threadsafe(swept.set))
    monkeypatch.setitem(app.conf.beat_schedule["sweep"], "schedule", 0.1)
    async with inprocess.running() as start:
        start()
        await asyncio.wait_for(swept.wait(), 15)  # it is done once by itself, but later


async def test_it_waits_for_a_database_and_ends_without_one(
    kept: str, data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(inprocess, "RETRY_SECONDS", 0.05)
    right = connections.settings["default"]
    monkeypatch.setitem(connections.settings, "default", {**right, "NAME": "/nowhere/secret-name/x"})
    async with inprocess.running() as start:
        start()
        await until(lambda: len(caplog.records) > 2)
    assert "the database does not answer (OperationalError)" in caplog.text
    assert "secret-name" not in caplog.text


async def test_nothing_runs_until_it_is_started_nor_where_redis_carries_the_tasks(
    kept: str, data: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never() -> bool:
        raise AssertionError("it began")

    monkeypatch.setattr(inprocess, "_prepared", never)
    async with inprocess.running():
        pass
    settings.RECONCILERVIZ_REDIS_URL = "redis://127.0.0.1:1/0"
    async with inprocess.running() as start:
        start()
