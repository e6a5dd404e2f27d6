"""What a page says when it cannot prove that it is fresh, and that it heals by itself."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADDRESS, Open, started
from tests.processes import free_port, manage

pytestmark = pytest.mark.browser

CHECKOUT = '[data-id="apps/Deployment/shop/checkout"]'


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
            expect(page.locator(".veil-words")).to_contain_text("This is how it was at")
            expect(page.locator("body")).to_have_class(re.compile("veiled"))
            with manage(*sandbox) as second:
                second.find(r"export (KUBECONFIG)=")
                expect(page.locator(".veil-words")).to_have_count(0)
                expect(page.locator(CHECKOUT)).to_contain_text("3 of 4 ready")
                assert page.evaluate("window.stayed") is True


def test_a_page_without_its_server_says_since_when(open_page: Open) -> None:
    with manage("demo", "--empty") as process:
        page = open_page(started(process).board)
        expect(page.locator(".fresh.live")).to_be_visible()
        process.stop()
        expect(page.locator(".veil-words")).to_contain_text("The connection to ReconcilerViz is lost")
        expect(page.locator(".fresh")).to_have_class(re.compile("stale"))
