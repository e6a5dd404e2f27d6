"""A replay in a real browser: a file is opened without a cluster, played, scrubbed and read, whatever it holds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.core.model import Episode
from dashboard.core.objects import ObjectKey
from dashboard.web import exporting
from tests.browser.conftest import Demo, Open
from tests.browser.test_hostile import EVIL
from tests.web import episodes

pytestmark = pytest.mark.browser


def file(episode: Episode, **about: Any) -> dict[str, Any]:
    content = exporting.document(episode, ObjectKey.parse(episodes.WEB)) | about
    return {"name": "a.episode.json.gz", "mimeType": "application/gzip", "buffer": exporting.pack(content)}


def opened(demo: Demo, open_page: Open, given: dict[str, Any], **about: Any) -> Page:
    page = open_page(demo.board.replace("c/sandbox/", "replay/"), **about)
    page.get_by_label("Replay file").set_input_files(given)
    page.get_by_role("button", name="Open").click()
    return page


def time_shown(page: Page) -> float:
    return float(re.sub(r" s.*", "", page.locator(".player output").inner_text()))


def test_a_file_plays_back_on_the_elements_of_its_page(demo: Demo, open_page: Open) -> None:
    page = opened(demo, open_page, file(episodes.rolled()))
    expect(page.locator(".from-file")).to_contain_text("From a file.")
    expect(page.locator(".hops .culprit .name")).to_have_text("terminated")
    expect(page.locator("rv-chart canvas")).to_be_visible()
    expect(page.locator("main a[href*='/o/']")).to_have_count(0)
    expect(page.locator(".state .word")).to_have_text("converged")
    page.get_by_label("speed").select_option("20")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".state .word")).to_have_text("converging")
    expect(page.locator(".hops .pending").first).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible()  # it has come to its end, and stopped
    expect(page.locator(".state .word")).to_have_text("converged")
    assert time_shown(page) == pytest.approx(36.6)


def test_a_replay_by_keyboard(demo: Demo, open_page: Open) -> None:
    page = opened(demo, open_page, file(episodes.scaled()))
    expect(page.locator(".player")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.locator(".player output")).to_contain_text("0.00 s")
    expect(page.locator(".hops li:not(.pending)")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".hops li:not(.pending)")).to_have_count(2)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".hops li:not(.pending)")).to_have_count(1)
    page.keyboard.press("End")
    expect(page.locator(".hops li:not(.pending)")).to_have_count(8)
    for _ in range(9):
        page.keyboard.press("<")
    expect(page.get_by_label("speed")).to_have_value("0.5")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_label("Time in the episode").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Time in the episode")).to_have_attribute("aria-valuetext", "0.02 s of 4.2 s")


def test_a_chart_can_be_read_without_being_seen(demo: Demo, open_page: Open) -> None:
    page = opened(demo, open_page, file(episodes.scaled()))
    chart = page.get_by_role("slider", name="Response over time")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("after 4.2 s: setpoint 5, updated 5, ready 5"))
    expect(chart).to_have_accessible_description(re.compile(r"From 3 to 5, 90 % of the way in 4\.1 s, settled after"))
    chart.focus()
    page.keyboard.press("Home")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("after 0.00 s: setpoint 5, updated 3, ready 3"))
    page.keyboard.press("ArrowRight")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("after 0.08 s: setpoint 5, updated 5"))
    expect(page.locator(".legend .moment")).to_have_text("at 0.08 s")
    page.get_by_text("as a table").click()
    expect(page.locator(".as-table tbody tr")).to_have_count(4)
    expect(page.locator(".as-table tbody tr").nth(2)).to_contain_text("3.2 s")


def test_where_motion_is_not_wanted_only_what_happens_is_shown(demo: Demo, open_page: Open) -> None:
    page = opened(demo, open_page, file(episodes.scaled()), reduced_motion="reduce")
    moments = {round(each, 2) for each in (0, 0.02, 0.08, 0.12, 2.4, 2.7, 3.2, 4.1, 4.2)}
    page.get_by_role("button", name="Play").click()
    seen = page.evaluate(
        """() => new Promise((done) => {
          const seen = new Set(), output = document.querySelector(".player output");
          const look = () => {
            seen.add(Number.parseFloat(output.textContent));
            const ended = document.querySelector(".play").getAttribute("aria-label") === "Play";
            ended ? done([...seen]) : requestAnimationFrame(look);
          };
          look();
        })"""
    )
    assert set(seen) <= moments
    assert len(seen) >= 4


def test_without_a_script_it_is_drawn_all_the_same(demo: Demo, open_page: Open) -> None:
    page = opened(demo, open_page, file(episodes.rolled()), java_script_enabled=False)
    expect(page.locator("svg.sketch path.line.ready")).to_be_visible()
    expect(page.locator(".hops .culprit")).to_contain_text("terminated")


def test_a_hostile_file_is_inert(demo: Demo, open_page: Open) -> None:
    evil = (EVIL + "A" * 500)[:500]
    hop = {"name": evil, "at": episodes.NOW + 1, "took": 1, "object": evil, "detail": evil}
    change = {"path": evil, "before": evil, "after": evil, "left_out": False}
    place = {"group": evil, "kind": evil, "namespace": "../" + evil[:400], "name": evil}
    given = file(episodes.stalled(), object=place, hops=[hop] * 200, changes=[change] * 100, cause=evil, by=evil)
    page = opened(demo, open_page, given)
    expect(page.locator(".player")).to_be_visible()
    expect(page.locator(".cause-line")).to_contain_text("<img src=x onerror=alert(1)>")
    page.keyboard.press("Home")
    page.keyboard.press("End")
    assert page.locator("main img, main script, main a[href*='o/']").count() == 0
    assert "\u202e" not in page.locator("main").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_a_file_that_cannot_be_opened_is_told_by_field_and_value(demo: Demo, open_page: Open) -> None:
    page = opened(demo, open_page, file(episodes.scaled(), verdict="<b>fine</b>"))
    expect(page.get_by_role("alert")).to_contain_text("verdict is '<b>fine</b>'; accepted:")
    expect(page.get_by_label("Replay file")).to_have_attribute("aria-invalid", "true")
    huge = {"name": "a.json", "mimeType": "application/json", "buffer": b" " * 600_000}
    page.get_by_label("Replay file").set_input_files(huge)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("file is 600000 bytes")
