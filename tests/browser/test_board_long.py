"""A board that is longer than any page: thousands of rows, of which a few dozen are ever in the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.management.benchmarks.browser import served
from dashboard.management.benchmarks.browserruns import ask
from tests.browser.conftest import Open

pytestmark = pytest.mark.browser

PODS = 2000
LIST = "?kind=Pod&all=1"
MOST = 80
"""Rows that may be in the document at the size of these pages."""
ROW = 32

SIGHT = """() => {
  const items = [...document.querySelectorAll(".rows .item")];
  const first = items.find((li) => li.getBoundingClientRect().top >= 31);
  return {
    items: items.length,
    blank: document.querySelectorAll(".blank").length,
    first: first ? Number(first.ariaPosInSet) : 0,
    id: first?.firstElementChild.dataset.id ?? "",
    top: first ? Math.round(first.getBoundingClientRect().top) : 0,
    order: items.map((li) => Number(li.ariaPosInSet)),
    size: Number(items[0]?.ariaSetSize ?? 0),
    height: document.documentElement.scrollHeight,
  };
}"""


@dataclass
class Site:
    board: str
    api: str


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The product before a made cluster of 2,300 objects."""
    with served(4) as (api, address, _):
        yield Site(f"{address}/c/bench/", api)


def ready(page: Page) -> Page:
    """Wait until the script has taken over from the server's rows."""
    expect(page.locator(".rows .item[aria-posinset]").first).to_be_attached()
    return page


def settled(page: Page, first: int | None = None) -> dict[str, Any]:
    """What is in sight once every row of it is known; `first` is the place of the uppermost, where it is known."""
    known = f"(first) => {{ const seen = ({SIGHT})(); return !seen.blank && (first === null || seen.first === first) }}"
    page.wait_for_function(known, arg=first)
    seen: dict[str, Any] = page.evaluate(SIGHT)
    assert seen["order"] == list(range(seen["order"][0], seen["order"][0] + seen["items"])), "in order, without a gap"
    assert seen["items"] <= MOST
    return seen


def focused(page: Page) -> tuple[str, int]:
    """The id and the place of the row that has the focus."""
    found = page.evaluate("""() => {
      const held = document.activeElement;
      return [held.dataset.id ?? "", Number(held.closest(".item")?.ariaPosInSet ?? 0)];
    }""")
    return str(found[0]), int(found[1])


def test_any_place_is_a_scroll_away_and_the_page_stays_small(site: Site, open_page: Open) -> None:
    page = ready(open_page(site.board + LIST))
    seen = settled(page, 1)
    assert seen["size"] == PODS
    assert PODS * ROW < seen["height"] < PODS * ROW + 400, "the scrollbar is that of the whole list"
    nodes = page.evaluate("() => document.querySelectorAll('*').length")
    top = page.locator(".rows .space").first.evaluate("(space) => space.getBoundingClientRect().top + scrollY")
    ids = set()
    for index in (700, 40, 1300, 0):
        page.evaluate("(y) => scrollTo(0, y)", top + index * ROW - 32 if index else 0)
        seen = settled(page, index + 1)
        ids.add(seen["id"])
        assert page.evaluate("() => document.querySelectorAll('*').length") < nodes * 2
    assert len(ids) == 4
    expect(page.locator(".result")).to_have_text("2,000 of 2,000 objects")


def test_the_wheel_reaches_what_no_window_held_before(site: Site, open_page: Open) -> None:
    page = ready(open_page(site.board + LIST))
    page.mouse.move(700, 500)
    for _ in range(12):
        page.mouse.wheel(0, 900)
    page.wait_for_function("() => scrollY > 9000")
    assert settled(page)["first"] > 280


