"""What the loops stand on: the work queue, the pace of writes, caches, the recorder of Events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dashboard.sandbox import bootstrap
from dashboard.sandbox.api import Api
from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.controllers.events import Recorder
from dashboard.sandbox.controllers.expectations import Expectations
from dashboard.sandbox.controllers.hashing import ALPHABET, template_hash
from dashboard.sandbox.controllers.informer import Informers
from dashboard.sandbox.controllers.meta import matches
from dashboard.sandbox.controllers.pace import Pace
from dashboard.sandbox.controllers.queue import WorkQueue

Obj = dict[str, Any]
KEY = ("shop", "web")


@pytest.fixture
async def pace() -> AsyncIterator[Pace]:
    found = Pace(speed=100)
    task = asyncio.create_task(found.run())
    yield found
    task.cancel()


async def test_a_key_is_never_queued_twice_and_never_worked_on_twice_at_once(pace: Pace) -> None:
    queue = WorkQueue(Clock(100), pace)
    queue.add(KEY)
    queue.add(KEY)
    assert await queue.get() == KEY
    queue.add(KEY)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await queue.get()
    queue.done(KEY)
    assert await queue.get() == KEY


async def test_retries_come_later_each_time_until_forgotten(pace: Pace) -> None:
    queue = WorkQueue(Clock(100), pace)
    for expected in (1, 2, 3):
        queue.retry(KEY)
        assert queue.failures(KEY) == expected
        assert await queue.get() == KEY
        queue.done(KEY)
    queue.forget(KEY)
    assert queue.failures(KEY) == 0


async def test_the_earliest_of_several_later_adds_wins(pace: Pace) -> None:
    queue = WorkQueue(Clock(1), pace)
    queue.add_after(KEY, 60)
    queue.add_after(KEY, 0.01)
    async with asyncio.timeout(2):
        assert await queue.get() == KEY


async def test_short_waits_end_in_order_of_due_time_however_late_they_are(pace: Pace) -> None:
    order: list[str] = []

    async def step(name: str, *waits: float) -> None:
        for wait in waits:
            await pace.wait(wait)
        order.append(name)

    tasks = [asyncio.create_task(step("three", 0.3, 0.3, 0.3)), asyncio.create_task(step("two", 0.35, 0.35))]
    await asyncio.sleep(0)
    # The machine is busy for longer than all of them want to wait.
    deadline = asyncio.get_running_loop().time() + 0.05
    while asyncio.get_running_loop().time() < deadline:
        continue
    await asyncio.gather(*tasks)
    assert order == ["two", "three"]


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        ({"matchLabels": {"a": "1"}}, {"a": "1", "b": "2"}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "2"}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}, {"a": "2"}, True),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, {}, True),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {}, False),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {}, True),
        ({}, {"a": "1"}, True),
        (None, {"a": "1"}, False),
    ],
)
def test_selectors(selector: Obj | None, labels: dict[str, str], expected: bool) -> None:
    assert matches(selector, labels) is expected


def test_hashes_are_stable_and_spell_no_words() -> None:
    template = {"spec": {"containers": [{"name": "a"}]}}
    assert template_hash(template) == template_hash({"spec": {"containers": [{"name": "a"}]}})
    assert template_hash(template) != template_hash(template, 1)
    assert set(template_hash(template)) <= set(ALPHABET)


def test_expectations_hold_until_all_is_seen() -> None:
    expected = Expectations(Clock())
    assert expected.satisfied(KEY)
    expected.expect_creations(KEY, 2)
    expected.created(KEY)
    assert not expected.satisfied(KEY)
    expected.created(KEY)
    assert expected.satisfied(KEY)
    expected.expect_deletions(KEY, ["u"])
    assert not expected.satisfied(KEY)
    expected.deleted(KEY, "u")
    assert expected.satisfied(KEY)


def cluster() -> Client:
    api = Api(Clock())
    bootstrap.fill(api)
    return Client(api, "tests")


def config(client: Client, name: str = "a") -> Obj:
    meta = {"name": name, "namespace": "default"}
    return client.create("ConfigMap", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})


def test_repeats_are_counted_and_the_tenth_alike_is_combined() -> None:
    client = cluster()
    recorder = Recorder(client, Clock())
    about = config(client)
    for _ in range(3):
        recorder.event("tests", about, "Normal", "Again", "the same")
    for number in range(12):
        recorder.event("tests", about, "Normal", "Many", f"number {number}")
    events = {event["message"]: event for event in client.list("Event", "default")}
    assert events["the same"]["count"] == 3
    assert [message for message in events if message.startswith("number")] == [f"number {n}" for n in range(9)]
    combined = events["(combined from similar events): number 11"]
    assert combined["count"] == 3
    assert combined["source"] == {"component": "tests"}
    assert not combined.get("reportingComponent")


def test_an_event_that_has_been_deleted_is_written_anew() -> None:
    client = cluster()
    recorder = Recorder(client, Clock())
    about = config(client)
    recorder.event("tests", about, "Normal", "Again", "the same")
    (event,) = client.list("Event", "default")
    client.delete("Event", "default", event["metadata"]["name"])
    recorder.event("tests", about, "Normal", "Again", "the same")
    (event,) = client.list("Event", "default")
    assert event["count"] == 1


async def test_caches_follow_the_watch_and_know_owners() -> None:
    client = cluster()
    owner = config(client, "owner")
    informers = Informers(client, ["ConfigMap"])
    told: asyncio.Queue[tuple[str | None, str | None]] = asyncio.Queue()

    def name(obj: Obj | None) -> str | None:
        return obj["metadata"]["name"] if obj else None

    informers.seed()
    informers.on("ConfigMap", lambda old, new: told.put_nowait((name(old), name(new))))
    task = asyncio.create_task(informers.run())
    await asyncio.sleep(0)
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    meta = {"name": "child", "namespace": "default", "ownerReferences": [reference | {"controller": True}]}
    client.create("ConfigMap", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    client.patch("ConfigMap", "default", "child", {"data": {"a": "b"}})
    assert [await told.get(), await told.get()] == [(None, "child"), ("child", "child")]
    assert [one["metadata"]["name"] for one in informers.owned("ConfigMap", owner["metadata"]["uid"])] == ["child"]
    client.delete("ConfigMap", "default", "child")
    assert await told.get() == ("child", None)
    assert informers.get("ConfigMap", "default", "child") is None
    assert informers.owned("ConfigMap", owner["metadata"]["uid"]) == []
    task.cancel()
