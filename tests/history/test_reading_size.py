"""Where many episodes are kept: no table is read from its beginning, and a page asks as often as where few are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from dashboard.history import accounts, models, reading, reading_pages, reading_pasts, upkeep, upkeep_tally
from dashboard.history.filters import Filters
from dashboard.history.writing import write
from dashboard.management.benchmarks import historycosts, workers
from dashboard.management.benchmarks.historymade import CLUSTER, NOW
from tests.history.made import away
from tests.history.postgres import Postgres

MANY = 10_000
TABLES = "history_(?:episode|hop|samples)"
FILTERS = {
    **historycosts.FILTERS,
    "open": Filters(ended="open"),
    "slower than most": Filters(slower=300),
    "of a workload": Filters(object="apps/Job/team-00/none"),
    "kind in a namespace": Filters(kind="Job", namespace="team-07"),
}


@pytest.fixture(scope="module")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with MANY episodes, in place of the empty one that tests copy."""
    folder = tmp_path_factory.mktemp("many")
    workers.run("history", "fill", begin=0, end=MANY, kept=MANY, url="", folder=str(folder))
    return folder / "history.sqlite3"


@pytest.fixture(scope="module")
def postgres_tables(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same as a PostgreSQL database, with the planner's figures of it."""
    postgres_server.run("CREATE DATABASE many")
    url = postgres_server.url("many")
    folder = tmp_path_factory.mktemp("data")
    workers.run("history", "fill", begin=0, end=MANY, kept=MANY, url=url, folder=str(folder))
    return "many"


@pytest.fixture
def many(both: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Either database; what a page looks through is to it as it is to a million."""
    monkeypatch.setattr(reading_pages, "STEPS", (20, 180))
    monkeypatch.setattr(reading_pages, "FEW", 20)
    monkeypatch.setattr(reading_pasts, "LOOKED_AT", 20)
    return both


@contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    """The statements of a block, with their values."""
    found: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], statement: str, values: Any, *more: Any) -> Any:
        found.append((statement, values))
        return execute(statement, values, *more)

    with connection.execute_wrapper(note):
        yield found


def plan(statement: str, values: Any) -> str:
    """How the database goes about it."""
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement}", values)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def whole(told: str) -> list[str]:
    """The lines of a plan that read a large table, or an index of it, from one end to the other."""
    if connection.vendor == "postgresql":
        return re.findall(f"Seq Scan on {TABLES}.*", told)
    # A bounded stretch that stands in place of the table is called by its name.
    stretches = re.findall(f"CO-ROUTINE ({TABLES})", told)
    return re.findall(f"SCAN {TABLES}.*", told)[len(stretches) :]


def plans(work: Callable[[], object]) -> list[str]:
    """The plans of all that a piece of work asks."""
    with asked() as found:
        work()
    return [plan(*each) for each in found if re.match(r"\s*(SELECT|UPDATE|DELETE)", each[0])]


def deep() -> reading_pages.Cursor:
    opened, id = models.Episode.objects.values_list("opened", "id").get(id=MANY * 4 // 10)
    return opened, id


def test_no_page_reads_a_table_from_its_beginning(many: str) -> None:
    for name, filters in FILTERS.items():
        for cursor in (None, deep()):
            told = plans(lambda filters=filters, cursor=cursor: reading_pages.page(CLUSTER, filters, 60, cursor, NOW))
            assert told
            assert [each for each in told if whole(each)] == [], name


def test_a_page_asks_as_often_whatever_is_on_it(many: str) -> None:
    for name, filters in FILTERS.items():
        with asked() as found:
            page = reading_pages.page(CLUSTER, filters, 60, None, NOW)
        alone = filters.split()[1] == Filters()
        assert len(found) <= (2 if alone else 8), f"{name}: episodes and their hops, of several filters in two steps"
    objects = list(dict.fromkeys(each.episode.object for each in page.episodes))
    with asked() as found:
        pasts = reading_pasts.distributions(CLUSTER, objects)
    assert list(pasts) == objects
    if connection.vendor == "postgresql":  # SQLite has no way to a server, and its statement is prepared once
        assert len(found) == 1, "the pasts of all its workloads"


def test_pasts_are_read_from_an_index_alone(many: str) -> None:
    for index, where in (
        ("episode_object", {"object": "x"}),
        ("episode_near", {"kind": "Job", "namespace": "team-07"}),
    ):
        (told,) = plans(lambda where=where: reading_pasts.durations(CLUSTER, 20, **where))
        only = f"Index Only Scan using {index}" if connection.vendor == "postgresql" else f"COVERING INDEX {index}"
        assert only in told
    told = "".join(plans(lambda: reading_pasts.distributions(CLUSTER, ["x", "y"])))
    assert ("Index Only Scan" if connection.vendor == "postgresql" else "COVERING INDEX episode_object") in told


def test_a_permalink_and_whoever_takes_up_read_no_table_whole(many: str) -> None:
    known = models.Episode.objects.get(id=MANY // 2)
    for work in (
        lambda: list(models.Episode.objects.filter(cluster=CLUSTER, key=known.key).prefetch_related("hops")),
        lambda: accounts.unfinished(CLUSTER, NOW),
        lambda: write(historycosts.batch()),
    ):
        assert [each for each in plans(work) if whole(each)] == []


def test_hops_are_asked_for_a_few_hundred_episodes_at_a_time(many: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for those of five thousand, PostgreSQL reads all hops that there are."""
    monkeypatch.setattr(accounts, "MANY", 10)
    with asked() as found:
        left = accounts.unfinished(CLUSTER, NOW)
    hops = [values for statement, values in found if 'FROM "history_hop"' in statement]
    assert max(map(len, hops)) == 10
    assert sum(map(len, hops)) == len(left)
    assert all(len(each.episode.hops) == 8 for each in left)


def test_keeping_house_reads_what_is_new_or_goes(many: str, monkeypatch: pytest.MonkeyPatch) -> None:
    upkeep.roll_up(NOW)
    upkeep_tally.advance()
    upkeep_tally.advance()
    write(historycosts.batch())
    monkeypatch.setattr(upkeep, "AT_ONCE", 300)
    for work in (
        lambda: upkeep.sweep(NOW),
        lambda: upkeep.roll_up(NOW),
        lambda: upkeep.retain(NOW, 20),
        lambda: upkeep.retain(NOW, 400),
    ):
        assert [each for each in plans(work) if whole(each)] == []


def test_days_are_summed_up_in_as_many_statements_as_there_are_days(many: str) -> None:
    with asked() as first:
        assert upkeep.roll_up(NOW) > 500
    with asked() as again:
        assert upkeep.roll_up(NOW) == 0
    assert len(again) < 10 < len(first)
    assert not [statement for statement, _ in again if statement.startswith("INSERT")], "what stands is left alone"


async def every(wanted: Filters, limit: int) -> tuple[list[str], list[reading_pages.Page]]:
    """All keys that a reader finds who goes on to the last page, and the pages."""
    pages = [await reading.episodes(CLUSTER, wanted, limit)]
    while pages[-1].before:
        pages.append(await reading.episodes(CLUSTER, wanted, limit, pages[-1].before))
    return [each.episode.key for page in pages for each in page.episodes], pages


def exact(wanted: Filters) -> list[str]:
    found = models.Episode.objects.filter(wanted.query(NOW), cluster=CLUSTER).order_by("-opened", "-id")
    return list(found.values_list("key", flat=True))


async def test_a_page_looks_through_so_many_and_says_how_far(many: str) -> None:
    """Of several filters; each episode is found once by whoever goes on from there."""
    wanted = Filters(kind="Deployment", who="helm")
    found, pages = await every(wanted, 100)
    assert found == await away(exact, wanted)
    assert len(pages) > len(found) / 100 + 1, "none of them was full"
    assert all((page.looked is None) == (page is pages[-1] or len(page.episodes) == 100) for page in pages)
    first = pages[0]
    assert first.looked is not None and first.looked == float(first.before.partition("_")[0])
    nothing = await reading.episodes(CLUSTER, Filters(kind="Nothing", ended="converged"), 5)
    assert (nothing.episodes, nothing.before, nothing.looked) == ((), "", None), "a kind of which there is none"
    nowhere = await reading.episodes(CLUSTER, Filters(kind="Nothing", who="helm"), 5)
    assert nowhere.episodes == () and nowhere.looked is not None


@pytest.mark.parametrize("few", [0, 1_000])
async def test_what_took_long_is_found_whether_few_did_or_many(
    many: str, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(reading_pages, "FEW", few)
    for wanted in (Filters(slower=60), Filters(slower=60, kind="Deployment"), Filters(slower=60, ended="stalled")):
        found, pages = await every(wanted, 40)
        assert found == await away(exact, wanted)
        assert len(found) > 3
        assert any(page.looked for page in pages) == (not few), "what few were is looked for among them alone"


def test_the_filter_that_lets_fewest_through_leads() -> None:
    assert Filters(kind="a", namespace="b", ended="stalled").split() == (
        Filters(kind="a", namespace="b"),
        Filters(ended="stalled"),
    )
    assert Filters(kind="a", ended="converged").split() == (Filters(kind="a"), Filters(ended="converged"))
    assert Filters(kind="a", ended="recovered").split() == (
        Filters(ended="stalled"),
        Filters(kind="a", ended="recovered"),
    )
    assert Filters(object="a", slower=3).split() == (Filters(object="a"), Filters(slower=3))
    assert Filters(slower=3).split() == (Filters(), Filters(slower=3))
    assert Filters(fight=True, who="a").split() == (Filters(fight=True), Filters(who="a"))
