from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.live.bodies import dump
from dashboard.live.query import Query
from dashboard.live.viewer import MAX_CHARS, MAX_FRAMES
from tests.live.browser import Browser, Picture
from tests.live.factory import POD, WIDGET, pod
from tests.live.hubs import Held, Kind
from tests.live.worlds import QUERIES, STEPS, World


def fields(query: Query) -> dict[str, str]:
    return {
        "namespace": query.namespace,
        "kind": query.kind,
        "verdict": query.verdict,
        "q": query.q,
        "owner": query.owner,
    }


def ask(browser: Browser, id: int = 1, *, start: int = 0, count: int = 200, **query: str) -> None:
    browser.send(op="query", id=id, cluster="sandbox", query=query, start=start, count=count)


def test_a_viewer_gets_a_window_and_then_what_changed() -> None:
    held = Held()
    held.board.apply(POD, "ADDED", pod("a"))
    browser = Browser(held.hub)
    ask(browser)
    held.step()
    browser.read()
    assert browser.shown(1) == ["core/Pod/shop/a"]
    held.board.apply(POD, "ADDED", pod("b", state="bad-image"))
    held.step()
    (text,) = [text for text in iter(browser.session.viewer.pop, None) if json.loads(text)["t"] == "delta"]
    delta = json.loads(text)
    assert [row["id"] for row in delta["rows"]] == ["core/Pod/shop/b"]
    assert delta["order"] == ["core/Pod/shop/b", "core/Pod/shop/a"]
    assert (delta["rev"], delta["prev"], delta["total"]) == (2, 1, 2)
    assert delta["counts"]["stalled"] == 1
    assert delta["rows"][0]["cause_reason"] == "ImagePullBackOff"
    assert delta["rows"][0]["at_least"] in (True, False)


def test_nothing_is_said_when_nothing_a_viewer_sees_changed() -> None:
    held = Held()
    held.board.apply(POD, "ADDED", pod("a"))
    browser = Browser(held.hub)
    ask(browser, namespace="shop", kind="Pod")
    held.step()
    browser.read()
    held.board.apply(POD, "MODIFIED", pod("a", version=2))
    held.board.apply(POD, "ADDED", pod("b", namespace="elsewhere"))
    held.step()
    browser.read()
    assert browser.picture(1).frames == 1


def test_order_is_sent_only_when_it_changed() -> None:
    held = Held()
    for name in "ab":
        held.board.apply(POD, "ADDED", pod(name, image="nginx:1"))
    browser = Browser(held.hub)
    ask(browser, kind="Pod")
    browser.read()
    held.board.apply(POD, "MODIFIED", pod("a", version=2, image="nginx:2"))
    held.step()
    frames = [json.loads(text) for text in iter(browser.session.viewer.pop, None)]
    assert [frame["order"] for frame in frames if frame["t"] == "delta"] == [None]


def test_all_viewers_of_a_query_get_the_very_same_text() -> None:
    held = Held()
    browsers = [Browser(held.hub) for _ in range(5)]
    for browser in browsers:
        ask(browser)
        browser.read()
    held.board.apply(POD, "ADDED", pod("a"))
    held.step()
    texts = [[text for text in iter(each.session.viewer.pop, None) if '"t":"delta"' in text] for each in browsers]
    assert len(texts[0]) == 1
    assert all(each[0] is texts[0][0] for each in texts)


def test_a_reconnect_gets_a_fresh_window() -> None:
    held = Held()
    first, second = Browser(held.hub), Browser(held.hub)
    ask(first)
    ask(second)
    first.read()
    held.board.apply(POD, "ADDED", pod("a"))
    held.step()
    first.session.end()
    held.board.apply(POD, "ADDED", pod("b"))
    held.step()
    again = Browser(held.hub)
    again.send(op="query", id=1, cluster="sandbox", query={}, start=0, count=200, rev=2)
    again.read()
    assert again.shown(1) == ["core/Pod/shop/a", "core/Pod/shop/b"]
    assert again.picture(1).frames == 1


def test_a_viewer_that_reads_nothing_costs_bounded_memory_and_is_right_at_once() -> None:
    held = Held()
    slow, quick = Browser(held.hub), Browser(held.hub)
    for browser in (slow, quick):
        ask(browser, kind="Pod")
        browser.read()
    worst = 0
    for number in range(1000):
        held.board.apply(POD, "MODIFIED", pod(f"p{number % 50:02}", version=number + 1, image=f"nginx:{number}"))
        held.step()
        quick.read()
        worst = max(worst, waiting(slow))
    assert worst <= MAX_CHARS
    assert len(slow.session.viewer._queue) <= MAX_FRAMES
    revision = quick.picture(1).rev
    assert slow.read(2) == 2  # the window and the freshness: no frame of the past
    assert slow.picture(1).rev == revision
    assert slow.picture(1).rows == quick.picture(1).rows
    assert slow.picture(1).holes == quick.picture(1).holes == 0


def waiting(browser: Browser) -> int:
    return sum(len(text) for _, text in browser.session.viewer._queue)


def test_the_last_viewer_takes_the_query_with_it() -> None:
    held = Held()
    one, two = Browser(held.hub), Browser(held.hub)
    ask(one)
    ask(two)
    one.session.end()
    assert len(held.hub._topics) == 1
    two.send(op="close", id=1)
    assert held.hub._topics == {}
    assert not held.hub._viewers


