"""An object's page with its episode, as it comes from the server: all of it without a script."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.test import AsyncClient

from dashboard.core.model import Episode, Verdict
from dashboard.live.view import Usual
from tests.live.factory import deployment
from tests.web import episodes
from tests.web.test_pages import WEB, page
from tests.web.world import World

USUAL = Usual(9.0, 14.0, 12, "Deployment web", slower=True, more=(3.0, 8.0))


class Looked:
    """The page of a Deployment whose episode a test sets."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.put(deployment("web", want=5, ready=4))
        self.episode = episodes.scaled()
        self.usual: Usual | None = USUAL
        monkeypatch.setattr(world.held.board, "episode", lambda id: self.episode if id == episodes.WEB else None)
        world.held.hub.panels.forecast = self.forecast

    async def forecast(self, episode: Episode) -> Usual | None:
        return self.usual


@pytest.fixture
def looked(world: World, monkeypatch: pytest.MonkeyPatch) -> Looked:
    return Looked(world, monkeypatch)


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


async def test_the_head_says_how_long_it_usually_takes(looked: Looked, editor: AsyncClient) -> None:
    looked.episode = replace(episodes.scaled(), closed=None, ended=None, verdict=Verdict.CONVERGING)
    html = await page(editor, WEB)
    head = text(html[html.index("<rv-title>") : html.index("</rv-title>")])
    assert "· usually 9 s slower than usual" in head
    assert "so far" in text(html)
    assert "probably 3 s to 8 s more" in text(html)
    looked.usual = None
    looked.episode = replace(looked.episode, key="another")
    assert "usually" not in text(await page(editor, WEB))


async def test_hops_the_culprit_and_the_response_are_there_without_a_script(
    looked: Looked, editor: AsyncClient
) -> None:
    html = await page(editor, WEB)
    names = re.findall(r'<li[^>]*><span class="name"[^>]*>([a-z]+)', html[html.index("<rv-hops>") :])
    assert names == ["accepted", "observed", "created", "scheduled", "pulled", "started", "ready", "converged"]
    culprit = html[html.index('<li class="culprit">') :].partition("</li>")[0]
    assert "longest 2 of 2 Pods · Pod web-fdf7bb669-9x2lq" in text(culprit)
    assert 'href="/c/sandbox/o/core/Pod/shop/web-fdf7bb669-9x2lq"' in culprit
    assert "From 3 to 5, 90 % of the way in 4.1 s, settled after 4.1 s." in html
    assert html.count('<path class="line ') == 5
    assert "converged in 4.2 s · usually 9 s" in text(html)
    assert not re.search(r"<style|\sstyle=", html)


async def test_what_counts_nothing_has_hops_and_no_response(looked: Looked, editor: AsyncClient) -> None:
    looked.episode = episodes.scaled(samples=())
    html = await page(editor, WEB)
    assert re.search(r'id="response"[^>]* hidden', html)
    assert 'class="hops"' in html


async def test_an_object_that_is_as_it_should_be_says_what_would_be_seen(world: World, editor: AsyncClient) -> None:
    world.put(deployment("calm"))
    html = await page(editor, WEB.replace("web", "calm"))
    assert "Nothing has had to converge since it is watched." in html


async def test_a_claims_size_is_told_as_a_size(looked: Looked, editor: AsyncClient) -> None:
    asked = replace(looked.episode.samples[0], setpoint=10 * 2**30, ready=0, updated=None, available=None)
    looked.episode = episodes.scaled(samples=(asked,))
    html = await page(editor, WEB)
    assert "<b>10Gi</b>" in html
    assert html.count('class="grid"') < 10
