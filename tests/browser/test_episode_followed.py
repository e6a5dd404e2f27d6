"""An episode's own page left open: what stalled is followed until it recovers, or until another takes its place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import ask, visit
from tests.browser.conftest import Demo, Open

pytestmark = pytest.mark.browser

DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
CLASS = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"}}


def image(demo: Demo, name: str, tag: str) -> None:
    """Give the first container of a Deployment another tag."""
    spec = ask(demo, "GET", f"{DEPLOYMENTS}/{name}")["spec"]["template"]["spec"]
    spec["containers"][0]["image"] = f"{spec['containers'][0]['image'].rpartition(':')[0]}:{tag}"
    ask(demo, "PATCH", f"{DEPLOYMENTS}/{name}", {"spec": {"template": {"spec": spec}}})


def stalled(demo: Demo, open_page: Open, object: str) -> Page:
    """The page of the episode with which an object has stalled."""
    page = visit(demo, open_page, object)
    expect(page.locator(".ended .word")).to_have_text("stalled")
    page.get_by_role("link", name="this episode").click()
    expect(page.locator(".state .word")).to_have_text("stalled")
    expect(page.locator("[data-following]")).to_have_text("· followed: it may still recover")
    expect(page.locator(".player output")).to_be_visible()  # which a script draws: before that no key is heard
    page.evaluate("window.stayed = true")
    return page


def test_what_recovers_is_told_where_it_stalled(demo: Demo, open_page: Open) -> None:
    page = stalled(demo, open_page, "core/PersistentVolumeClaim/shop/uploads")
    ask(demo, "POST", "/apis/storage.k8s.io/v1/storageclasses", {**CLASS, "provisioner": "sandbox.reconcilerviz/disk"})
    expect(page.locator(".state .word")).to_have_text("converged")
    expect(page.locator(".notice.good")).to_contain_text("It stalled, and converged")
    expect(page.locator("[data-following]")).to_be_empty()
    expect(page.locator(".hops .name").last).to_have_text("converged")
    expect(page.get_by_role("status").filter(has_text=re.compile("^converged in"))).to_have_count(1)
    expect(page).to_have_title(re.compile("^converged"))
    page.keyboard.press("Home")
    expect(page.locator(".state .word")).to_have_text("converging")
    expect(page.locator(".notice.good")).to_have_count(0)
    assert page.evaluate("window.stayed") is True


def test_what_is_replaced_leads_on_to_the_next(demo: Demo, open_page: Open) -> None:
    image(demo, "search", "missing")
    page = stalled(demo, open_page, "apps/Deployment/shop/search")
    page.keyboard.press("Home")
    expect(page.locator(".player output")).to_contain_text("0.00 s")
    image(demo, "search", "5.2.0")
    following = page.get_by_role("link", name="replaced by the next")
    expect(following).to_be_visible()
    expect(page.locator("[data-following]")).to_be_empty()
    expect(page.locator(".player output")).to_contain_text("0.00 s")  # whoever replays it is left where they are
    assert page.evaluate("window.stayed") is True
    following.click()
    expect(page.locator(".state .word")).to_have_text("converged")
    page.get_by_role("link", name="replaced the one before").click()
    expect(page.locator(".state .word")).to_have_text("stalled")


def test_what_is_deleted_is_waited_for_no_more(demo: Demo, open_page: Open) -> None:
    image(demo, "cart", "missing")
    page = stalled(demo, open_page, "apps/Deployment/shop/cart")
    ask(demo, "DELETE", f"{DEPLOYMENTS}/cart")
    expect(page.locator("[data-following]")).to_be_empty()
    expect(page.locator(".state .word")).to_have_text("stalled")
    assert page.evaluate("window.stayed") is True
