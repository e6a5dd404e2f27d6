"""An object's episode in its live view, and how it compares with those before it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from dashboard.core.model import Episode
from dashboard.live.panel import COMPARE, PATIENCE
from dashboard.live.view import MAX_SAMPLES, Usual, thinned
from tests.live.browser import Browser
from tests.live.hubs import Held
from tests.live.panels import WEB, a_shop, look, settle, view_of
from tests.web import episodes

USUAL = Usual(9.0, 14.0, 12, "Deployment shop/web")


class Shown:
    """A viewed object whose episode and past a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.held = Held()
        a_shop(self.held)
        self.episode: Episode | None = None
        self.usual: Usual | None = USUAL
        self.asked: list[str] = []
        self.answer = asyncio.Event()
        self.answer.set()
        monkeypatch.setattr(self.held.board, "episode", lambda id: self.episode if id == WEB else None)
        self.held.hub.panels.forecast = self.forecast
        self.browser = Browser(self.held.hub)
        look(self.browser)

    async def forecast(self, episode: Episode) -> Usual | None:
        self.asked.append(episode.key)
        await self.answer.wait()
        return self.usual

    async def view(self, seconds: float = 0.2) -> Any:
        await settle(self.held, seconds)
        for panel in self.held.hub.panels._panels.values():
            if panel.comparing is not None:
                await asyncio.wait([panel.comparing], timeout=1)
        await settle(self.held)
        return view_of(self.browser)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    return Shown(monkeypatch)


def opened() -> Episode:
    return replace(episodes.scaled(), closed=None, ended=None)


async def test_an_episode_is_shown_as_it_moves(shown: Shown) -> None:
    assert (await shown.view())["episode"] is None
    shown.episode = replace(opened(), hops=opened().hops[:2])
    assert len((await shown.view())["episode"]["hops"]) == 2
    shown.episode = opened()
    assert len((await shown.view())["episode"]["hops"]) == 8, "though neither its row nor its children changed"
    assert (await shown.view())["episode"]["samples"][0]["setpoint"] == 5


async def test_what_is_usual_is_asked_for_once_and_again_while_it_goes_on(shown: Shown) -> None:
    shown.episode = opened()
    view = await shown.view()
    assert view["usual"] == {
        "p50": 9.0,
        "p90": 14.0,
        "count": 12,
        "of": "Deployment shop/web",
        "slower": False,
        "more": None,
    }
    await shown.view()
    assert len(shown.asked) == 1
    shown.usual = replace(USUAL, slower=True)
    assert (await shown.view(COMPARE))["usual"]["slower"] is True
    shown.episode = episodes.scaled()
    await shown.view()
    await shown.view()
    asked = len(shown.asked)
    await shown.view(COMPARE * 3)
    assert len(shown.asked) == asked, "one that has ended is compared once"


async def test_nothing_is_usual_where_nothing_says_so(shown: Shown) -> None:
    shown.episode, shown.usual = opened(), None
    assert (await shown.view())["usual"] is None


async def test_one_episode_is_never_compared_with_the_past_of_another(shown: Shown) -> None:
    shown.episode = opened()
    await shown.view()
    shown.answer.clear()
    shown.episode = replace(opened(), key="next")
    assert (await shown.view())["usual"] is None


async def test_a_slow_past_delays_no_page(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.live.panel.PATIENCE", PATIENCE / 10)
    shown.episode = opened()
    shown.answer.clear()
    view = await asyncio.wait_for(shown.held.hub.panels.view(WEB), 5)
    assert view is not None
    assert view["usual"] is None
    shown.answer.set()
    view = await shown.held.hub.panels.view(WEB)
    assert view is not None
    assert view["usual"] == USUAL


def test_a_long_response_is_thinned_and_keeps_both_ends() -> None:
    sample = episodes.scaled().samples[0]
    samples = tuple(replace(sample, at=float(at)) for at in range(MAX_SAMPLES * 7 + 3))
    thin = thinned(episodes.scaled(samples=samples)).samples
    assert len(thin) <= MAX_SAMPLES
    assert (thin[0], thin[-1]) == (samples[0], samples[-1])
    assert thinned(episodes.scaled()) == episodes.scaled()
