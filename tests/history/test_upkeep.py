"""Keeping house: what is stuck is closed as lost, days are summed up, what is old goes."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.core.model import Ended
from dashboard.history import accounts, inprocess, models, tasks, upkeep, wire
from dashboard.history.upkeep import ABANDONED, SILENT, retain, roll_up, sweep
from dashboard.history.writing import write
from tests.history.made import NOW, away, batch, episode, told
from tests.processes import eventually

DAY = 86400.0
MIDNIGHT = datetime(2026, 9, 21, tzinfo=UTC).timestamp()


def ended() -> dict[str, str]:
    return dict(models.Episode.objects.values_list("key", "ended"))


def test_an_open_episode_that_is_told_of_no_more_is_closed_as_lost(both: str) -> None:
    state = wire.RunState("r1", 2, NOW, watches=True)
    write(batch(told(episode("gone"), 1), told(episode("there"), 2), state=state))
    now = NOW + SILENT + 60
    write(batch(id="b2", at=now, alive=("there",)))
    assert sweep(now) == 1
    assert ended() == {"gone": "lost", "there": ""}
    found = models.Episode.objects.get(key="gone")
    assert (found.closed, found.took) == (NOW, 0), "the end is when it was last told of"
    assert sweep(now) == 0


def test_nothing_is_lost_while_nobody_tells(both: str) -> None:
    """The process was off for an hour: whoever starts next takes the episode up."""
    write(batch(told(episode())))
    now = NOW + 3600
    assert sweep(now) == 0
    write(batch(id="b2", run="r2", at=now, state=wire.RunState("r2", 0, now, watches=True)))
    assert sweep(now + 60) == 0, "the next run has only begun"
    write(batch(id="b3", run="r2", at=now + 2 * SILENT, state=wire.RunState("r2", 0, now, watches=True)))
    assert sweep(now + 2 * SILENT) == 1


def test_a_process_that_only_shows_pages_does_not_make_what_is_silent_lost(both: str) -> None:
    write(batch(told(episode())))
    for at in (NOW, NOW + 2 * SILENT):
        write(batch(id=f"b{at}", run="web", at=at, state=wire.RunState("web", 0, NOW)))
    assert sweep(NOW + 2 * SILENT) == 0


def test_what_nobody_watches_for_days_is_lost(both: str) -> None:
    write(batch(told(episode())))
    assert sweep(NOW + ABANDONED + 1) == 1


def test_what_is_told_after_all_replaces_lost(both: str) -> None:
    write(batch(told(episode())))
    sweep(NOW + ABANDONED + 1)
    write(batch(told(episode(took=7), version=2), id="b2"))
    assert ended() == {"uid-web/2": "converged"}


def test_days_are_summed_up_by_workload(both: str) -> None:
    write(batch(
        *(told(episode(f"k{n}", opened=MIDNIGHT + n, took=float(n)), n) for n in range(1, 21)),
        told(episode("stalled", opened=MIDNIGHT, took=100, ended=Ended.STALLED), 21),
        told(episode("next", opened=MIDNIGHT + DAY, took=3), 22),
        told(episode("open", opened=MIDNIGHT), 23),
    ))  # fmt: skip
    assert roll_up(MIDNIGHT + DAY + 60) == 2
    first = models.Rollup.objects.get(day=date(2026, 9, 21))
    assert (first.converged, first.stalled, first.superseded, first.lost) == (20, 1, 0, 0)
    assert (first.p50, first.p90, first.p95) == (10, 18, 19)
    # What is written late is in it after the next round; nothing doubles.
    write(batch(told(episode("late", opened=MIDNIGHT, took=5, ended=Ended.SUPERSEDED), 24), id="b2"))
    assert roll_up(MIDNIGHT + DAY + 120) == 1, "only what changed is written"
    assert models.Rollup.objects.count() == 2
    assert models.Rollup.objects.get(day=date(2026, 9, 21)).superseded == 1


def test_nothing_to_sum_up(both: str) -> None:
    assert roll_up(NOW) == 0


def test_the_old_goes_with_all_that_hangs_on_it(both: str) -> None:
    write(batch(
        told(episode("old", opened=NOW - 40 * DAY, took=5), 1),
        told(episode("young", opened=NOW - 5 * DAY, took=5), 2),
        told(episode("open", opened=NOW - 40 * DAY), 3),
        edits=(wire.Made(4, "e1", NOW - 40 * DAY, "o", "edit", "", ""), wire.Made(5, "e2", NOW, "o", "edit", "", "")),
    ))  # fmt: skip
    assert retain(NOW, 30) == 2
    assert set(ended()) == {"young", "open"}
    assert (models.Hop.objects.count(), models.Samples.objects.count()) == (6, 2)
    assert models.Edit.objects.get().id == "e2"
    assert retain(NOW, 30) == 0


def test_the_oldest_beyond_the_most_go_however_young(both: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(batch(*(told(episode(f"k{n}", took=1), n) for n in range(1, 31))))
    monkeypatch.setattr(upkeep, "MOST_EPISODES", 20)
    assert retain(NOW, 30) == 0, "what came since the last time is counted the next time"
    assert retain(NOW, 30) == 10
    assert retain(NOW, 30) == 0
    assert set(ended()) == {f"k{n}" for n in range(11, 31)}
    assert models.Tally.objects.get().count == 20


def test_the_tally_counts_what_comes_and_what_goes(both: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def tallied() -> int:
        retain(NOW, 30)
        return models.Tally.objects.get().count

    write(batch(*(told(episode(f"k{n}", took=1, opened=NOW - (40 - n) * DAY), n) for n in range(1, 31))))
    assert (tallied(), models.Episode.objects.count()) == (0, 21)
    assert tallied() == 21
    write(batch(*(told(episode(f"m{n}", took=1), 30 + n) for n in range(1, 6)), id="b2"))
    write(batch(told(episode("m1", took=2), 31, version=2), id="b3"))
    assert (tallied(), tallied()) == (21, 26), "what is told of again is not counted again"
    models.Tally.objects.all().delete()
    assert (tallied(), tallied()) == (0, 26), "without the row all are counted anew"


def test_what_goes_goes_in_slices_and_no_more_than_so_many_at_once(both: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes waits for one slice; a worker that does everything writes batches between two calls."""
    write(batch(*(told(episode(f"k{n}", took=1), n) for n in range(1, 31))))
    monkeypatch.setattr(upkeep, "SLICE", 4)
    monkeypatch.setattr(upkeep, "AT_ONCE", 10)
    held: list[int] = []
    monkeypatch.setattr(upkeep.time, "sleep", lambda seconds: held.append(models.Episode.objects.count()))
    assert [retain(NOW + 40 * DAY, 30) for _ in range(4)] == [10, 10, 10, 0]
    assert held == [26, 22, 20, 16, 12, 10, 6, 2, 0], "each slice is gone before the rest after it"
    assert (models.Hop.objects.count(), models.Samples.objects.count()) == (0, 0)


