"""Whatever JSON a cluster sends: rows, frames and views come out, and nothing raises."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.core.objects import ResourceType
from dashboard.live.bodies import dump
from dashboard.live.query import Query
from tests.live.browser import Browser
from tests.live.factory import EVENT, Obj, deployment, event, hpa, pod, replicaset, widget
from tests.live.hubs import Held

KEYS = st.sampled_from(["name", "type", "a"])
SCRAP = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["", "True", "2026-11-20T10:00:00Z", "\u202e\x1b[31m", "<img onerror=x>", "\ud800", 10**400, -1]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=5,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, inner in steps for each in paths(inner, (*path, key)))]


def broken(obj: Obj, path: tuple[Any, ...], scrap: Any) -> Any:
    """The object with the value at `path` replaced."""
    if not path:
        return scrap
    copy: Any = list(obj) if isinstance(obj, list) else dict(obj)
    copy[path[0]] = broken(obj[path[0]], path[1:], scrap)
    return copy


TOP = deployment("web")
OBJECTS = [TOP, replicaset("web-1", TOP), pod("web-1-a", replicaset("web-1", TOP), state="bad-image")]
OBJECTS += [hpa("web", TOP), widget("w", ready=False), event("e", TOP)]
CASES = [(obj, path) for obj in OBJECTS for path in paths(obj) if path and path not in (("kind",), ("apiVersion",))]


def resource(obj: Obj) -> ResourceType:
    group, _, version = obj["apiVersion"].rpartition("/")
    return ResourceType(group, version, obj["kind"], obj["kind"].lower() + "s", True)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CASES), SCRAP), min_size=1, max_size=4))
async def test_any_part_of_an_object_may_be_anything(changes: list[tuple[tuple[Obj, tuple[Any, ...]], Any]]) -> None:
    held = Held()
    browser = Browser(held.hub)
    browser.send(op="query", id=1, cluster="sandbox", query={}, start=0, count=100)
    for obj in OBJECTS:
        held.board.apply(resource(obj), "ADDED", obj)
    for (obj, path), scrap in changes:
        held.board.apply(resource(obj), "MODIFIED", broken(obj, path, scrap))
    held.step()
    browser.read()
    window = held.board.select(Query(), 0, 100)
    assert browser.shown(1) == [row.id for row in window.rows]
    for row in held.board.rows():
        held.objects[row.id] = broken(TOP, changes[0][0][1], changes[0][1]) if changes[0][0][0] is TOP else TOP
        view = await held.hub.panels.view(row.id)
        assert view is not None
        assert json.loads(dump(view))["id"] == row.id
    for (obj, path), scrap in changes:
        held.board.apply(resource(obj), "DELETED", broken(obj, path, scrap))
    held.step()


def test_what_is_nested_without_end_is_cut() -> None:
    deep: Any = "end"
    for _ in range(900):
        deep = [deep]
    held = Held()
    obj = widget("w") | {"spec": {"deep": deep, "size": 10**400}}
    held.board.apply(resource(obj), "ADDED", obj)
    held.board.apply(EVENT, "ADDED", event("e", obj))
    held.step()
    assert len(dump(obj)) < 2000
    odd = {"n": float("nan"), "s": "a\ud800b", "i": 2**70}
    assert json.loads(dump(odd)) == {"n": None, "s": "a?b", "i": str(2**70)}


def test_a_megabyte_of_text_stays_out_of_rows_and_frames() -> None:
    long = "A" * 1_000_000
    held = Held()
    browser = Browser(held.hub)
    browser.send(op="query", id=1, cluster="sandbox", query={"q": "web"}, start=0, count=100)
    for obj in OBJECTS:
        for path in [("metadata", "uid"), ("spec",), ("status",), ("status", "conditions"), ("metadata", "labels")]:
            if path[0] in obj and (len(path) == 1 or path[1] in obj[path[0]]):
                held.board.apply(resource(obj), "MODIFIED", broken(obj, path, long))
        loud = json.loads(json.dumps(obj).replace('"message": ""', f'"message": "{long}"').replace("nginx:1", long))
        held.board.apply(resource(obj), "MODIFIED", loud)
    held.step()
    browser.read()
    assert len(browser.picture(1).rows) >= 1
    assert sum(len(dump(row)) for row in held.board.rows()) < 20_000