def test_the_same_query_under_two_ids_lives_until_both_are_closed() -> None:
    held = Held()
    browser = Browser(held.hub)
    ask(browser, 1)
    ask(browser, 2)
    browser.read()
    browser.send(op="close", id=1)
    held.board.apply(POD, "ADDED", pod("a"))
    held.step()
    browser.read()
    assert browser.shown(2) == ["core/Pod/shop/a"]
    ask(browser, 2, kind="Deployment")  # another query under the id
    held.step()
    browser.read()
    assert browser.shown(2) == []
    assert len(held.hub._topics) == 1


def test_freshness_comes_each_second_and_at_once_when_its_state_changes() -> None:
    held = Held()
    browser = Browser(held.hub)
    ask(browser)
    held.step(0.0)
    browser.read()
    assert [each["state"] for each in browser.freshness] == ["live"]
    held.step(0.5)
    browser.read()
    assert len(browser.freshness) == 1
    held.step(0.6)
    browser.read()
    assert browser.freshness[-1]["age"] == 1.1
    held.fresh.state, held.fresh.error = "stale", "connection refused"
    held.fresh.kinds = [
        Kind(POD, last_proof=held.clock.now, objects=7, relists=2),
        Kind(WIDGET, "forbidden", "may not be listed"),
    ]
    held.step(0.1)
    browser.read()
    assert len(browser.freshness) == 3
    last = browser.freshness[-1]
    assert (last["cluster"], last["state"], last["error"]) == ("sandbox", "stale", "connection refused")
    assert (last["revision"], last["of"]) == (held.board.revision, 2)
    assert last["kinds"] == [
        {
            "id": "example.com/Widget",
            "state": "forbidden",
            "note": "may not be listed",
            "age": None,
            "objects": 0,
            "relists": 0,
        },
        {"id": "core/Pod", "state": "live", "note": "", "age": 0.1, "objects": 7, "relists": 2},
    ]


def test_a_newcomer_hears_how_fresh_it_is_without_waiting() -> None:
    held = Held()
    held.step()
    browser = Browser(held.hub)
    ask(browser)
    browser.read()
    assert len(browser.freshness) == 1


def test_only_the_newest_freshness_waits_for_a_slow_viewer() -> None:
    held = Held()
    browser = Browser(held.hub)
    ask(browser)
    for _ in range(100):
        held.step(1.0)
    browser.read()
    assert len(browser.freshness) == 1


async def test_running_tells_a_lone_event_at_once_and_stops_when_cancelled() -> None:
    held = Held()
    browser = Browser(held.hub)
    ask(browser)
    task = asyncio.create_task(held.hub.run())
    frames = browser.session.viewer.frames()
    async with asyncio.timeout(5):
        while '"t":"window"' not in await anext(frames):
            pass
        held.board.apply(POD, "ADDED", pod("a"))
        while '"t":"delta"' not in await anext(frames):
            pass
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


STRANGE = "\u202e<img src=x onerror=alert(1)></script>\x1b[31m" + "A" * 300


def test_strange_text_travels_as_text() -> None:
    held = Held()
    held.board.apply(POD, "ADDED", pod("a", namespace=STRANGE))
    browser = Browser(held.hub)
    ask(browser)
    browser.read()
    assert browser.picture(1).rows[0]["namespace"] == STRANGE


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["read", "read", "drop", "resync", "reconnect", "nothing"]), st.integers(0, 2)),
    min_size=60,
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(STEPS, ACTIONS, st.integers(0, 3), st.integers(1, 4))
def test_every_viewer_ends_on_the_exact_window_whatever_was_lost(
    steps: list[tuple[Any, ...]], actions: list[tuple[str, int]], start: int, count: int
) -> None:
    world = World()
    held = Held(board=world.board)
    browsers = [new_browser(held, start, count) for _ in range(3)]
    for step, (action, who) in zip(steps, actions, strict=False):
        world.do(step)
        if step[0] == "tick":
            held.hub.step(world.clock.now)
        if action == "reconnect":
            browsers[who].session.end()
            browsers[who] = new_browser(held, start, count)
        elif action == "resync":
            browsers[who].send(op="resync", id=1)
        elif action != "nothing":
            browsers[who].read(5, drop=action == "drop")
    held.hub.step(world.clock.now + 1)
    for browser in browsers:
        browser.read()
        for id in browser.topics:
            if browser.picture(id).lost:  # as a browser does when the next frame shows the hole
                browser.send(op="resync", id=id)
        browser.read()
        for id, query in enumerate(QUERIES):
            check(browser.picture(id), world, query, slice(start, start + count))


def new_browser(held: Held, start: int, count: int) -> Browser:
    browser = Browser(held.hub)
    for id, query in enumerate(QUERIES):
        browser.send(op="query", id=id, cluster="sandbox", query=fields(query), start=start, count=count)
    browser.read(len(QUERIES))  # the answers: which topic is which
    return browser


def check(picture: Picture, world: World, query: Query, part: slice) -> None:
    rows, counts, objects = world.expected(query)
    assert list(picture.rows) == json.loads(dump(rows[part]))
    assert picture.about == {"total": len(rows), "counts": dict(counts), "objects": objects}


def test_a_hole_is_noticed_and_healed() -> None:
    held = Held()
    browser = Browser(held.hub)
    ask(browser)
    browser.read()
    held.board.apply(POD, "ADDED", pod("a"))
    held.step()
    browser.read(drop=True)
    held.board.apply(POD, "ADDED", pod("b"))
    held.step()
    browser.read()
    assert browser.picture(1).holes == 1
    assert browser.shown(1) == ["core/Pod/shop/a", "core/Pod/shop/b"]