def test_what_old_runs_lost_stays_counted(both: str) -> None:
    write(batch(told(episode("a", took=1), 1), state=wire.RunState("r1", 4, NOW)))
    write(batch(id="b2", run="r2", left=(wire.RunState("r1", 5, ended=True),)))
    assert accounts.lost("c", NOW, without="r2") == 4
    retain(NOW + 31 * DAY, 30)
    assert not models.Run.objects.exists()
    assert accounts.lost("c", NOW + 31 * DAY) == 4


async def test_a_worker_goes_on_until_nothing_old_is_left(
    kept: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call removes so many; the next one stands behind the batches that wait by then."""
    settings.RECONCILERVIZ_REDIS_URL = ""
    settings.RECONCILERVIZ_DATA = tmp_path
    monkeypatch.setattr(upkeep, "AT_ONCE", 10)
    opened = time.time() - 40 * DAY
    await away(write, batch(*(told(episode(f"k{n}", opened=opened, took=1), n) for n in range(1, 36))))
    async with inprocess.running() as start:
        start()
        await asyncio.to_thread(tasks.retain.delay)
        await away(eventually, lambda: not models.Episode.objects.exists(), "all are gone")


def test_a_run_is_forgotten_under_the_lock_that_whoever_writes_takes_first(both: str) -> None:
    """Else a writer and this one could each hold what the other waits for."""
    write(batch(told(episode(took=1))))
    with CaptureQueriesContext(connection) as asked:
        retain(NOW + 31 * DAY, 30)
    said = [each["sql"] for each in asked]
    forgets = next(place for place, sql in enumerate(said) if sql.startswith('DELETE FROM "history_run"'))
    lock = "FOR UPDATE" if connection.features.has_select_for_update else 'FROM "history_book"'
    assert any('"history_book"' in sql and lock in sql for sql in said[:forgets])
