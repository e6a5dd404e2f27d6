"""The whole way in a real browser: an edit in the page, and its convergence without a reload."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, Open

pytestmark = pytest.mark.browser


def ready(page: Page) -> None:
    expect(page.locator("h1 .glyph")).to_have_class(re.compile("converged"))
    expect(page.locator(".hop.current .glance")).to_have_text(re.compile(r"^(\d+) of \1 ready$"))


def test_three_become_five_without_a_reload(demo: Demo, open_page: Open) -> None:
    page = open_page(f"{demo.board}o/apps/Deployment/shop/catalog")
    ready(page)
    page.evaluate("window.stayed = true")
    page.get_by_label("replicas").fill("5")
    page.locator("button[value=preview]").click()
    expect(page.locator("#outcome")).to_contain_text("Nothing has been changed yet")
    expect(page.locator("#outcome .after")).to_have_text("5")
    page.locator("button[value=apply]").click()
    expect(page.locator("#outcome")).to_contain_text("Accepted")
    expect(page.locator(".hop.current .glance")).to_have_text("5 of 5 ready")
    ready(page)
    assert page.evaluate("window.stayed") is True


def test_one_and_another_image_at_once(demo: Demo, open_page: Open) -> None:
    page = open_page(f"{demo.board}o/apps/Deployment/shop/accounts")
    ready(page)
    image = page.locator("input.image").first
    image.fill(":5.2.0")
    page.get_by_label("replicas").fill("1")
    page.locator("button[value=apply]").click()
    expect(page.locator(".hop.current .glance")).to_have_text("1 of 1 ready")
    expect(page.locator("rv-ledger")).to_contain_text("accounts:5.2.0")
    ready(page)
    expect(image).to_have_value(re.compile("accounts:5.2.0$"))


@pytest.mark.parametrize("count", ["-1", "1.5", "1000000000"])
def test_a_bad_count_is_named_beside_its_field(demo: Demo, open_page: Open, count: str) -> None:
    page = open_page(f"{demo.board}o/apps/Deployment/shop/search")
    page.get_by_label("replicas").fill(count)
    page.locator("button[value=apply]").click()
    expect(page.locator('[data-problem="replicas"]')).to_contain_text(f"replicas is '{count}'")
    expect(page.locator("input[name=replicas]")).to_have_attribute("aria-invalid", "true")


def test_a_stale_form_is_refused_with_both_values(demo: Demo, open_page: Open) -> None:
    address = f"{demo.board}o/apps/Deployment/shop/cart"
    page, other = open_page(address), open_page(address)
    ready(page)
    page.get_by_label("replicas").fill("4")  # from here on the page leaves this field alone
    other.get_by_label("replicas").fill("3")
    other.locator("button[value=apply]").click()
    expect(other.locator("#outcome")).to_contain_text("Accepted")
    page.locator("button[value=apply]").click()
    expect(page.locator("#outcome")).to_contain_text("changed since you looked")
    expect(page.locator('[data-problem="replicas"]')).to_contain_text("is 3 now")


def test_pause_and_resume(demo: Demo, open_page: Open) -> None:
    page = open_page(f"{demo.board}o/apps/Deployment/jobs/mailer")
    ready(page)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("h1 .glyph")).to_have_class(re.compile("suspended"))
    expect(page.get_by_role("button", name="Restart")).to_be_hidden()
    page.get_by_role("button", name="Resume").click()
    ready(page)


def test_a_deleted_pod_is_replaced_and_its_page_says_that_it_is_gone(demo: Demo, open_page: Open) -> None:
    owner = open_page(f"{demo.board}o/apps/Deployment/shop/search")
    ready(owner)
    pod = owner.locator(".hop", has_text="Pod").last.get_attribute("href")
    assert pod
    page = open_page(demo.board.split("/c/")[0] + pod)
    page.locator("summary", has_text="Break it").click()
    page.get_by_role("button", name="Delete this Pod").click()
    expect(page.locator("rv-cause")).to_contain_text("It is gone")
    expect(owner.locator(f'.hop[href="{pod}"]')).to_have_count(0)
    ready(owner)


def test_the_buttons_and_the_form_work_without_a_script(demo: Demo, open_page: Open) -> None:
    address = f"{demo.board}o/apps/DaemonSet/monitoring/node-exporter"
    page = open_page(f"{demo.board}o/apps/Deployment/shop/payments", java_script_enabled=False)
    page.get_by_label("replicas").fill("-1")
    page.locator("button[value=apply]").click()
    expect(page.locator(".problem").first).to_contain_text("replicas is '-1'")
    page.get_by_label("replicas").fill("3")
    page.locator("button[value=apply]").click()
    expect(page.get_by_label("replicas")).to_have_value("3")
    assert page.url == f"{demo.board}o/apps/Deployment/shop/payments"
    page.goto(address)
    page.get_by_role("button", name="Restart").click()
    assert page.url == address
