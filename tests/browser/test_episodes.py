"""An edit in the page becomes an episode: its response live, its hops to the end, its line in history, its own page, a
file, and that file opened again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import visit
from tests.browser.conftest import Demo, Open, started
from tests.processes import manage

pytestmark = pytest.mark.browser

CATALOG = "o/apps/Deployment/shop/catalog"
HISTORY = "history/?kind=Deployment&name=catalog"


@pytest.fixture(scope="module")
def slow_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One in which containers take their real time to start, so that a response can be watched; with no past."""
    data = tmp_path_factory.mktemp("data")
    with manage("demo", "--speed", "1", RECONCILERVIZ_DATA=str(data)) as process:
        yield started(process)


@pytest.fixture(scope="module")
def scaled(slow_demo: Demo) -> list[str]:
    """Where the episode of the first edit was found: it is made once."""
    return []


def scale(page: Page, to: int) -> None:
    expect(page.locator("h1 .glyph")).to_have_class(re.compile("converged"))
    page.get_by_label("replicas").fill(str(to))
    page.locator("button[value=apply]").click()
    expect(page.locator("#outcome")).to_contain_text("Accepted")


def test_an_edit_shows_its_response_and_hops_to_the_end(slow_demo: Demo, open_page: Open, scaled: list[str]) -> None:
    page = visit(slow_demo, open_page, CATALOG.removeprefix("o/"))
    scale(page, 5)
    expect(page.locator(".changes")).to_have_text(re.compile("replicas *2 → 5"))
    expect(page.locator("rv-chart canvas")).to_be_visible()
    expect(page.locator(".legend .key.setpoint b")).to_have_text("5")
    expect(page.locator(".ended .word")).to_have_text("converged")
    expect(page.locator(".legend .key.ready b")).to_have_text("5")
    names = page.locator(".hops .name").all_inner_texts()
    assert names[0] == "accepted"
    assert names[-1] == "converged"
    assert {"created", "scheduled", "started", "ready"} <= set(names)
    culprit = page.locator(".hops .culprit")
    expect(culprit).to_have_count(1)
    expect(culprit.locator("a")).to_have_attribute("href", re.compile("/c/sandbox/o/core/Pod/shop/catalog-"))
    expect(page.locator(".reading")).to_contain_text("settled")
    link = page.get_by_role("link", name="this episode").get_attribute("href") or ""
    scaled.append(link.partition("?")[0])
    page.goto(slow_demo.board.replace("/c/sandbox/", link))
    expect(page.locator(".player")).to_be_visible()  # though it may not be written down yet


def test_history_lists_it_with_who_edited(slow_demo: Demo, open_page: Open, scaled: list[str]) -> None:
    page = open_page(slow_demo.board + HISTORY)
    link = page.locator(f"a.line-row[href='{scaled[0]}']")
    expect(link).to_contain_text(re.compile("replicas *2 → 5"))
    expect(page.locator(".edits")).to_contain_text("spec.replicas")
    expect(page.locator(".edits .by").first).to_contain_text("127.0.0.1")
    expect(page.locator("select[name=kind]")).to_have_value("Deployment")
    page.locator("select[name=ended]").select_option("stalled")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("ended=stalled"))
    expect(page.locator(f"a.line-row[href='{scaled[0]}']")).to_have_count(0)
    page.go_back()
    expect(link).to_be_visible()
    link.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(scaled[0])))


def test_its_own_page_plays_it_back(slow_demo: Demo, open_page: Open, scaled: list[str]) -> None:
    page = open_page(slow_demo.board.replace("/c/sandbox/", scaled[0]))
    expect(page.locator(".player")).to_be_visible()
    expect(page.locator(".state .word")).to_have_text("converged")
    page.keyboard.press("Home")
    expect(page.locator(".state .word")).to_have_text("converging")
    page.keyboard.press("End")
    expect(page.locator(".state .word")).to_have_text("converged")
    page.get_by_role("link", name="The object now").click()
    expect(page).to_have_url(re.compile(CATALOG))


def test_what_is_exported_can_be_opened(slow_demo: Demo, open_page: Open, scaled: list[str], tmp_path: Path) -> None:
    page = open_page(slow_demo.board.replace("/c/sandbox/", scaled[0]))
    hops = page.locator(".hops .name").all_inner_texts()
    page.get_by_role("link", name="Export").click()
    expect(page.get_by_role("heading", name="What the file says")).to_be_visible()
    expect(page.locator(".says").last).to_contain_text("apps/Deployment/shop/catalog")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert re.fullmatch(r"catalog-\d{8}T\d{6}\.episode\.json\.gz", file.name)
    page.goto(slow_demo.board.replace("c/sandbox/", "replay/"))
    page.get_by_label("Replay file").set_input_files(file)
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".from-file")).to_be_visible()
    expect(page.locator(".hops .name")).to_have_text(hops)
    expect(page.locator("rv-chart canvas")).to_be_visible()


def test_without_a_script_episodes_are_there_all_the_same(slow_demo: Demo, open_page: Open, scaled: list[str]) -> None:
    page = open_page(slow_demo.board + CATALOG, java_script_enabled=False)
    expect(page.locator("svg.sketch")).to_be_visible()
    expect(page.locator(".hops")).to_contain_text("converged")
    page.goto(slow_demo.board + HISTORY)
    expect(page.locator(".line-row").first).to_be_visible()
    expect(page.locator(".works svg.strip").first).to_be_visible()


def test_the_server_and_the_browser_draw_the_same(slow_demo: Demo, open_page: Open, scaled: list[str]) -> None:
    drawn = open_page(slow_demo.board + CATALOG)
    expect(drawn.locator("rv-chart canvas")).to_be_visible()
    sent = open_page(slow_demo.board + CATALOG, java_script_enabled=False)
    for part in ("rv-hops", ".reading", "#told", ".as-table"):
        texts = [re.sub(r"\s+", "", each.locator(part).text_content() or "") for each in (drawn, sent)]
        assert texts[0] == texts[1] != "", part
