"""Telling: never waits, loses in a stated order, and knows what it lost."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from dashboard.core.model import Ended, Episode
from dashboard.history import accounts, courier, models, recording, wire, writing
from dashboard.history.buffer import Buffer
from dashboard.history.courier import NotSentError
from dashboard.history.recording import Recording
from tests.history.made import away, batch, episode, row, told

PATIENCE = 20


def at_once(payload: str) -> None:
    """A broker and a worker in one: the batch is written where it is sent."""
    try:
        writing.write(wire.decode(payload))
    finally:
        connection.close()


class Broker:
    """Takes batches, or not; writes them, or keeps them."""

    def __init__(self) -> None:
        self.taking = self.writing = True
        self.kept: list[str] = []
        self.tried = 0

    def __call__(self, payload: str) -> None:
        self.tried += 1
        if not self.taking:
            raise NotSentError("ConnectionError")
        if self.writing:
            at_once(payload)
        else:
            self.kept.append(payload)


async def until(true: Callable[[], object], what: str = "") -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - what is waited for happens in threads and in a database
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(found: Recording) -> AsyncIterator[Recording]:
    task = asyncio.create_task(found.run())
    try:
        yield found
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("TICK", 0.01), ("AGAIN", 0.05), ("LATER", 0.1)):
        monkeypatch.setattr(recording, name, seconds)
    for name, seconds in (("ASK", 0.01), ("PAUSE", 0.02), ("PAUSE_MOST", 0.05), ("APART", 0.0)):
        monkeypatch.setattr(courier, name, seconds)


async def test_what_is_told_is_written_and_known_to_be(both: str, tmp_path: Path) -> None:
    async with running(Recording("c", data=tmp_path, publish=at_once)) as found:
        found.episode(episode(), row())
        assert found.counts().buffered == 1
        found.edit(row().id, "edit", who="edit, by cookie", remote="::1")
        await until(lambda: found.counts().buffered == 0)
        found.episode(episode(took=9), row())
        await until(lambda: found.counts().buffered == 0)
        counts = found.counts()
        assert (counts.lost, counts.dropped_episodes, counts.error) == (0, 0, "")
        assert counts.last_write is not None
    assert await away(lambda: models.Episode.objects.get().ended) == "converged"
    assert await away(lambda: models.Edit.objects.get().who) == "edit, by cookie"
    run = await away(models.Run.objects.get)
    assert (run.told, run.written, run.missing, run.ended) == (2, [[1, 2]], 0, True)
    assert list((tmp_path / "told" / "c").iterdir()) == [], "a run that ended well leaves nothing to be counted"


async def test_an_open_episode_is_not_written_at_each_telling(kept: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(recording, "AGAIN", 3600)
    broker = Broker()
    async with running(Recording("c", data=tmp_path, publish=broker)) as found:
        found.episode(episode(), row())
        await until(lambda: found.counts().buffered == 0)
        tried = broker.tried
        for number in range(50):
            found.episode(episode(cause=f"{number} of 50"), row())
            await asyncio.sleep(0.001)
        assert (broker.tried, found.counts().buffered) == (tried, 1)
        found.episode(episode(took=9), row())
        await until(lambda: found.counts().buffered == 0)
        assert broker.tried == tried + 1
        stalled = episode(took=9, ended=Ended.STALLED)
        found.episode(stalled, row())
        await until(lambda: found.counts().buffered == 0)
        found.episode(replace(stalled, recovered=stalled.opened + 20), row())
        await until(lambda: found.counts().buffered == 0)
    assert await away(lambda: models.Episode.objects.get().recovered) is not None


async def test_a_step_is_written_sooner_than_more_samples_and_neither_by_itself(
    kept: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """Due together at the next multiple of AGAIN, so that many open episodes make one batch."""
    for name, seconds in (("AGAIN", 100), ("LATER", 1000), ("BEAT", 10_000)):
        monkeypatch.setattr(recording, name, seconds)
    now = 1_000_000_050.0
    broker = Broker()
    found = Recording("c", data=tmp_path, publish=broker, clock=lambda: now)
    async with running(found):
        for name in ("a", "b", "c"):
            found.episode(episode(name), row())
        await until(lambda: found.counts().buffered == 0)
        now += 7
        found.episode(episode("a", hops=()), row())
        now += 7
        found.episode(episode("b", hops=()), row())
        found.episode(episode("c", cause="another", samples=()), row())
        tried = broker.tried
        now = 1_000_000_199.0
        await asyncio.sleep(0.1)
        assert (broker.tried, found.counts().buffered) == (tried, 3)
        now = 1_000_000_200.0
        await until(lambda: found.counts().buffered == 1)
        assert broker.tried == tried + 1
        now = 1_000_001_100.0
        await until(lambda: found.counts().buffered == 0)
    assert await away(lambda: models.Episode.objects.get(key="c").cause) == "another"


async def test_what_comes_soon_after_a_batch_waits_for_more_and_a_full_one_does_not(
    kept: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(courier, "APART", 100)
    monkeypatch.setattr(courier, "BATCH", 4)
    now = 1_000_000_000.0
    broker = Broker()
    found = Recording("c", data=tmp_path, publish=broker, clock=lambda: now)
    async with running(found):
        for number in range(10):
            found.episode(episode(f"k{number}"), row())
        await until(lambda: found.counts().buffered == 0)
        tried = broker.tried
        found.episode(episode("next"), row())
        await asyncio.sleep(0.1)
        assert (broker.tried, found.counts().buffered) == (tried, 1)
        now += 100
        await until(lambda: found.counts().buffered == 0)
        found.episode(episode("last"), row())
    assert await away(lambda: models.Episode.objects.filter(key="last").exists()), "the end waits for nothing"


async def test_a_broker_that_hangs_holds_up_nobody_who_tells(kept: str, tmp_path: Path) -> None:
    let_go = threading.Event()

    def hang(payload: str) -> None:
        let_go.wait(PATIENCE)
        at_once(payload)

    found = Recording("c", data=tmp_path, publish=hang)
    async with running(found):
        found.episode(episode("first"), row())
        await asyncio.sleep(0.05)
        longest = 0.0
        for number in range(2000):
            began = time.perf_counter()
            found.episode(episode(f"k{number}"), row())
            longest = max(longest, time.perf_counter() - began)
        assert found.counts().buffered == 2001
        let_go.set()
        await until(lambda: found.counts().buffered == 0)
    assert await away(models.Episode.objects.count) == 2001
    assert await away(lambda: models.Run.objects.get().missing) == 0


async def test_the_end_waits_only_so_long_for_a_broker_that_hangs(kept: str, tmp_path: Path) -> None:
    let_go = threading.Event()
    found = Recording("c", data=tmp_path, publish=lambda payload: bool(let_go.wait(PATIENCE)) and None)
    async with running(found):
        found.episode(episode(), row())
        await asyncio.sleep(0.05)
        began = time.monotonic()
    took = time.monotonic() - began
    let_go.set()
    assert took < recording.FLUSH + PATIENCE / 2
    assert [path.name for path in (tmp_path / "told" / "c").iterdir()] == [f"{found.run_id}.told"]


async def test_a_broker_that_comes_back_gets_all_of_it(kept: str, tmp_path: Path) -> None:
    broker = Broker()
    broker.taking = False
    async with running(Recording("c", data=tmp_path, publish=broker)) as found:
        for number in range(10):
            found.episode(episode(f"k{number}"), row())
        await until(lambda: broker.tried > 2)
        assert found.counts().error == "the broker of tasks does not answer (ConnectionError)"
        assert (found.counts().buffered, found.counts().lost) == (10, 0)
        broker.taking = True
        await until(lambda: found.counts().buffered == 0)
        assert found.counts().error == ""
    assert await away(models.Episode.objects.count) == 10


async def test_a_batch_that_the_broker_lost_is_sent_again(kept: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(courier, "RESEND", 0.1)
    broker = Broker()
    broker.writing = False
    async with running(Recording("c", data=tmp_path, publish=broker)) as found:
        found.episode(episode(), row())
        await until(lambda: found.counts().error.startswith("batches are sent and not written"))
        assert (found.counts().buffered, found.counts().lost) == (1, 0)
        broker.writing = True
        await until(lambda: found.counts().buffered == 0)
        assert found.counts().error == ""
        # The one that was thought lost comes late: it is the same.
        for payload in broker.kept:
            await asyncio.to_thread(at_once, payload)
    assert await away(lambda: models.Episode.objects.get().key) == "uid-web/2"
    assert await away(lambda: models.Run.objects.get().missing) == 0


async def test_a_database_that_is_away_is_said_and_waited_for(
    kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*given: object) -> None:
        raise OperationalError('connection to "db.example.com", user "viz", password "x" failed')

    with monkeypatch.context() as patch:
        patch.setattr(accounts, "standing", away)
        patch.setattr(accounts, "unfinished", away)
        async with running(Recording("c", data=tmp_path, publish=lambda payload: None)) as found:
            found.episode(episode(), row())
            await until(lambda: found.counts().error)
            assert found.counts().error == "the database does not answer (OperationalError)"
            patch.undo()
            await until(lambda: not found.counts().error)


async def test_a_full_buffer_gives_up_samples_then_episodes_and_counts_them(
    kept: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(recording, "Buffer", lambda: Buffer(entries=20, samples=30))
    broker = Broker()
    broker.taking = False
    found = Recording("c", data=tmp_path, publish=broker)
    async with running(found):
        for number in range(30):
            found.episode(episode(f"k{number}", took=1), row())
        counts = found.counts()
        assert (counts.buffered, counts.dropped_episodes, counts.lost) == (20, 10, 10)
        assert counts.dropped_samples >= 30
        broker.taking = True
        await until(lambda: found.counts().buffered == 0)
        assert found.counts().lost == 10
    assert await away(lambda: set(models.Episode.objects.values_list("key", flat=True))) == {
        f"k{number}" for number in range(10, 30)
    }
    async with running(Recording("c", data=tmp_path, publish=broker)) as second:
        await until(lambda: second.counts().lost == 10)


async def test_what_a_run_that_was_cut_off_told_of_is_counted_by_the_next(kept: str, tmp_path: Path) -> None:
    broker = Broker()
    first = Recording("c", data=tmp_path, publish=broker)
    task = asyncio.create_task(first.run())
    first.episode(episode("kept"), row())
    await until(lambda: first.counts().buffered == 0)
    broker.taking = False
    for number in range(3):
        first.episode(episode(f"lost{number}"), row())
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    broker.taking = True
    taken_up: list[Episode] = []
    second = Recording("c", data=tmp_path, publish=broker)
    second.resume = taken_up.extend
    async with running(second):
        await until(lambda: second.counts().lost == 3)
        assert [each.key for each in taken_up] == ["kept"]
        # It goes on under its key, and was told of once.
        second.episode(episode("kept", took=60), row())
        await until(lambda: second.counts().buffered == 0)
    runs = {each.id: each for each in await away(lambda: list(models.Run.objects.all()))}
    assert (runs[first.run_id].told, runs[first.run_id].missing, runs[second.run_id].told) == (4, 3, 0)
    assert await away(lambda: models.Episode.objects.get().ended) == "converged"


async def test_open_episodes_are_said_to_be_there_and_an_end_that_was_missed_is_told(
    kept: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(recording, "BEAT", 0.05)
    await away(writing.write, batch(told(episode("before")), run="r0"))
    web, api = row("web"), row("api")
    seen = {web.id: episode("web"), api.id: episode("api", object=api.id)}
    found = Recording("c", data=tmp_path, publish=at_once)
    found.look = seen.get
    async with running(found):
        found.episode(seen[web.id], web)
        found.episode(seen[api.id], api)
        await until(lambda: found.counts().buffered == 0)
        seen[api.id] = episode("api", object=api.id, took=5)

        def told_times() -> dict[str, float]:
            return dict(models.Episode.objects.values_list("key", "told"))

        first = await away(told_times)
        later = first
        async with asyncio.timeout(PATIENCE):
            while later["web"] < first["web"] + 0.2:
                later = await away(told_times)
        later = await away(told_times)
    assert later["before"] == first["before"], "it is no longer there, and nobody says that it is"
    assert await away(lambda: models.Episode.objects.get(key="api").ended) == "converged"


async def test_what_cannot_be_sent_is_left_out_and_takes_nothing_with_it(kept: str, tmp_path: Path) -> None:
    async with running(Recording("c", data=tmp_path, publish=at_once)) as found:
        found.episode(episode("a"), row())
        found.episode(episode("bad", cause="\ud800"), row())
        found.episode(episode("never", opened=float("inf")), row())
        found.episode(episode("b"), row())
        await until(lambda: found.counts().buffered == 0)
        assert found.counts().lost == 2
    assert await away(lambda: set(models.Episode.objects.values_list("key", flat=True))) == {"a", "b"}
