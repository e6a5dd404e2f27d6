"""What viewers of the same page of history share."""

from __future__ import annotations

import asyncio
import logging

import pytest

from dashboard.history import reading
from dashboard.history.filters import Filters
from dashboard.history.reading import CursorError, HistoryError
from dashboard.web.historyshare import LOOK, MOST, STILL, Shared

ALL = Filters()


class Kept:
    """A history, its clock, and how often it was asked and drawn."""

    def __init__(self) -> None:
        self.now = 0.0
        self.word = "a"
        self.problem: Exception | None = None
        self.asked = 0
        self.drawn: list[tuple[str, str, str]] = []
        self.html = "<time>3 s</time> a line"
        self.go = asyncio.Event()
        self.go.set()
        self.shared = Shared(self.draw, lambda: self.now)

    async def written(self) -> str:
        self.asked += 1
        if isinstance(self.problem, HistoryError):
            raise self.problem
        return self.word

    async def draw(self, wanted: Filters, before: str, problem: str) -> str:
        await self.go.wait()
        self.drawn.append((wanted.text, before, problem))
        if isinstance(self.problem, CursorError):
            raise self.problem
        return self.html

    async def tag(self, wanted: Filters = ALL, before: str = "") -> str:
        return (await self.shared.get(wanted, before)).tag

    def later(self, seconds: float = LOOK) -> None:
        self.now += seconds


@pytest.fixture
async def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    kept = Kept()
    monkeypatch.setattr(reading, "written", kept.written)
    return kept


async def test_a_thousand_viewers_cost_one_reading(kept: Kept) -> None:
    kept.go.clear()
    viewers = [asyncio.create_task(kept.tag()) for _ in range(1000)]
    await asyncio.sleep(0)
    kept.go.set()
    assert len(set(await asyncio.gather(*viewers))) == 1
    assert (kept.asked, len(kept.drawn)) == (1, 1)


async def test_nothing_is_drawn_again_while_nothing_is_written(kept: Kept) -> None:
    tag = await kept.tag()
    for _ in range(5):
        kept.later()
        assert await kept.tag() == tag
    assert (kept.asked, len(kept.drawn)) == (6, 1)
    kept.word, kept.html = "b", "<time>9 s</time> another line"
    assert await kept.tag() == tag, "it looks once a second"
    kept.later()
    assert await kept.tag() != tag
    assert len(kept.drawn) == 2


async def test_time_alone_is_seen_after_a_while_and_ages_make_no_news(kept: Kept) -> None:
    tag = await kept.tag()
    kept.later(STILL)
    kept.html = "<time>18 s</time> a line"
    assert await kept.tag() == tag
    assert len(kept.drawn) == 2


async def test_filters_and_pages_are_kept_apart_and_the_least_asked_for_goes(kept: Kept) -> None:
    for place in range(MOST):
        await kept.tag(before=f"{place}.0_1")
    await kept.tag(before="0.0_1")
    await kept.tag(Filters(kind="Pod"))
    assert len(kept.drawn) == MOST + 1
    await kept.tag(before="0.0_1")
    assert len(kept.drawn) == MOST + 1
    await kept.tag(before="1.0_1")
    assert len(kept.drawn) == MOST + 2
    assert ("kind=Pod", "", "") in kept.drawn


async def test_a_dead_database_is_told_and_asked_once_a_second(kept: Kept) -> None:
    tag = await kept.tag()
    kept.problem, kept.html = HistoryError("the database does not answer"), "cannot be read"
    kept.later()
    assert await kept.tag() != tag
    assert kept.drawn[-1] == ("", "", "the database does not answer")
    kept.problem, kept.html = None, "<time>3 s</time> a line"
    kept.later()
    assert await kept.tag() == tag


async def test_what_nobody_can_draw_is_raised_to_all_who_wait_and_tried_again(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    kept.problem = CursorError("before is no cursor that a page gave")
    found = await asyncio.gather(kept.tag(), kept.tag(), return_exceptions=True)
    assert [type(each) for each in found] == [CursorError, CursorError]
    kept.problem = None
    assert await kept.tag()
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_whoever_asked_first_may_leave(kept: Kept) -> None:
    kept.go.clear()
    first, second = asyncio.create_task(kept.tag()), asyncio.create_task(kept.tag())
    await asyncio.sleep(0)
    first.cancel()
    kept.go.set()
    assert await second
    assert len(kept.drawn) == 1
