"""What a page says when it cannot prove that it is fresh, and that it heals by itself."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, started
from tests.processes import manage

pytestmark = pytest.mark.browser


def test_the_sandbox_dies_and_comes_back_and_the_page_heals(open_page: Open) -> None:
    with manage("demo", "--speed", "5") as process:
        demo = started(process)
        page = open_page(demo.board)
        expect(page.locator('[data-id="apps/Deployment/shop/checkout"]')).to_contain_text("3 of 4 ready")
        page.evaluate("window.stayed = true")
        (sandbox,) = (pid for pid in process.children() if b"dashboard.sandbox" in command(pid))
        os.kill(sandbox, signal.SIGKILL)
        expect(page.locator(".veil-words")).to_contain_text("This is how it was at")
        expect(page.locator("body")).to_have_class(re.compile("veiled"))
        expect(page.locator(".veil-words")).to_have_count(0)
        expect(page.locator('[data-id="apps/Deployment/shop/checkout"]')).to_contain_text("3 of 4 ready")
        assert page.evaluate("window.stayed") is True


def test_a_page_without_its_server_says_since_when(open_page: Open, tmp_path: Path) -> None:
    with manage("demo", "--empty") as process:
        page = open_page(started(process).board)
        expect(page.locator(".fresh.live")).to_be_visible()
        process.stop()
        expect(page.locator(".veil-words")).to_contain_text("The connection to ReconcilerViz is lost")
        expect(page.locator(".fresh")).to_have_class(re.compile("stale"))


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
