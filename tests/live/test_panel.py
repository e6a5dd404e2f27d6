from __future__ import annotations

import json

import pytest

from dashboard.live.bodies import dump
from dashboard.live.panel import LINGER, MAX_LINGERING, READS, FetchError
from tests.live.browser import Browser
from tests.live.factory import DEPLOYMENT, EVENT, HPA, POD, deployment, event, hpa, pod
from tests.live.hubs import Held
from tests.live.panels import WEB, a_shop, look, settle, view_of

FIELDS = {
    "id",
    "row",
    "verdict",
    "reason",
    "since",
    "at_least",
    "cause",
    "ledger",
    "has_status",
    "chain",
    "events",
    "edit",
    "episode",
    "usual",
    "server_time",
}


async def test_a_viewer_gets_the_whole_view_once_it_is_read() -> None:
    held = Held()
    a_shop(held)
    held.board.apply(EVENT, "ADDED", event("e", held.objects[WEB], "ScalingReplicaSet"))
    browser = Browser(held.hub)
    look(browser)
    browser.read()
    assert browser.views == {}
    await settle(held)
    view = view_of(browser)
    assert set(view) == FIELDS
    assert view["id"] == WEB
    assert view["verdict"] == view["row"]["verdict"] == "converged"
    assert [[link["kind"] for link in level] for level in view["chain"]] == [["Deployment"], ["ReplicaSet"], ["Pod"]]
    assert [[link["current"] for link in level] for level in view["chain"]] == [[True], [False], [False]]
    assert [note["reason"] for note in view["events"]] == ["ScalingReplicaSet"]
    assert view["ledger"]
    assert view["edit"]["replicas"] == 1
    assert view["edit"]["containers"] == [{"name": "main", "image": "nginx:1"}]
    (revision,) = view["edit"]["revisions"]
    assert (revision["revision"], revision["images"], revision["current"]) == (1, ["nginx:1"], True)
    assert view["episode"] is None
    assert view["usual"] is None


async def test_it_is_read_once_for_all_who_look_and_kept_current_by_the_watch() -> None:
    held = Held()
    a_shop(held)
    browsers = [Browser(held.hub) for _ in range(3)]
    for browser in browsers:
        look(browser)
    await settle(held)
    held.board.apply(DEPLOYMENT, "MODIFIED", deployment("web", want=5, ready=1, version=2))
    held.step()
    assert [view_of(browser)["edit"]["replicas"] for browser in browsers] == [5, 5, 5]
    assert held.fetched == [WEB]
    for browser in browsers:
        browser.session.end()
    held.step(LINGER + 1)
    assert held.board.pinned(WEB) is None
    assert len(held.hub.panels) == 0


async def test_looking_at_many_objects_keeps_only_the_last_ones() -> None:
    held = Held()
    for number in range(MAX_LINGERING + 20):
        held.board.apply(POD, "ADDED", pod(f"p{number}"))
        await held.hub.panels.view(f"core/Pod/shop/p{number}")
    browser = Browser(held.hub)
    look(browser, "core/Pod/shop/p0")
    await settle(held)
    assert len(held.hub.panels) == MAX_LINGERING + 1
    assert view_of(browser)["row"]["name"] == "p0"


async def test_a_slow_answer_does_not_bring_back_what_was_deleted_meanwhile() -> None:
    held = Held()
    held.board.apply(POD, "ADDED", pod("a", version=5))
    held.board.pin("core/Pod/shop/a")
    held.board.apply(POD, "DELETED", pod("a", version=6))
    held.board.fetched("core/Pod/shop/a", pod("a", version=5))
    assert held.board.pinned("core/Pod/shop/a") is None
    held.board.fetched("core/Pod/shop/a", pod("a", version=7, uid="made again"))
    assert held.board.pinned("core/Pod/shop/a") is not None


async def test_a_clock_that_goes_back_stops_nothing() -> None:
    held = Held()
    a_shop(held)
    browser = Browser(held.hub)
    look(browser)
    await settle(held)
    held.step(-3600.0)
    held.board.apply(DEPLOYMENT, "MODIFIED", deployment("web", want=7, ready=1, version=2))
    held.step()
    held.step()
    assert view_of(browser)["edit"]["replicas"] == 7
    fresh = len(browser.freshness)
    held.step(1.1)
    browser.read()
    assert len(browser.freshness) == fresh + 1


async def test_a_change_of_a_child_or_an_event_is_a_change_of_the_view() -> None:
    held = Held()
    top, middle = a_shop(held)
    browser = Browser(held.hub)
    look(browser)
    await settle(held)
    browser.read()
    before = len(browser.views[browser.topics[1]])
    held.board.apply(POD, "ADDED", pod("web-1-b", middle, state="starting"))
    held.step()
    assert len(view_of(browser)["chain"][2]) == 2
    held.board.apply(POD, "DELETED", pod("web-1-b", middle, version=2))
    held.step()
    assert len(view_of(browser)["chain"][2]) == 1
    held.board.apply(EVENT, "ADDED", event("e", top, "Odd", type="Warning"))
    held.step()
    assert view_of(browser)["events"][0]["reason"] == "Odd"
    held.board.apply(HPA, "ADDED", hpa("web", top))
    held.step()
    assert view_of(browser)["chain"][0][0]["kind"] == "HorizontalPodAutoscaler"
    held.board.apply(POD, "ADDED", pod("stranger"))
    held.step()
    browser.read()
    assert len(browser.views[browser.topics[1]]) == before + 4


