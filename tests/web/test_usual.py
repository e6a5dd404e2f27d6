"""How an episode compares with those before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.history import reading
from dashboard.history.reading import HistoryError
from dashboard.web.usual import compare, usual
from tests.web import episodes

OPEN = replace(episodes.scaled(), closed=None, ended=None)


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[float, ...]]:
    kept: dict[str, tuple[float, ...]] = {"own": (), "near": ()}

    async def durations(cluster: str, object: str = "", *, before: float, **where: Any) -> tuple[float, ...]:
        assert before == OPEN.opened, "it is not compared with itself, nor with what came later"
        if object:
            assert object == episodes.WEB
        else:
            assert where == {"kind": "Deployment", "namespace": "shop"}
        return kept["own" if object else "near"]

    monkeypatch.setattr(reading, "durations", durations)
    return kept


async def test_the_object_itself_says_it_else_its_kind_in_its_namespace(past: dict[str, tuple[float, ...]]) -> None:
    assert await usual("sandbox", OPEN) is None
    past["near"] = (7.0, 9.0, 8.0)
    found = await usual("sandbox", OPEN)
    assert found is not None
    assert (found.p50, found.p90, found.count, found.of) == (8.0, 9.0, 3, "Deployments in shop")
    past["own"] = (2.0, 4.0, 3.0)
    found = await usual("sandbox", OPEN)
    assert found is not None
    assert (found.p50, found.of) == (3.0, "Deployment web")


async def test_a_dead_database_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def dead(*_: Any, **__: Any) -> tuple[float, ...]:
        raise HistoryError("the database does not answer")

    monkeypatch.setattr(reading, "durations", dead)
    assert await usual("sandbox", OPEN) is None


def test_slower_than_usual_needs_five_to_compare_with() -> None:
    later = episodes.NOW + 60
    four = compare(OPEN, (5.0, 6.0, 7.0, 8.0), "x", later)
    five = compare(OPEN, (5.0, 6.0, 7.0, 8.0, 9.0), "x", later)
    assert four is not None
    assert five is not None
    assert (four.slower, five.slower) == (False, True)
    assert five.more is None, "none took as long"


def test_what_remains_is_said_by_those_that_took_as_long() -> None:
    found = compare(replace(OPEN, hops=(), samples=()), (2.0, 6.0, 10.0, 20.0), "x", episodes.NOW + 5)
    assert found is not None
    assert found.more == (5.0, 15.0)
    ended = compare(episodes.scaled(), (2.0, 6.0), "x", episodes.NOW + 5)
    assert ended is not None
    assert ended.more is None


def test_what_was_over_at_once_is_not_what_is_usual() -> None:
    found = compare(episodes.scaled(), (0.0, 0.0, 0.0, 8.0, 9.0), "Deployment web", 0.0)
    assert found is not None
    assert (found.p50, found.count) == (8.0, 2)
