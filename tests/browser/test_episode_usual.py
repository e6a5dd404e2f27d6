"""How long it usually takes, as a page says it: while it goes on, when it is slow, and not where nothing says it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.core.model import Episode
from tests.browser.api import ask, held, visit
from tests.browser.conftest import Demo, Open, started
from tests.browser.kept import writer
from tests.processes import manage
from tests.web import episodes

pytestmark = pytest.mark.browser

SLOW = "apps/Deployment/shop/catalog"
"""Took long before: nine seconds, mostly."""

QUICK = "apps/Deployment/shop/accounts"
"""Was over in no time before."""

FIRST: dict[str, Any] = {
    "metadata": {"name": "first"},
    "spec": {
        "selector": {"matchLabels": {"app": "first"}},
        "template": {
            "metadata": {"labels": {"app": "first"}},
            "spec": {"containers": [{"name": "first", "image": "registry.example.com/shop/first:1.0"}]},
        },
    },
}
"""A Deployment; where it is the first in its namespace, there is nothing to compare it with."""


def past(object: str, *took: float) -> list[Episode]:
    """Episodes of an object that lie hours back."""
    ends = []
    for place, seconds in enumerate(took):
        opened = time.time() - 7200 - 600 * place
        made = episodes.scaled(opened, key=f"{object}/{place}", object=object, closed=opened + seconds)
        ends.append(replace(made, samples=(), hops=()))
    return ends


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One with a past."""
    data = tmp_path_factory.mktemp("data")
    with writer(data) as other:
        # Twenty are looked at: with these many, how long the demo's own beginning took tells nothing.
        other.write(*past(SLOW, *[7, 9, 300, 9] * 5), *past(QUICK, *[0.2, 0.3, 0.4, 0.6] * 5))
    with manage("demo", "--speed", "5", RECONCILERVIZ_DATA=str(data)) as process:
        yield started(process)


def scale(page: Page, to: int) -> None:
    expect(page.locator("h1 .glyph")).to_have_class(re.compile("converged"))
    page.get_by_label("replicas").fill(str(to))
    page.locator("button[value=apply]").click()
    expect(page.locator("#outcome")).to_contain_text("Accepted")


def test_while_it_goes_on_it_says_how_long_such_ones_take(demo: Demo, open_page: Open) -> None:
    page = visit(demo, open_page, SLOW)
    with held(demo, "kubelet", "shop"):
        scale(page, 5)
        usual = page.locator("rv-title .usual")
        expect(usual).to_have_text("· usually 9 s")
        expect(usual).to_have_attribute("title", re.compile("the middle of 20 episodes of Deployment catalog; nine of"))
        expect(page.locator(".hops .open")).to_contain_text(re.compile(r"probably .* to .* more"))
        page.get_by_role("link", name="this episode").click()
        expect(page.locator(".state .word")).to_have_text("converging")
        expect(page.locator(".state .usual")).to_have_text("· usually 9 s")
        expect(page.locator(".hops .open")).to_contain_text(re.compile(r"probably .* to .* more"))
        expect(page.locator(".player")).to_have_text(
            "Followed as it goes on. Once it has ended, it can be played back here."
        )
        page.evaluate("window.stayed = true")
    expect(page.locator(".state .word")).to_have_text("converged")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator(".state .usual")).to_have_text("· usually 9 s")
    expect(page.locator(".state .slower")).to_have_count(0)
    assert page.evaluate("window.stayed") is True


def test_what_takes_longer_than_nearly_all_before_it_is_slow_and_stays_so(demo: Demo, open_page: Open) -> None:
    page = visit(demo, open_page, QUICK)
    with held(demo, "kubelet", "shop"):
        scale(page, 4)
        expect(page.locator("rv-title .slower")).to_have_text("slower than usual")
        expect(page.locator("h1 .glyph")).to_have_class(re.compile("converging"))
    expect(page.locator(".ended .slower")).to_have_text("slower than usual")
    expect(page.locator("rv-title .slower")).to_have_count(0)  # the title tells of now
    link = page.get_by_role("link", name="this episode").get_attribute("href") or ""
    page.goto(f"{demo.board}history/?name=accounts&ended=converged")
    expect(page.locator(f"a.line-row[href='{link.partition('?')[0]}']")).to_be_visible()  # by now it is written, too
    page.go_back()
    expect(page.locator(".ended .slower")).to_have_text("slower than usual")
    page.get_by_role("link", name="this episode").click()
    expect(page.locator(".state .slower")).to_have_text("slower than usual")


def test_where_nothing_says_it_nothing_is_said(demo: Demo, open_page: Open) -> None:
    ask(demo, "POST", "/api/v1/namespaces", {"metadata": {"name": "fresh"}})
    ask(demo, "POST", "/apis/apps/v1/namespaces/fresh/deployments", FIRST)
    page = visit(demo, open_page, "apps/Deployment/fresh/first")
    expect(page.locator(".hops li").first).to_be_visible()
    expect(page.locator(".ended .word")).to_have_text("converged")
    expect(page.locator(".usual, .slower")).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text("probably")
