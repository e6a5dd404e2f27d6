"""From an episode that is told to a webhook that arrives, by the worker and beat of this very process."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from dashboard.core.model import Ended
from dashboard.history import hooks, inprocess, tasks, tasks_hooks
from dashboard.history.models_hooks import DELIVERED, Delivery, Rule
from dashboard.history.recording import Recording
from reconcilerviz.celery import app
from tests.history.made import away, episode, row
from tests.history.receivers import Receiver, receiving
from tests.history.test_recording import until


@pytest.fixture
def data(tmp_path: Path, settings: Any) -> Path:
    settings.RECONCILERVIZ_REDIS_URL = ""
    settings.RECONCILERVIZ_DATA = tmp_path / "data"
    settings.RECONCILERVIZ_WEBHOOK_ALLOW = (ip_network("127.0.0.0/8"),)
    return tmp_path / "data"


@pytest.mark.parametrize("asked", [True, False], ids=["at once", "by beat"])
async def test_what_is_told_arrives(kept: str, data: Path, monkeypatch: pytest.MonkeyPatch, asked: bool) -> None:
    assert "hooks-due" in tasks.SCHEDULE
    if not asked:  # as when the broker did not take the task
        monkeypatch.setattr(hooks, "begin", lambda rule_id: None)
        monkeypatch.setitem(app.conf.beat_schedule["hooks-due"], "schedule", 0.2)
    else:
        monkeypatch.setitem(app.conf.beat_schedule["hooks-due"], "schedule", 3600.0)
    with receiving(Receiver()) as receiver:
        given = {"form": "generic", "secret": "a-signing-secret", "events": ["stalled"]}
        await away(lambda: Rule.objects.create(name="r", url=receiver.url, **given))
        found = Recording("c", data=data)
        async with inprocess.running() as start:
            task = asyncio.create_task(found.run())
            start()
            found.episode(episode(took=9, ended=Ended.STALLED, opened=time.time() - 60), row())
            await until(lambda: bool(receiver.got))
            await until(lambda: not [each for each in threading.enumerate() if each.name.startswith("hook-")])
            assert await away(lambda: list(Delivery.objects.values_list("status", flat=True))) == [DELIVERED]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert [json.loads(got.body)["event"] for got in receiver.got] == ["stalled"]


def test_a_broker_that_is_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from kombu.exceptions import OperationalError

    def fail(*_: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(tasks_hooks.deliver, "delay", fail)
    hooks.begin(1)
