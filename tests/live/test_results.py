"""A query over a large board is looked through in slices, while the board goes on changing."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import orjson
import pytest

from dashboard.live import results
from dashboard.live.query import Query
from dashboard.live.viewer import Viewer
from tests.live.boards import a_board, put
from tests.live.factory import NOW, POD, pod
from tests.live.hubs import Held

QUERIES = (Query(), Query(kind="Pod"), Query(q="p1"), Query(namespace="shop"))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "AT_ONCE", 5)
    monkeypatch.setattr(results, "PER_LOOK", 4)


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_found_in_slices_is_what_is_found_at_once(query: Query) -> None:
    board = a_board()
    put(board, POD, *(pod(f"p{at}", state="ready" if at % 3 else "starting") for at in range(30)))
    board.tick(NOW)
    result = board.hold(query)
    assert not result.ready
    step = 0
    while not result.ready:
        result.fill(0.0)
        result.fill(1e-9)
        put(board, POD, pod(f"p{step}", state="bad-image", version=2), pod(f"new{step}"))
        board.apply(POD, "DELETED", pod(f"p{29 - step}", version=3))
        board.tick(NOW)
        step += 1
        if step > 3:
            result.fill(10)
    whole = replace(board.select(query, 0, 500), revision=0)
    again = results.Result(query, board.results._entries)
    again.finish()
    assert result.window(0, "", 0, 500) == again.window(0, "", 0, 500) == whole


def test_a_viewer_gets_the_whole_window_when_it_is_there() -> None:
    held = Held()
    put(held.board, POD, *(pod(f"p{at}") for at in range(12)))
    held.hub.step(NOW)
    viewer = Viewer()
    topic = held.hub.open_query(viewer, Query(kind="Pod"), 0, 100)
    viewer.need(topic)
    assert topic.snapshot() is None
    while held.board.results.fill(0.001):
        held.hub.step(NOW)
    held.hub.step(NOW)
    frames = [orjson.loads(frame) for frame in iter(viewer.pop, None)]
    (window,) = [frame for frame in frames if frame["t"] == "window"]
    assert (window["total"], len(window["rows"]), window["rev"]) == (12, 12, 1)
    put(held.board, POD, pod("p0", state="bad-image", version=2))
    held.hub.step(NOW)
    (delta,) = [frame for frame in map(orjson.loads, iter(viewer.pop, None)) if frame["t"] == "delta"]
    assert (delta["prev"], delta["rows"][0]["name"]) == (1, "p0")


async def test_preparing_a_query_lets_others_have_their_turn() -> None:
    held = Held()
    put(held.board, POD, *(pod(f"p{at}") for at in range(40)))
    held.board.tick(NOW)
    async with asyncio.timeout(5):
        await held.hub.prepare(Query(q="p3"))
    assert held.board.results.get(Query(q="p3")).ready
    assert held.board.select(Query(q="p3")).total == 11
