"""Strings from a cluster are a stranger's: every page shows them inert and cut."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Demo, Open

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=alert(1)></script><script>alert(2)</script>\x1b[31m\u202ejavascript:alert(3)"
HUGE = EVIL + "A" * 200_000
WORD = "evil<img/src=x/onerror=alert(4)>:1"
"""The same as an image: the API takes any text without blanks."""


def send(demo: Demo, path: str, body: dict[str, Any], method: str = "POST", kind: str = "application/json") -> None:
    data = json.dumps(body).encode()
    request = urllib.request.Request(demo.api + path, data, {"Content-Type": kind}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status in (200, 201)


def evil_pod(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "annotations": {"note": HUGE}},
        "spec": {"containers": [{"name": "main", "image": WORD}]},
    }


def evil_event() -> dict[str, Any]:
    about = {"apiVersion": "v1", "kind": "Pod", "namespace": "default", "name": "evil"}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "evil.1", "namespace": "default"},
        "involvedObject": about,
        "reason": EVIL[:120],
        "message": HUGE,
        "type": "Warning",
        "count": 3,
        "firstTimestamp": "2026-11-20T10:00:00Z",
        "lastTimestamp": "2026-11-20T10:00:00Z",
        "source": {"component": EVIL},
    }


def evil_condition() -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": HUGE}
    return {"status": {"phase": "Pending", "reason": EVIL[:60], "message": HUGE, "conditions": [condition]}}


def test_hostile_strings_are_inert_and_cut_on_every_page(demo: Demo, open_page: Open) -> None:
    send(demo, "/api/v1/namespaces/default/pods", evil_pod("evil"))
    send(demo, "/api/v1/namespaces/default/events", evil_event())
    status = "/api/v1/namespaces/default/pods/evil/status"
    send(demo, status, evil_condition(), "PATCH", "application/merge-patch+json")
    for script in (True, False):
        for path in (
            "?q=evil",
            "o/core/Pod/default/evil",
            f"?q={EVIL[:40]}",
            f"?verdict={EVIL[:19]}",
            "o/core/x/y/<b>",
        ):
            page = open_page(demo.board + path, java_script_enabled=script)
            expect(page.locator("h1, .filters").first).to_be_visible()
            assert page.locator("main img").count() == 0
            assert page.locator("main script").count() == 0
            text = page.locator("main").inner_text()
            assert len(text) < 20_000, path
            assert "\x1b" not in text
            assert "\u202e" not in text
    page = open_page(f"{demo.board}o/core/Pod/default/evil")
    expect(page.locator(".events")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("input.image")).to_have_value(WORD)
