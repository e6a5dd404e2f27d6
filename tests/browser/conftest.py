"""A real Chromium before a real demo, started as a user starts it. Any CSP report or script error fails the test."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.processes import Process, manage

PATIENCE_MS = 60_000
ADDRESS = r"ReconcilerViz\s+(http://\S+)"
REPORT = (
    "addEventListener('securitypolicyviolation', (e) => console.error(`csp: ${e.violatedDirective} ${e.blockedURI}`))"
)

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Demo:
    """A running demo: where its board is, and where its sandbox's API."""

    process: Process
    board: str
    api: str


def started(process: Process) -> Demo:
    """Wait until a demo has said where it is."""
    address = process.find(ADDRESS)
    config = yaml.safe_load(Path(process.find(r"export KUBECONFIG=(\S+)")).read_text())
    return Demo(process, f"{address.rstrip('/')}/c/sandbox/", config["clusters"][0]["cluster"]["server"])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One demo for the tests of a module: they change different objects."""
    with manage("demo", "--speed", "5") as process:
        yield started(process)


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens pages, each in a context of its own, and fails at the end for whatever a page complained of."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if re.search(r"^csp:|Content Security Policy|Refused to|TrustedHTML", message.text):
            complaints.append(message.text)

    def open_one(address: str, **about: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **about})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if about.get("java_script_enabled", True):
            context.add_init_script(REPORT)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []
