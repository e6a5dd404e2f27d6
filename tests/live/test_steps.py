from __future__ import annotations

import pytest

from tests.live.browser import Browser
from tests.live.factory import DEPLOYMENT, EVENT, POD, deployment, event, pod
from tests.live.hubs import Held
from tests.live.panels import WEB, a_shop, look, settle, view_of


async def test_a_page_that_is_loaded_again_finds_its_steps() -> None:
    held = Held()
    a_shop(held)
    await held.hub.panels.view(WEB)
    held.step()
    obj = deployment("web", want=5, ready=1, version=2)
    obj["metadata"]["generation"] = 2
    held.board.apply(DEPLOYMENT, "MODIFIED", obj)
    held.step()
    view = await held.hub.panels.view(WEB)
    assert view is not None
    assert [step["name"] for step in view["steps"]] == ["accepted"]
    assert held.fetched == [WEB]


async def test_a_change_is_timed_step_by_step() -> None:
    held = Held()
    _, middle = a_shop(held)
    browser = Browser(held.hub)
    look(browser)
    await settle(held)
    began = held.clock.now + 1

    def change(ready: int, observed: int, version: int) -> None:
        obj = deployment("web", want=2, ready=ready, version=version)
        obj["metadata"]["generation"] = 2
        obj["status"]["observedGeneration"] = observed
        held.board.apply(DEPLOYMENT, "MODIFIED", obj)

    change(1, 1, 2)
    held.step(1.0)
    assert [step["name"] for step in view_of(browser)["steps"]] == ["accepted"]
    change(1, 2, 3)
    held.step(1.0)
    new = pod("web-1-b", middle, state="starting")
    held.board.apply(POD, "ADDED", new)
    held.step(1.0)
    held.board.apply(EVENT, "ADDED", event("e1", new, "Scheduled", last="2026-11-20T10:00:05Z"))
    held.board.apply(POD, "MODIFIED", pod("web-1-b", middle, state="starting", version=2, image="nginx:2"))
    held.step(1.0)
    held.board.apply(EVENT, "ADDED", event("e2", new, "Started", last="2026-11-20T10:00:06Z"))
    held.board.apply(POD, "MODIFIED", pod("web-1-b", middle, version=3))
    held.step(1.0)
    change(2, 2, 4)
    held.step(1.0)
    steps = view_of(browser)["steps"]
    assert [step["name"] for step in steps] == [
        "accepted",
        "observed",
        "created",
        "scheduled",
        "started",
        "ready",
        "converged",
    ]
    assert steps[0]["at"] == pytest.approx(began)
    took = [step["took"] for step in steps]
    assert took[0] == 0
    assert took == sorted(took)
    assert took[1] == pytest.approx(1.0)
    assert took[-1] == pytest.approx(5.0)
    assert steps[3]["detail"] == "1 of 1 Pod"


async def test_a_scale_down_has_only_the_steps_that_happen() -> None:
    held = Held()
    a_shop(held, want=1)
    browser = Browser(held.hub)
    look(browser)
    await settle(held)
    obj = deployment("web", want=0, ready=0, version=2)
    obj["metadata"]["generation"] = obj["status"]["observedGeneration"] = 2
    held.board.apply(DEPLOYMENT, "MODIFIED", obj)
    held.board.apply(POD, "DELETED", pod("web-1-a", version=2))
    held.step(1.0)
    held.step(1.0)
    assert [step["name"] for step in view_of(browser)["steps"]] == ["accepted", "observed", "converged"]
