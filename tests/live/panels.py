"""A small shop with a page that looks at it."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.live.browser import Browser
from tests.live.factory import DEPLOYMENT, POD, REPLICASET, Obj, deployment, pod, replicaset
from tests.live.hubs import Held

WEB, CHILD = "apps/Deployment/shop/web", "core/Pod/shop/web-1-a"


def a_shop(held: Held, *, want: int = 1, ready: int = 1) -> tuple[Obj, Obj]:
    top = deployment("web", want=want, ready=ready)
    middle = replicaset("web-1", top, want=want, ready=ready)
    held.board.apply(DEPLOYMENT, "ADDED", top)
    held.board.apply(REPLICASET, "ADDED", middle)
    held.board.apply(POD, "ADDED", pod("web-1-a", middle))
    held.objects[WEB] = top
    return top, middle


async def settle(held: Held, seconds: float = 0.2) -> None:
    """A step, the readings that it starts, and a step that shows them."""
    held.step(seconds)
    for panel in held.hub.panels._panels.values():
        if panel.reading is not None:
            await asyncio.wait([panel.reading])
    held.step(seconds)


def view_of(browser: Browser, id: int = 1) -> Any:
    browser.read()
    return browser.views[browser.topics[id]][-1]


def look(browser: Browser, id: str = WEB, number: int = 1) -> None:
    browser.send(op="object", id=number, cluster="sandbox", object=id)
