"""What a page says when it cannot prove that it is fresh, and that it heals by itself: soon, and without a reload."""

from __future__ import annotations

import json
import re
import signal
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ADDRESS, Open, started
from tests.faults.gate import Gate, gate
from tests.faults.proxy import listing, watching
from tests.faults.sandbox import DEPLOYMENTS, Sandbox, living
from tests.processes import free_port, manage

pytestmark = pytest.mark.browser

CHECKOUT = '[data-id="apps/Deployment/shop/checkout"]'
CART = '[data-id="apps/Deployment/shop/cart"]'
SOON = 2.0
"""Seconds from the API's return until the page is right again."""


@dataclass
class Outage:
    """A page whose API may be taken away."""

    sandbox: Sandbox
    gate: Gate
    address: str

    def write(self, method: str, path: str, body: object) -> None:
        """Write to the API, past the gate."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        data = json.dumps(body).encode()
        request = urllib.request.Request(self.sandbox.url + path, data, {"Content-Type": kind}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()

    def scale(self, replicas: int) -> None:
        self.write("PATCH", f"{DEPLOYMENTS}/cart", {"spec": {"replicas": replicas}})


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    folder = tmp_path_factory.mktemp("outage")
    with (
        living(folder, empty=False) as sandbox,
        gate(sandbox.url) as way,
        manage("up", "--kubeconfig", way.kubeconfig(folder)) as up,
    ):
        yield Outage(sandbox, way, up.find(ADDRESS))


def opened(outage: Outage, open_page: Open, query: str) -> Page:
    """The board with these filters, by somebody who has come in."""
    page = open_page(outage.address)
    expect(page.locator("rv-board")).to_be_visible()
    page.goto(f"{page.url.partition('?')[0]}?{query}")
    return page


def veil(page: Page) -> Locator:
    return page.locator(".veil-words")


def kind(page: Page, name: str) -> Locator:
    """A kind's line in the list of how fresh each is."""
    return page.locator("#streams tbody tr").filter(has=page.get_by_text(name, exact=True))


def test_the_sandbox_dies_and_comes_back_and_the_page_heals(open_page: Open, tmp_path: Path) -> None:
    config, port = str(tmp_path / "sandbox.yaml"), str(free_port())
    sandbox = ("sandbox", "--kubeconfig", config, "--port", port, "--speed", "5")
    with manage(*sandbox) as first:
        first.find(r"export (KUBECONFIG)=")
        with manage("up", "--kubeconfig", config) as up:
            page = open_page(up.find(ADDRESS))
            expect(page.locator(CHECKOUT)).to_contain_text("3 of 4 ready")
            page.evaluate("window.stayed = true")
            first.stop(signal.SIGKILL)
            expect(veil(page)).to_contain_text("This is how it was at")
            expect(page.locator("body")).to_have_class(re.compile("veiled"))
            with manage(*sandbox) as second:
                second.find(r"export (KUBECONFIG)=")
                expect(veil(page)).to_have_count(0)
                expect(page.locator(CHECKOUT)).to_contain_text("3 of 4 ready")
                assert page.evaluate("window.stayed") is True


def test_soon_after_the_api_is_back_the_page_is_right(outage: Outage, open_page: Open) -> None:
    page = opened(outage, open_page, "q=cart&kind=Deployment")
    page.evaluate("window.stayed = true")
    expect(page.locator(".fresh.live")).to_be_visible()
    took = []
    for replicas in (5, 2):
        outage.gate.stop()
        outage.scale(replicas)
        expect(veil(page)).to_contain_text("This is how it was at")
        began = time.monotonic()
        outage.gate.start()
        expect(veil(page)).to_have_count(0)
        expect(page.locator(CART)).to_contain_text(f"{replicas} of {replicas} ready")
        took.append(time.monotonic() - began)
    assert page.evaluate("window.stayed") is True
    assert min(took) <= SOON, took


def test_every_kind_says_how_fresh_it_is(outage: Outage, open_page: Open) -> None:
    page = open_page(outage.address)
    expect(page.locator("#streams")).to_be_hidden()
    page.locator("button.fresh.live").click()
    expect(kind(page, "core/Pod")).to_contain_text(re.compile(r"core/Pod\s*live\s*\d+ s ago\s*\d+\s*\d+"))
    assert page.locator("#streams tbody tr").count() > 15
    revision = page.locator("#streams b").first
    before = revision.inner_text()
    outage.scale(3)
    expect(revision).not_to_have_text(before)
    relists = int(kind(page, "apps/Deployment").locator("td").last.inner_text())
    outage.gate.call(lambda: outage.gate.proxy.refuse(watching("deployments"), 410))
    outage.gate.call(lambda: outage.gate.proxy.cut("deployments"))
    expect(kind(page, "apps/Deployment").locator("td").last).to_have_text(str(relists + 1))
    page.keyboard.press("Escape")
    expect(page.locator("#streams")).to_be_hidden()


def test_without_a_script_the_list_is_there_too(outage: Outage, open_page: Open) -> None:
    page = open_page(outage.address, java_script_enabled=False)
    page.locator("button.fresh").click()
    expect(kind(page, "core/Pod")).to_contain_text("live")


def test_a_kind_that_cannot_be_proven_is_veiled_and_no_other(outage: Outage, open_page: Open) -> None:
    page = opened(outage, open_page, "namespace=shop")
    pods = opened(outage, open_page, "namespace=shop&kind=Pod")
    expect(pods.locator("a.row").first).to_be_visible()
    outage.gate.call(
        lambda: outage.gate.proxy.refuse(
            lambda asked: listing("pods")(asked) or watching("pods")(asked), 503, times=10**6
        )
    )
    outage.gate.call(lambda: outage.gate.proxy.cut("pods"))
    for each in (page, pods):
        expect(veil(each)).to_contain_text("core/Pod")
        expect(each.locator(".fresh.live")).to_be_visible()
    expect(pods.locator("a.row").first).to_have_css("opacity", "0.45")
    expect(page.locator(CART)).to_have_css("opacity", "1")
    outage.gate.call(outage.gate.proxy.refusals.clear)
    for each in (page, pods):
        expect(veil(each)).to_have_count(0)
    expect(pods.locator("a.row").first).to_have_css("opacity", "1")


def test_a_page_without_its_server_says_since_when(open_page: Open) -> None:
    with manage("demo", "--empty") as process:
        page = open_page(started(process).board)
        expect(page.locator(".fresh.live")).to_be_visible()
        process.stop()
        expect(veil(page)).to_contain_text("The connection to ReconcilerViz is lost")
        expect(page.locator(".fresh")).to_have_class(re.compile("stale"))
