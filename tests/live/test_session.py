from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.live.session import MAX_MESSAGE, MAX_SUBSCRIPTIONS
from dashboard.live.viewer import MAX_ANSWERS
from tests.live.browser import Browser
from tests.live.factory import POD, pod
from tests.live.hubs import Held

QUERY: dict[str, Any] = {"op": "query", "id": 1, "cluster": "sandbox", "query": {}, "start": 0, "count": 200}
OBJECT: dict[str, Any] = {"op": "object", "id": 2, "cluster": "sandbox", "object": "core/Pod/shop/a"}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "message"),
        (None, "message"),
        ("{", "message"),
        ("[]", "message"),
        ("null", "message"),
        ('"query"', "message"),
        (b"\xff\xfe", "message"),
        ("[" * 5000, "message"),
        ('{"op":"query","id":1,"cluster":"\\ud800"}', "message"),
        (" " * (MAX_MESSAGE + 1), "message"),
        (json.dumps({"id": 1}), "op"),
        (json.dumps({"op": "drop tables", "id": 1}), "op"),
        (json.dumps({"op": ["query"], "id": 1}), "op"),
        (json.dumps({"op": {"query": 1}, "id": 1}), "op"),
        (json.dumps(QUERY | {"id": None}), "id"),
        (json.dumps(QUERY | {"id": "1"}), "id"),
        (json.dumps(QUERY | {"id": True}), "id"),
        (json.dumps(QUERY | {"id": -1}), "id"),
        (json.dumps(QUERY | {"id": 1.5}), "id"),
        (json.dumps(QUERY | {"id": 2**70}), "id"),
        (json.dumps(QUERY | {"cluster": "another"}), "cluster"),
        (json.dumps(QUERY | {"cluster": []}), "cluster"),
        (json.dumps(QUERY | {"query": "q"}), "query"),
        (json.dumps(QUERY | {"query": {"verdict": "x"}}), "query.verdict"),
        (json.dumps(QUERY | {"query": {"q": 5}}), "query.q"),
        (json.dumps(QUERY | {"query": {"owner": "//"}}), "query.owner"),
        (json.dumps(QUERY | {"start": -1}), "start"),
        (json.dumps(QUERY | {"start": 10**9}), "start"),
        (json.dumps(QUERY | {"start": None}), "start"),
        (json.dumps(QUERY | {"count": 0}), "count"),
        (json.dumps(QUERY | {"count": 501}), "count"),
        (json.dumps(QUERY | {"count": "200"}), "count"),
        (json.dumps(QUERY | {"count": True}), "count"),
        (json.dumps(OBJECT | {"object": "web"}), "object"),
        (json.dumps(OBJECT | {"object": 5}), "object"),
        (json.dumps(OBJECT | {"object": "a/b/c/" + "d" * 2000}), "object"),
        (json.dumps({"op": "resync", "id": 7}), "id"),
        (json.dumps({"op": "close", "id": 7}), "id"),
    ],
)
async def test_what_cannot_be_used_is_answered_with_its_field_and_changes_nothing(text: Any, field: str) -> None:
    held = Held()
    other, browser = Browser(held.hub), Browser(held.hub)
    other.send(**QUERY)
    browser.session.receive(text)
    browser.read()
    (error,) = browser.errors
    assert error["field"] == field
    assert len(error["value"]) < 200
    assert error["message"]
    browser.send(**QUERY)  # the conversation goes on
    held.board.apply(POD, "ADDED", pod("a"))
    held.step()
    for each in (browser, other):
        each.read()
        assert each.shown(1) == ["core/Pod/shop/a"]


def test_an_error_names_the_message_it_answers() -> None:
    browser = Browser(Held().hub)
    browser.send(**QUERY | {"id": 9, "count": 0})
    browser.send(**QUERY | {"id": "9"})
    browser.read()
    assert [error["id"] for error in browser.errors] == [9, None]


def test_so_many_and_no_more_may_be_open() -> None:
    held = Held()
    browser = Browser(held.hub)
    for id in range(MAX_SUBSCRIPTIONS + 3):
        browser.send(**QUERY | {"id": id, "query": {"q": str(id)}})
    browser.read()
    assert len(browser.errors) == 3
    assert len(held.hub._topics) == MAX_SUBSCRIPTIONS
    browser.send(op="close", id=0)
    browser.send(**QUERY | {"id": 99})
    browser.send(**QUERY | {"id": 99, "query": {"q": "x"}})  # replacing is always possible
    browser.read()
    assert len(browser.errors) == 3
    browser.session.end()
    assert held.hub._topics == {}


async def test_who_sends_on_and_reads_nothing_is_sent_away() -> None:
    browser = Browser(Held().hub)
    for _ in range(MAX_ANSWERS + 1):
        browser.send(op="nonsense", id=1)
    assert browser.session.viewer.overrun
    assert [text async for text in browser.session.viewer.frames()] == []


def test_asking_again_and_again_costs_one_frame() -> None:
    browser = Browser(Held().hub)
    browser.send(**QUERY)
    for _ in range(1000):
        browser.send(op="resync", id=1)
    assert browser.read() == 2
    assert browser.picture(1).frames == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NEAR = st.fixed_dictionaries(
    {},
    optional={
        "op": st.sampled_from(["query", "object", "resync", "close"]) | JSON,
        "id": st.integers(0, 3) | JSON,
        "cluster": st.just("sandbox") | JSON,
        "query": st.fixed_dictionaries(
            {}, optional={"q": JSON, "verdict": st.just("stalled") | JSON, "owner": JSON, "kind": st.text(max_size=5)}
        )
        | JSON,
        "object": st.just("core/Pod/shop/a") | JSON,
        "start": st.integers(0, 5) | JSON,
        "count": st.integers(1, 5) | JSON,
    },
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(NEAR.map(json.dumps) | JSON.map(json.dumps) | st.text(max_size=40) | st.binary(max_size=40), max_size=12)
)
async def test_no_message_raises_or_reaches_another_viewer(messages: list[str | bytes]) -> None:
    held = Held()
    other, browser = Browser(held.hub), Browser(held.hub)
    other.send(**QUERY)
    other.read()
    for number, message in enumerate(messages):
        browser.session.receive(message)
        held.board.apply(POD, "ADDED", pod(f"p{number}"))
        held.step()
        browser.read()
    other.read()
    assert len(other.picture(1).rows) == len(messages)
    assert other.picture(1).holes == 0
    assert other.errors == []
    browser.session.end()
    other.session.end()
    assert held.hub._topics == {}
    held.step()
