"""The page that breaks a sandbox, as somebody uses it: with a script, without one, and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Demo, Open

pytestmark = pytest.mark.browser


def test_a_scenario_is_started_watched_and_taken_back(demo: Demo, open_page: Open) -> None:
    page = open_page(demo.board)
    page.get_by_role("link", name="Sandbox", exact=True).click()
    row = page.locator("[data-scenario=crash-loop]")
    row.get_by_role("button", name="Start").click()
    expect(row.locator("[data-field=state]")).to_have_text("done")
    row.get_by_role("link", name="look").click()
    stalled = page.locator("a.row.stalled", has_text="crash-loop/payments")
    expect(stalled.first).to_contain_text("container payments exited with code 1")
    page.go_back()
    row.get_by_role("button", name="Take crash-loop back").click()
    expect(row.locator("[data-field=state]")).to_have_text("cleared")
    expect(row.get_by_role("link", name="look")).to_be_hidden()


def test_a_loop_is_paused_stepped_and_resumed(demo: Demo, open_page: Open) -> None:
    page = open_page(f"{demo.board}sandbox/")
    row = page.locator("[data-loop=cronjob-controller]")
    row.get_by_role("button", name="Pause").click()
    expect(row.locator("[data-field=state]")).to_have_text("paused")
    row.get_by_role("button", name="Step").click()
    expect(page.get_by_role("status").filter(has_text="nothing waits for cronjob-controller")).to_be_visible()
    row.get_by_role("button", name="Resume").click()
    expect(row.locator("[data-field=state]")).to_have_text("running")


def test_what_changes_elsewhere_is_shown_without_a_reload(demo: Demo, open_page: Open) -> None:
    page, other = open_page(f"{demo.board}sandbox/"), open_page(f"{demo.board}sandbox/")
    page.evaluate("window.kept = true")
    other.locator("[data-loop=disruption]").get_by_role("button", name="Pause").click()
    expect(page.locator("[data-loop=disruption] [data-field=state]")).to_have_text("paused")
    assert page.evaluate("window.kept")
    other.locator("[data-loop=disruption]").get_by_role("button", name="Resume").click()


def test_without_a_script_plain_forms_do_it(demo: Demo, open_page: Open) -> None:
    page = open_page(f"{demo.board}sandbox/?hold=1", java_script_enabled=False)
    row = page.locator("[data-loop=job-controller]")
    row.get_by_label("Seconds before each sync of job-controller").fill("soon")
    row.get_by_role("button", name="Slow").click()
    expect(page.get_by_role("alert")).to_contain_text("delay is 'soon', but must be a number of seconds")
    row.get_by_label("Seconds before each sync of job-controller").fill("2")
    row.get_by_role("button", name="Slow").click()
    expect(row.locator("[data-field=state]")).to_have_text("slow, 2.0 s before each sync")
    row.get_by_role("button", name="Resume").click()
    expect(row.locator("[data-field=state]")).to_have_text("running")


def test_a_phone_shows_all_of_it(demo: Demo, open_page: Open) -> None:
    page = open_page(demo.board, viewport={"width": 390, "height": 844})
    page.get_by_role("link", name="break it").click()
    expect(page.get_by_role("heading", name="Scenarios")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
