"""A list against a wire that misbehaves: each test ends with zero differences from the truth."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from tests.cluster.mirror import converged, eventually, reflecting
from tests.cluster.watching import WIDGETS
from tests.cluster.wire import (
    PODS,
    Handler,
    Wire,
    body,
    cut,
    hang,
    listing,
    plain_text,
    raw_http,
    refuse,
)


@pytest.fixture
def wire(pods_wire: Wire) -> Wire:
    return pods_wire


async def test_empty_collection_whose_items_are_null(wire: Wire) -> None:
    async with reflecting(wire, WIDGETS) as (reflector, mirror, _):
        await converged(mirror, wire, WIDGETS)
        assert reflector.status().objects == 0


async def test_change_between_pages_is_in_the_watch(wire: Wire) -> None:
    async def change(wire: Wire, request, answer):  # type: ignore[no-untyped-def] - a fault's shape
        wire.delete(PODS, "pod-0")
        wire.put(PODS, "pod-11", spec={"n": "changed"})
        return await answer()

    wire.next(lambda request: "continue" in request.query, change)
    async with reflecting(wire, PODS) as (_, mirror, _pulse):
        await converged(mirror, wire, PODS)


@pytest.mark.parametrize(
    "fault",
    [
        refuse(410, "Expired"),
        refuse(500, "InternalError"),
        refuse(400, "BadRequest"),
        body(b"<html>please sign in</html>", "text/html"),
        body(b'{"kind":"PodList","items":[]}'),
        body(b'{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":{}}'),
        body(b"[]"),
        body(b'{"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"half'),
        plain_text(503, "upstream down"),
        cut,
        hang,
        raw_http(b"\x00\x01garbage\r\n\r\n"),
        raw_http(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        raw_http(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"),
        raw_http(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"),
    ],
)
@pytest.mark.parametrize("where", ["first", "middle"])
async def test_list_that_fails_is_begun_anew(wire: Wire, fault, where: str) -> None:  # type: ignore[no-untyped-def] - see Fault
    wire.next(lambda request: listing(PODS)(request) and (("continue" in request.query) == (where == "middle")), fault)
    async with reflecting(wire, PODS) as (_, mirror, _pulse):
        await converged(mirror, wire, PODS)
        assert mirror.calls.count("end") == 1


async def test_continue_tokens_that_always_expire_lead_to_one_big_page(wire: Wire) -> None:
    wire.always.append((lambda request: "continue" in request.query, refuse(410, "Expired")))
    async with reflecting(wire, PODS) as (_, mirror, _pulse):
        await converged(mirror, wire, PODS)
        begun = len(mirror.calls) - mirror.calls[::-1].index("begin")
        assert mirror.calls[-1] == "end"
        assert set(mirror.calls[begun:-1]) == {"page"}


async def test_bad_items_in_a_list_are_skipped(wire: Wire) -> None:
    items = [None, 3, {"metadata": None}, {"metadata": {"name": "good", "resourceVersion": "1"}}]
    page = {"metadata": {"resourceVersion": str(wire.version)}, "items": items}
    wire.next(listing(PODS), body(json.dumps(page).encode()))
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await eventually(lambda: mirror.of(PODS))
        assert list(mirror.of(PODS) or {}) == [("", "good")]
        assert reflector.status().note == "3 objects without a name skipped"


async def test_lone_surrogates_do_not_hide_a_page(wire: Wire) -> None:
    page = b'{"metadata":{"resourceVersion":"112"},"items":[{"metadata":{"name":"odd"},"spec":"\\ud800"}]}'
    wire.next(listing(PODS), body(page))
    async with reflecting(wire, PODS) as (_, mirror, _pulse):
        await eventually(lambda: mirror.of(PODS))
        assert (mirror.of(PODS) or {})["", "odd"]["spec"] == "?"


async def test_an_object_without_a_bottom_does_not_hide_a_page(wire: Wire) -> None:
    """The API takes ten thousand levels where a schema leaves a field open; our decoder a thousand."""
    deep = json.loads('{"a":[' * 300 + "]}" * 300)
    for _ in range(20):
        deep = {"a": [deep, '"[{\\']}
    bottomless = json.dumps(deep).replace("[]", "[" * 5000 + "]" * 5000)
    wire.put(PODS, "odd", spec="BOTTOMLESS")

    async def list_of_it(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        found = await answer()
        assert isinstance(found, web.Response)
        content = bytes(found.body or b"").decode().replace('"BOTTOMLESS"', bottomless)
        return web.Response(text=content, content_type="application/json")

    wire.always.append((listing(PODS), list_of_it))
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await eventually(lambda: wire.open_watches(PODS))
        kept = mirror.of(PODS) or {}
        assert kept.keys() == wire.truth(PODS).keys()
        assert kept["shop", "odd"]["spec"]["a"][1] == '"[{\\'
        line = wire.line("MODIFIED", {**kept["shop", "odd"], "spec": "BOTTOMLESS"}).replace(b"odd", b"new")
        line = line.replace(kept["shop", "odd"]["metadata"]["resourceVersion"].encode(), str(wire.version + 1).encode())
        wire.send(PODS, line.replace(b'"BOTTOMLESS"', bottomless.encode()))
        await eventually(lambda: ("shop", "new") in (mirror.of(PODS) or {}))
        assert reflector.status().relists == 0
