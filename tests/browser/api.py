"""What a test does with a demo past its pages: objects, held loops; and the way to an object's page."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page

from dashboard.core.objects import ObjectKey
from tests.browser.conftest import Demo, Open


def ask(demo: Demo, method: str, path: str, body: Any = None) -> Any:
    """What the API answers; a PATCH is a merge patch."""
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(demo.api + path, data, {"Content-Type": kind}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def visit(demo: Demo, open_page: Open, id: str) -> Page:
    """The page of an object, by way of the board: a demo that has just begun may not have listed it yet.

    Its scripts are there: what is pressed before that is answered by the server alone.
    """
    key = ObjectKey.parse(id)
    page = open_page(f"{demo.board}?kind={key.kind}&q={key.name}")
    page.locator(f'a.row[data-id="{id}"]').click()
    page.wait_for_url(f"**/o/{id}", wait_until="load")
    return page


@contextlib.contextmanager
def held(demo: Demo, loop: str, namespace: str) -> Iterator[None]:
    """A loop does nothing in a namespace for the length of the block: what waits for it goes on for as long."""
    ask(demo, "POST", f"/sandbox/loops/{loop}", {"do": "pause", "namespace": namespace})
    try:
        yield
    finally:
        ask(demo, "POST", f"/sandbox/loops/{loop}", {"do": "resume", "namespace": namespace})
