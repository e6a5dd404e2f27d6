"""The history page left open: what another process writes is seen, and nobody who reads is disturbed by it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.core.model import Ended, Episode, Verdict
from tests.browser.conftest import Demo, Open, started
from tests.browser.kept import Writer, writer
from tests.processes import manage
from tests.web import episodes

pytestmark = pytest.mark.browser

LOOK = "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
"""As when one comes back to the page: it looks at once."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Writer]]:
    """A demo, and another process that writes into its history."""
    data = tmp_path_factory.mktemp("data")
    with writer(data) as writes, manage("demo", "--speed", "5", RECONCILERVIZ_DATA=str(data)) as process:
        yield started(process), writes


@pytest.fixture
def demo(shown: tuple[Demo, Writer]) -> Demo:
    return shown[0]


@pytest.fixture
def other(shown: tuple[Demo, Writer]) -> Writer:
    return shown[1]


def ended(name: str, ago: float = 5.0, where: str = "past") -> Episode:
    """An episode of a Deployment that the sandbox does not have, in a namespace that it does not have either."""
    made = episodes.scaled(time.time() - ago, key=f"key-{where}-{name}")
    return replace(made, object=f"apps/Deployment/{where}/{name}")


def running(name: str, where: str = "past") -> Episode:
    return replace(ended(name, where=where), closed=None, ended=None, verdict=Verdict.CONVERGING)


def many(other: Writer, where: str, count: int) -> None:
    other.write(*(ended(f"web-{place}", 100 + place, where) for place in range(count)))


def line(page: Page, name: str) -> Locator:
    return page.locator(".lines > li", has=page.locator(f"b:text-is('{name}')"))


def names(page: Page) -> list[str]:
    return page.locator(".lines .name b").all_inner_texts()


def news(page: Page) -> Locator:
    return page.locator(".news .button")


def history(demo: Demo, open_page: Open, query: str, **about: object) -> Page:
    page = open_page(f"{demo.board}history/?{query}", **about)
    page.evaluate("window.stayed = true") if about.get("java_script_enabled", True) else None
    return page


def test_what_opens_and_what_ends_is_seen_without_a_reload(demo: Demo, other: Writer, open_page: Open) -> None:
    page = history(demo, open_page, "namespace=past")
    expect(page.locator(".p-episodes")).to_contain_text("No episode fits these filters.")
    other.write(running("web"))
    expect(line(page, "web").locator(".glyph")).to_have_class(re.compile("converging"))
    expect(page.get_by_role("status").filter(has_text="1 new episode")).to_have_count(1)
    other.write(ended("web"))
    expect(line(page, "web").locator(".glyph")).to_have_class(re.compile("converged"))
    expect(line(page, "web").locator(".took")).to_contain_text("4.2 s")
    expect(page.locator(".works")).to_contain_text("web")
    expect(page).to_have_url(re.compile(r"\?namespace=past$"))
    assert page.evaluate("window.stayed") is True


def test_no_line_moves_under_a_pointer(demo: Demo, other: Writer, open_page: Open) -> None:
    many(other, "pointed", 8)
    page = history(demo, open_page, "namespace=pointed")
    third = line(page, "web-2")
    third.hover()
    box = third.bounding_box()
    other.write(ended("fresh", where="pointed"))
    page.evaluate(LOOK)
    expect(news(page)).to_have_text("1 new")
    assert third.bounding_box() == box
    assert names(page)[0] == "web-0"
    page.mouse.move(5, 5)
    expect(page.locator(".lines > li").first).to_contain_text("fresh")
    expect(news(page)).to_be_hidden()


def test_the_keyboard_stays_where_it_is_and_goes_on_from_the_button(demo: Demo, other: Writer, open_page: Open) -> None:
    many(other, "focused", 4)
    other.write(running("goes-on", where="focused"))
    page = history(demo, open_page, "namespace=focused")
    link = line(page, "goes-on").locator("a")
    link.focus()
    other.write(ended("goes-on", where="focused"), ended("fresh", 1, where="focused"))
    page.evaluate(LOOK)
    expect(link.locator(".glyph")).to_have_class(re.compile("converged"))
    expect(link).to_be_focused()
    expect(news(page)).to_have_text("1 new")
    page.keyboard.press("Shift+Tab")
    expect(news(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(line(page, "fresh").locator("a")).to_be_focused()
    assert names(page)[:2] == ["fresh", "goes-on"]


def test_who_has_scrolled_stays_there_and_older_pages_lead_to_what_is_new(
    demo: Demo, other: Writer, open_page: Open
) -> None:
    many(other, "long", 70)
    page = history(demo, open_page, "namespace=long")
    expect(page.locator(".lines > li")).to_have_count(60)
    page.mouse.move(5, 5)
    page.evaluate("scrollTo(0, 900)")
    top = line(page, "web-30").bounding_box()
    other.write(ended("first", 2, "long"), ended("second", 1, "long"))
    page.evaluate(LOOK)
    expect(news(page)).to_have_text("2 new")
    expect(news(page)).to_be_in_viewport()
    assert line(page, "web-30").bounding_box() == top
    news(page).click()
    assert names(page)[:3] == ["second", "first", "web-0"]
    expect(page.locator(".lines > li")).to_have_count(60)
    expect(line(page, "second")).to_be_in_viewport()
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".lines > li")).to_have_count(12)
    other.write(ended("third", 0, "long"))
    page.evaluate(LOOK)
    expect(news(page)).to_have_text("1 new")
    assert len(names(page)) == 12
    news(page).click()
    expect(line(page, "third")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?namespace=long$"))


def test_what_fits_the_filters_no_more_goes_when_nobody_points_at_it(
    demo: Demo, other: Writer, open_page: Open
) -> None:
    other.write(running("one", "open"), running("two", "open"))
    page = history(demo, open_page, "namespace=open&ended=open")
    line(page, "one").hover()
    other.write(replace(ended("one", where="open"), ended=Ended.STALLED))
    page.evaluate(LOOK)
    expect(line(page, "one")).to_have_class("left")
    expect(news(page)).to_have_text("1 fits no more")
    page.mouse.move(5, 5)
    expect(line(page, "one")).to_have_count(0)
    assert names(page) == ["two"]


def test_a_page_that_gets_no_answer_says_since_when(demo: Demo, open_page: Open) -> None:
    page = history(demo, open_page, "namespace=past")
    page.route(re.compile("part=1"), lambda route: route.abort())
    for _ in range(2):
        with page.expect_event("requestfailed"):
            page.evaluate(LOOK)
    expect(page.locator(".as-of")).to_have_text(re.compile(r"^as of \d\d:\d\d:\d\d UTC, no answer since$"))
    page.unroute(re.compile("part=1"))
    page.evaluate(LOOK)
    expect(page.locator(".as-of")).to_be_empty()


def test_without_a_script_it_is_loaded_again_unless_it_is_held(demo: Demo, other: Writer, open_page: Open) -> None:
    page = history(demo, open_page, "namespace=plain", java_script_enabled=False)
    other.write(ended("web", where="plain"))
    expect(line(page, "web")).to_be_visible()
    page.get_by_role("link", name="hold the page still").click()
    expect(page).to_have_url(re.compile("namespace=plain&hold=1"))
    expect(page.locator("meta[http-equiv=refresh]")).to_have_count(0)