async def test_ten_frames_a_second_are_enough_and_the_last_is_true() -> None:
    held = Held()
    a_shop(held)
    browser = Browser(held.hub)
    look(browser)
    await settle(held)
    browser.read()
    before = len(browser.views[browser.topics[1]])
    for number in range(100):
        held.board.apply(DEPLOYMENT, "MODIFIED", deployment("web", want=number, ready=1, version=number + 2))
        held.step(0.01)
        browser.read()
    held.step(0.1)
    assert view_of(browser)["edit"]["replicas"] == 99
    assert len(browser.views[browser.topics[1]]) - before <= 12


async def test_what_is_gone_is_null_and_what_comes_back_is_shown() -> None:
    held = Held()
    top, _ = a_shop(held)
    browser = Browser(held.hub)
    look(browser)
    look(browser, "apps/Deployment/shop/none", 2)
    await settle(held)
    assert view_of(browser, 2) is None
    held.board.apply(DEPLOYMENT, "DELETED", top)
    held.step()
    assert view_of(browser) is None
    held.board.apply(DEPLOYMENT, "ADDED", deployment("web", uid="another", version=9))
    held.step()
    assert view_of(browser)["row"]["uid"] == "another"


@pytest.mark.parametrize(
    ("allowed", "may_edit", "offered"), [(True, True, True), (True, False, False), (False, True, False)]
)
async def test_nothing_is_offered_to_who_may_only_look(allowed: bool, may_edit: bool, offered: bool) -> None:
    held = Held(allow_edits=allowed)
    a_shop(held)
    browser = Browser(held.hub, may_edit=may_edit)
    look(browser)
    await settle(held)
    assert (view_of(browser)["edit"] is not None) is offered
    rendered = await held.hub.panels.view(WEB, may_edit=may_edit)
    assert rendered is not None
    assert (rendered["edit"] is not None) is offered


async def test_both_sorts_of_viewers_share_one_reading() -> None:
    held = Held()
    a_shop(held)
    editor, looker = Browser(held.hub), Browser(held.hub, may_edit=False)
    look(editor)
    await settle(held)
    look(looker)
    held.step()
    assert view_of(editor)["edit"] is not None
    assert view_of(looker)["edit"] is None
    assert held.fetched == [WEB]


async def test_until_it_can_be_read_the_row_is_what_is_known() -> None:
    held = Held()
    a_shop(held)
    held.failing = FetchError("connection refused")
    browser = Browser(held.hub)
    look(browser)
    await settle(held)
    view = view_of(browser)
    assert (view["verdict"], view["ledger"], view["edit"]) == ("converged", [], None)
    await settle(held, 0.1)
    assert len(held.fetched) == 1
    held.failing = None
    await settle(held, 2.1)
    assert view_of(browser)["ledger"]
    assert len(held.fetched) == 2


async def test_an_object_whose_kind_is_not_held_is_judged_by_itself() -> None:
    held = Held()
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop", "uid": "u"}}
    held.objects["core/ConfigMap/shop/c"] = other
    view = await held.hub.panels.view("core/ConfigMap/shop/c")
    assert view is not None
    assert view["row"].name == "c"
    assert view["chain"] == []
    held.objects["core/ConfigMap/shop/c"] = json.loads(json.dumps(other).replace('"u"', '"u2", "resourceVersion": "2"'))
    again = await held.hub.panels.view("core/ConfigMap/shop/c")  # no watch keeps it current: it is read each time
    assert again is not None
    assert again["row"].uid == "u2"
    assert json.loads(dump(view))["id"] == "core/ConfigMap/shop/c"
    assert await held.hub.panels.view("core/ConfigMap/shop/none") is None


async def test_the_rendered_page_and_the_first_frame_show_the_same() -> None:
    held = Held()
    a_shop(held)
    rendered = await held.hub.panels.view(WEB)
    browser = Browser(held.hub)
    look(browser)
    await settle(held)
    first = json.loads(dump(rendered))
    shown = view_of(browser)
    first.pop("server_time"), shown.pop("server_time")
    assert first == shown


async def test_opening_object_after_object_asks_the_api_only_so_often() -> None:
    held = Held()
    a_shop(held)
    hostile, honest = Browser(held.hub), Browser(held.hub)
    for turn in range(20):
        for number in range(16):
            look(hostile, f"core/Pod/shop/nothing-{turn}-{number}", number)
        await settle(held, 0.05)
    look(honest)
    await settle(held, 0.1)
    assert len(held.fetched) <= READS * (1 + 20 * 0.05 * 2 + 0.2) + 1
    for _ in range(5):
        await settle(held, 0.1)
    assert view_of(honest)["id"] == WEB
    assert not held.hub.panels.waiting
