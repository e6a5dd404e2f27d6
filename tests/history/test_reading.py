"""The past as pages read it: filters, pages of a long list, distributions, and a database that does not answer."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from dashboard.core.model import Change, Ended
from dashboard.history import models, reading, wire
from dashboard.history.filters import ENDED, FilterError, Filters
from dashboard.history.reading import CursorError, HistoryError
from dashboard.history.upkeep import roll_up
from dashboard.history.writing import write
from tests.history.made import NOW, away, batch, episode, row, told

WEB, DB = "apps/Deployment/shop/web", "apps/StatefulSet/data/db"


@pytest.fixture
def past(both: str) -> str:
    """A past of two workloads in two namespaces."""
    on_db = row("db", "data", "StatefulSet")
    given = [
        (episode("web-1", took=10), row()),
        (episode("web-2", opened=NOW + 100, took=30, ended=Ended.STALLED, recovered=NOW + 200), row()),
        (episode("web-3", opened=NOW + 300, took=12, by="helm"), row()),
        (episode("web-4", opened=NOW + 400), row()),
        (episode("db-1", object=DB, opened=NOW + 50, took=5, ended=Ended.SUPERSEDED, kind="fight"), on_db),
    ]
    write(batch(*(told(each, number + 1, on=on) for number, (each, on) in enumerate(given))))
    return both


async def keys(**given: Any) -> list[str]:
    page = await reading.episodes("c", Filters(**given))
    return [each.episode.key for each in page.episodes]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ["web-4", "web-3", "web-2", "db-1", "web-1"]),
        ({"namespace": "data"}, ["db-1"]),
        ({"kind": "Deployment", "namespace": "shop"}, ["web-4", "web-3", "web-2", "web-1"]),
        ({"name": "db"}, ["db-1"]),
        ({"object": WEB, "ended": "converged"}, ["web-3", "web-1"]),
        ({"ended": "open"}, ["web-4"]),
        ({"ended": "recovered"}, ["web-2"]),
        ({"ended": "stalled"}, ["web-2"]),
        ({"ended": "lost"}, []),
        ({"slower": 10}, ["web-4", "web-3", "web-2"]),
        ({"who": "helm"}, ["web-3"]),
        ({"fight": True}, ["db-1"]),
        ({"namespace": "nowhere"}, []),
    ],
)
async def test_filters_find_what_they_say(past: str, given: dict[str, Any], found: list[str]) -> None:
    assert await keys(**given) == found


async def test_pages_of_a_long_list_hold_each_episode_once_even_of_the_same_moment(both: str) -> None:
    await away(write, batch(*(told(episode(f"k{n:02}", opened=NOW + n // 4), n + 1) for n in range(37))))
    seen: list[str] = []
    before = ""
    while True:
        page = await reading.episodes("c", limit=5, before=before)
        seen += [each.episode.key for each in page.episodes]
        before = page.before
        if not before:
            break
        assert len(page.episodes) == 5
    assert sorted(seen) == [f"k{n:02}" for n in range(37)]
    assert len(seen) == 37
    assert (await reading.episodes("other")).episodes == ()


@pytest.mark.parametrize("before", ["x", "1", "1_x", "nan_1", "inf_2", "1_-1", f"1_{2**63}", "1_2_3"])
async def test_a_cursor_that_no_page_gave_is_refused(kept: str, before: str) -> None:
    with pytest.raises(CursorError):
        await reading.episodes("c", before=before)


async def test_one_episode_comes_whole_and_a_list_without_samples(past: str) -> None:
    found = await reading.episode("c", "web-1")
    assert found is not None
    assert found.episode == episode("web-1", took=10)
    assert (found.cluster, found.kind, found.namespace, found.name, found.took) == (
        "c",
        "Deployment",
        "shop",
        "web",
        10,
    )
    assert await reading.episode("c", "none") is None
    assert await reading.episode("other", "web-1") is None
    assert await reading.episode("c", "\x00") is None
    listed = (await reading.episodes("c", Filters(name="web", ended="converged"))).episodes[-1]
    assert listed.episode == replace(found.episode, samples=())


async def test_durations_of_a_workload_and_of_its_kind(both: str) -> None:
    await away(write, batch(*(told(episode(f"k{n}", opened=NOW + n, took=float(n)), n) for n in range(1, 31))))
    await away(write, batch(told(episode("other", object="x", opened=NOW - 5, took=99), 31, on=row("other")), id="b2"))
    assert await reading.durations("c", WEB) == tuple(float(n) for n in range(30, 10, -1))
    of_kind = await reading.durations("c", kind="Deployment", namespace="shop", limit=100)
    assert (len(of_kind), of_kind[-1]) == (31, 99)
    found = await reading.distribution("c", WEB)
    assert (found.count, found.converged, found.stalled) == (30, 30, 0)
    assert (found.p50, found.p90, found.p95) == (15, 27, 29)
    assert found.last[:2] == (30, 29)
    assert len(found.last) == 20
    several = await reading.distributions("c", [WEB, "x", "nothing"])
    assert (several["x"].p50, several["nothing"].p50, several["nothing"].last) == (99, None, ())


async def test_edits_and_days_and_what_was_lost(both: str) -> None:
    made = tuple(wire.Made(n, f"e{n}", NOW + n, WEB if n % 2 else DB, "edit", "who", "::1") for n in range(1, 5))
    made = (*made, wire.Made(5, "e5", NOW, WEB, "edit", "who", "::1", (Change("spec.replicas", 1, 2),)))
    await away(write, batch(told(episode(took=4), 6), edits=made, state=wire.RunState("r1", 8, NOW, ended=True)))
    assert [each.id for each in await reading.edits("c")] == ["e4", "e3", "e2", "e1", "e5"]
    assert [each.id for each in await reading.edits("c", WEB, before=NOW + 3)] == ["e1", "e5"]
    assert (await reading.edits("c", WEB))[-1].changes == (Change("spec.replicas", 1, 2),)
    await away(roll_up, NOW)
    (day,) = await reading.days("c", WEB)
    assert (day.ended[Ended.CONVERGED], day.p50) == (1, 4)
    assert await reading.lost("c") == 2
    assert [each.episode.key for each in await reading.open_episodes("c")] == []


async def test_a_database_that_is_away_is_an_error_without_its_words(
    kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings, "default", {**connections.settings["default"], "NAME": "/nowhere/x"})
    with pytest.raises(HistoryError) as caught:
        await reading.episodes("c")
    assert str(caught.value) == "the database does not answer (OperationalError)"
    assert caught.value.__cause__ is None


async def test_a_database_that_hangs_is_given_up_and_holds_nothing_up(
    kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE", 0.2)
    with sqlite3.connect(Path(kept.removeprefix("sqlite:///")), isolation_level=None) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        turns = 0

        async def go_on() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        beside = asyncio.create_task(go_on())
        with pytest.raises(HistoryError, match="within"):
            await reading.episodes("c")
        beside.cancel()
        assert turns > 100
        other.execute("ROLLBACK")
    other.close()


PLANS = [
    ({}, "episode_newest"),
    ({"object": WEB}, "episode_object"),
    ({"namespace": "shop"}, "episode_namespace"),
    ({"namespace": "shop", "kind": "Deployment"}, "episode_near"),
    ({"kind": "Deployment"}, "episode_kind"),
    ({"name": "web"}, "episode_name"),
    ({"ended": "stalled"}, "episode_ended"),
    ({"who": "helm"}, "episode_by"),
    ({"fight": True}, "episode_fight"),
    ({"ended": "open"}, "episode_ended"),
    ({"ended": "recovered"}, "episode_ended"),
]


@pytest.mark.parametrize(("given", "index"), PLANS)
def test_a_page_reads_an_index_in_its_order(kept: str, given: dict[str, Any], index: str) -> None:
    """Else a page of a million episodes would sort them all."""
    found = models.Episode.objects.filter(Filters(**given).query(NOW), cluster="c").order_by("-opened", "-id")[:50]
    plan = found.explain()
    assert index in plan, plan
    assert "TEMP B-TREE" not in plan, plan
    connection.close()


def test_filters_are_read_from_an_url_and_written_in_one_order() -> None:
    given = {"who": "helm", "ended": "stalled", "slower": "9.5", "fight": "1", "page": "3", "namespace": "a b"}
    found = Filters.parse(given)
    assert found == Filters(namespace="a b", ended="stalled", slower=9.5, who="helm", fight=True)
    assert found.text == "namespace=a+b&ended=stalled&who=helm&slower=9.5&fight=1"
    assert Filters.parse({}).text == ""
    assert all(Filters.parse({"ended": each}).ended == each for each in ENDED)


@pytest.mark.parametrize(
    ("field", "value"),
    [("ended", "x"), ("slower", "-1"), ("slower", "nan"), ("slower", "x"), ("slower", "1e300"), ("fight", "yes"),
     ("name", "a" * 800), ("who", "\x00")],
)  # fmt: skip
def test_a_filter_that_is_none_is_named(field: str, value: str) -> None:
    with pytest.raises(FilterError) as caught:
        Filters.parse({field: value})
    assert (caught.value.field, caught.value.value) == (field, value[:100])
    assert caught.value.accepted in str(caught.value)