def test_the_keyboard_walks_across_windows(site: Site, open_page: Open) -> None:
    page = ready(open_page(site.board + LIST))
    page.keyboard.press("j")
    for _ in range(12):
        page.keyboard.press("PageDown")
    page.wait_for_function("() => Number(document.activeElement.closest('.item')?.ariaPosInSet) > 220")
    _, place = focused(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert focused(page)[1] == place + 1
    page.keyboard.press("End")
    page.wait_for_function(f"() => document.activeElement.closest('.item')?.ariaPosInSet === '{PODS}'")
    page.keyboard.press("k")
    page.wait_for_function(f"() => document.activeElement.closest('.item')?.ariaPosInSet === '{PODS - 1}'")
    page.keyboard.press("Home")
    page.wait_for_function("() => document.activeElement.closest('.item')?.ariaPosInSet === '1'")
    assert page.evaluate("() => scrollY") == 0


def test_the_focus_outlives_its_row_being_out_of_sight(site: Site, open_page: Open) -> None:
    page = ready(open_page(site.board + LIST))
    for _ in range(5):
        page.keyboard.press("j")
    id, place = focused(page)
    page.evaluate("() => scrollTo(0, 30000)")
    settled(page)
    assert focused(page)[0] == ""
    page.evaluate("() => scrollTo(0, 0)")
    page.wait_for_function("(id) => document.activeElement.dataset.id === id", arg=id)
    page.evaluate("() => scrollTo(0, 30000)")
    settled(page)
    page.keyboard.press("j")
    page.wait_for_function(
        "(place) => document.activeElement.closest('.item')?.ariaPosInSet === place", arg=str(place + 1)
    )
    page.evaluate("() => scrollTo(0, 30000)")
    settled(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/o/core/Pod/**")


def test_what_moves_above_moves_neither_the_eye_nor_the_focus(site: Site, open_page: Open) -> None:
    page = ready(open_page(f"{site.board}{LIST}&start=1000"))
    before = settled(page, 1001)
    page.keyboard.press("j")
    held = focused(page)[0]
    page.wait_for_function("() => document.activeElement.matches('a.row')")
    # Pods among the first 200 turn unready: they come to stand before all that has converged.
    ask(f"{site.api}/go?count=150&rate=500&what=flips")
    expect(page.locator(".counts a.converging b, .counts a.stalled b").first).to_be_visible()
    page.wait_for_function("(height) => document.documentElement.scrollHeight > height + 300", arg=before["height"])
    after = settled(page)
    assert focused(page)[0] == held
    assert abs(after["top"] - before["top"]) <= 1
    assert after["id"] == before["id"]
    ask(f"{site.api}/go?count=200&rate=500&what=flips")


def test_filters_find_and_address_say_the_same(site: Site, open_page: Open) -> None:
    page = ready(open_page(site.board + LIST))
    page.evaluate("() => scrollTo(0, 30000)")
    settled(page)
    page.keyboard.press("/")
    page.keyboard.type("-00001")
    expect(page).to_have_url(re.compile(r"\?kind=Pod&q=-00001$"))
    expect(page.locator(".result")).to_have_text(re.compile("^500 of 500"))
    assert settled(page)["size"] == 500
    page.keyboard.press("Enter")
    expect(page.locator("a.row").first).to_be_focused()
    page.locator("select[name=kind]").select_option("Deployment")
    expect(page.locator(".result")).to_have_text(re.compile("^25 of 25"))
    expect(page).to_have_url(re.compile(r"\?kind=Deployment&q=-00001$"))
    page.go_back()
    page.wait_for_function("() => document.querySelector('.item')?.ariaSetSize === '500'")


def test_a_place_is_come_back_to_and_what_is_folded_unfolds(site: Site, open_page: Open) -> None:
    page = ready(open_page(f"{site.board}?kind=ReplicaSet&all=1"))
    page.evaluate("() => scrollTo(0, 3000)")
    seen = settled(page)
    page.locator(f'a.row[data-id="{seen["id"]}"]').click()
    page.wait_for_url("**/o/apps/ReplicaSet/**")
    page.go_back()
    ready(page)
    page.wait_for_function("() => scrollY > 2000")
    assert settled(page)["id"] == seen["id"]
    page.goto(f"{site.board}?kind=ReplicaSet")
    divider = page.locator(".divider")
    expect(divider).to_contain_text(re.compile(r"\d+ converged"))
    divider.get_by_role("link", name="show all").click()
    page.wait_for_function("() => document.querySelector('.item')?.ariaSetSize === '200'")
    expect(page).to_have_url(re.compile(r"kind=ReplicaSet&all=1$"))


def test_nothing_moves_when_the_script_takes_over(site: Site, open_page: Open) -> None:
    page = ready(open_page(site.board + LIST))
    moved = page.evaluate(
        """() => new Promise((tell) => {
          const moved = [];
          new PerformanceObserver((list) => {
            for (const { sources } of list.getEntries())
              for (const { node, previousRect, currentRect } of sources)
                // A font that comes late moves text sideways; no row may move up or down.
                if (previousRect.top !== currentRect.top) moved.push(node?.className ?? node?.nodeName);
          }).observe({ type: "layout-shift", buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => tell(moved)));
        })"""
    )
    assert moved == []


def test_without_a_script_links_lead_through_the_list(site: Site, open_page: Open) -> None:
    page = open_page(site.board + LIST, java_script_enabled=False)
    first = page.locator("a.row").first.get_attribute("data-id")
    expect(page.locator(".pages")).to_contain_text("rows 1 to 40 of 2,000")
    page.get_by_role("link", name="next").click()
    expect(page.locator(".pages")).to_contain_text("rows 41 to 80 of 2,000")
    assert page.locator("a.row").first.get_attribute("data-id") != first
    page.get_by_role("link", name="previous").click()
    assert page.locator("a.row").first.get_attribute("data-id") == first
