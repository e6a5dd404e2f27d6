from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
from channels.testing import WebsocketCommunicator

from dashboard.live.topics import apply_delta
from dashboard.web import access, clusters
from dashboard.web.consumers import LiveConsumer
from tests.live.factory import DEPLOYMENT, POD, deployment, pod
from tests.live.hubs import Held

TOKENS = access.Policy(port=8000, token="full-token", view_token="view-token")
QUERY: dict[str, Any] = {"op": "query", "id": 1, "cluster": "sandbox", "query": {}, "start": 0, "count": 200}


@pytest.fixture
async def held() -> AsyncIterator[Held]:
    """A running hub, registered as the cluster `sandbox`."""
    held = Held()
    nothing = cast(Any, None)
    clusters.clusters["sandbox"] = clusters.Cluster(
        "sandbox", "sandbox", "http://127.0.0.1:1", True, True, nothing, nothing, held.board, held.hub
    )
    task = asyncio.create_task(held.hub.run())
    yield held
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    del clusters.clusters["sandbox"]


@pytest.fixture(autouse=True)
def policy() -> Iterator[None]:
    access.install(TOKENS)
    yield
    access.install(access.Policy())


class Socket:
    """A browser's end of `/ws`."""

    def __init__(self, token: str = "full-token") -> None:
        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
        self.wire = WebsocketCommunicator(LiveConsumer.as_asgi(), "/ws", headers=headers)

    async def send(self, **message: Any) -> None:
        await self.wire.send_to(text_data=json.dumps(message))

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The next frame of these kinds; others are skipped."""
        while True:
            frame = json.loads(await self.wire.receive_from(timeout=5))
            if frame["t"] in kinds:
                return cast(dict[str, Any], frame)


@contextlib.asynccontextmanager
async def connected(token: str = "full-token") -> AsyncIterator[Socket]:
    socket = Socket(token)
    accepted, _ = await socket.wire.connect()
    assert accepted
    yield socket
    await socket.wire.disconnect()


async def test_a_window_then_deltas(held: Held) -> None:
    held.board.apply(POD, "ADDED", pod("a"))
    async with connected() as socket:
        await socket.send(**QUERY)
        opened = await socket.next("opened")
        window = await socket.next("window")
        assert opened == {"t": "opened", "id": 1, "topic": window["topic"]}
        assert [row["name"] for row in window["rows"]] == ["a"]
        assert (window["start"], window["total"], window["objects"]) == (0, 1, 1)
        rows, rev = tuple(window["rows"]), window["rev"]
        for number in range(5):
            held.board.apply(POD, "ADDED", pod(f"b{number}", state="starting"))
            delta = await socket.next("delta")
            assert delta["prev"] == rev
            rows, rev = apply_delta(rows, delta), delta["rev"]
        assert [row["name"] for row in rows] == ["b0", "b1", "b2", "b3", "b4", "a"]


async def test_a_hole_is_healed_by_a_resync(held: Held) -> None:
    async with connected() as socket:
        await socket.send(**QUERY)
        first = await socket.next("window")
        held.board.apply(POD, "ADDED", pod("a"))
        await socket.next("delta")  # lost on the way
        held.board.apply(POD, "ADDED", pod("b"))
        assert (await socket.next("delta"))["prev"] != first["rev"]
        await socket.send(op="resync", id=1)
        assert [row["name"] for row in (await socket.next("window"))["rows"]] == ["a", "b"]


async def test_a_reconnect_with_an_old_revision_gets_a_fresh_window(held: Held) -> None:
    async with connected() as socket:
        await socket.send(**QUERY)
        old = await socket.next("window")
    held.board.apply(POD, "ADDED", pod("a"))
    async with connected() as socket:
        await socket.send(**QUERY, rev=old["rev"], topic=old["topic"])
        assert [row["name"] for row in (await socket.next("window"))["rows"]] == ["a"]


async def test_who_has_no_token_gets_no_socket(held: Held) -> None:
    for token in ("", "wrong"):
        accepted, code = await Socket(token).wire.connect()
        assert (accepted, code) == (False, 4401)


@pytest.mark.parametrize(("token", "offered"), [("full-token", True), ("view-token", False)])
async def test_the_view_token_is_offered_no_edit(held: Held, token: str, offered: bool) -> None:
    held.objects["apps/Deployment/shop/web"] = deployment("web")
    held.board.apply(DEPLOYMENT, "ADDED", deployment("web"))
    async with connected(token) as socket:
        await socket.send(op="object", id=5, cluster="sandbox", object="apps/Deployment/shop/web")
        frame = await socket.next("object")
        assert (frame["view"]["edit"] is not None) is offered
        assert frame["prev"] is None


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("not json", "message"),
        ('{"op":"query"}', "id"),
        ('{"op":"__class__","id":1}', "op"),
        (json.dumps(QUERY | {"cluster": "other"}), "cluster"),
        (json.dumps(QUERY | {"query": {"verdict": "<img onerror=alert(1)>"}}), "query.verdict"),
        (json.dumps(QUERY | {"count": 10**9}), "count"),
        ("x" * 70_000, "message"),
    ],
)
async def test_a_hostile_message_is_answered_and_disturbs_nobody(held: Held, message: str, field: str) -> None:
    async with connected() as other, connected() as socket:
        await other.send(**QUERY)
        await other.next("window")
        await socket.wire.send_to(text_data=message)
        error = await socket.next("error")
        assert error["field"] == field
        await socket.wire.send_to(bytes_data=b"\xff\x00")
        assert (await socket.next("error"))["field"] == "message"
        held.board.apply(POD, "ADDED", pod("a"))
        assert (await other.next("delta"))["total"] == 1
        await socket.send(**QUERY)
        assert (await socket.next("window"))["total"] == 1


async def test_freshness_is_told_again_and_again(held: Held) -> None:
    async with connected() as socket:
        await socket.send(**QUERY)
        assert (await socket.next("freshness"))["state"] == "live"
        held.fresh.state = "stale"
        while (await socket.next("freshness"))["state"] != "stale":
            pass


async def test_who_leaves_leaves_nothing_behind(held: Held) -> None:
    async with connected() as socket:
        await socket.send(**QUERY)
        await socket.send(op="object", id=2, cluster="sandbox", object="core/Pod/shop/a")
        await socket.next("object")
    assert held.hub._topics == {}
    assert not any(panel.viewed for panel in held.hub.panels._panels.values())


async def test_who_sends_on_and_reads_nothing_is_sent_away(held: Held) -> None:
    consumer = LiveConsumer()
    sent: list[dict[str, Any]] = []
    reading = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await reading.wait()  # the socket's buffer is full
        sent.append(message)

    consumer.scope = {"type": "websocket", "headers": [(b"authorization", b"Bearer full-token")]}
    consumer.base_send = send
    await consumer.connect()
    for _ in range(200):
        await consumer.receive(text_data="{}")
        await asyncio.sleep(0)
    reading.set()
    assert consumer.sender is not None
    await asyncio.wait_for(consumer.sender, 5)
    assert sent[-1] == {"type": "websocket.close", "code": 1008}
    assert len(sent) < 100
