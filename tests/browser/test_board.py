"""The board in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.api import ask
from tests.browser.conftest import Demo, Open

pytestmark = pytest.mark.browser

CHECKOUT = '[data-id="apps/Deployment/shop/checkout"]'


def test_the_board_shows_the_sandbox_what_is_wrong_and_why(demo: Demo, open_page: Open) -> None:
    page = open_page(demo.board)
    expect(page.locator(".band")).to_contain_text("sandbox")
    row = page.locator(CHECKOUT)
    expect(row).to_have_class(re.compile("stalled"))
    expect(row).to_contain_text("3 of 4 ready")
    expect(row).to_contain_text("cannot be pulled")
    expect(page.locator(".fresh")).to_have_class(re.compile("live"))
    expect(page.locator("body")).not_to_have_class(re.compile("veiled"))


def test_the_server_and_the_browser_draw_the_same_row(demo: Demo, open_page: Open) -> None:
    live = open_page(demo.board)
    expect(live.locator(CHECKOUT)).to_have_class(re.compile("stalled"))
    still = open_page(demo.board, java_script_enabled=False)
    for part in (".kind", ".name", ".glance", ".why"):
        assert still.locator(f"{CHECKOUT} {part}").inner_text() == live.locator(f"{CHECKOUT} {part}").inner_text()
    bars = [each.locator(f"{CHECKOUT} svg.bar rect").count() for each in (still, live)]
    assert bars[0] == bars[1] > 4


def test_counts_and_filters_change_the_address_without_a_reload(demo: Demo, open_page: Open) -> None:
    page = open_page(demo.board)
    expect(page.locator(CHECKOUT)).to_be_visible()
    expect(page.locator("#filters button")).to_be_hidden()
    page.evaluate("window.stayed = true")
    page.locator(".counts a.converged").click()
    expect(page.locator("a.row.converged").first).to_be_visible()
    expect(page.locator("a.row.stalled")).to_have_count(0)
    assert page.url == f"{demo.board}?verdict=converged"
    page.locator("select[name=namespace]").select_option("monitoring")
    expect(page.locator(".rows .ns").first).to_have_text("monitoring/")
    assert "namespace=monitoring" in page.url
    page.go_back()
    page.go_back()
    expect(page.locator(CHECKOUT)).to_be_visible()
    assert page.url == demo.board
    assert page.evaluate("window.stayed") is True


def test_a_view_is_a_link(demo: Demo, open_page: Open) -> None:
    page = open_page(f"{demo.board}?namespace=shop&kind=Deployment&q=check")
    expect(page.locator("a.row")).to_have_count(1)
    expect(page.locator("#find input[name=q]")).to_have_value("check")


def test_the_keyboard_walks_finds_unfolds_and_opens(demo: Demo, open_page: Open) -> None:
    page = open_page(demo.board)
    expect(page.locator(CHECKOUT)).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("a.row").first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("a.row").first).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("checkout")
    expect(page).to_have_url(f"{demo.board}?q=checkout")
    page.keyboard.press("Enter")
    expect(page.locator("a.row").first).to_be_focused()
    page.locator(CHECKOUT).focus()
    page.keyboard.press("o")
    expect(page.locator(".children a.row").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{demo.board}o/apps/Deployment/shop/checkout")


def test_a_phone_shows_cards_and_nothing_sticks_out(demo: Demo, open_page: Open) -> None:
    for path in ("", "o/apps/Deployment/shop/checkout", "?q=nothing-like-this"):
        page = open_page(demo.board + path, viewport={"width": 390, "height": 844})
        expect(page.locator(".fresh.live")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, path


def test_an_unknown_cluster_or_object_is_a_page_that_says_so(demo: Demo, open_page: Open) -> None:
    page = open_page(demo.board.replace("sandbox", "elsewhere"))
    expect(page.locator("h1")).to_contain_text("There is no cluster")
    page = open_page(f"{demo.board}o/apps/Deployment/shop/none")
    expect(page.locator("h1")).to_have_text("There is no Deployment shop/none")


def test_the_page_of_what_is_not_there_yet_shows_it_once_it_is(demo: Demo, open_page: Open) -> None:
    page = open_page(f"{demo.board}o/core/ConfigMap/shop/later")
    expect(page.locator("h1")).to_have_text("There is no ConfigMap shop/later")
    obj = {"metadata": {"name": "later"}, "data": {"a": "b"}}
    ask(demo, "POST", "/api/v1/namespaces/shop/configmaps", obj)
    expect(page.locator("h1")).to_contain_text("ConfigMap")
    expect(page.locator("main")).to_have_attribute("data-object", "core/ConfigMap/shop/later")
