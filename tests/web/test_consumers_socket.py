"""The WebSocket over a real socket, where a viewer can really be slow."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
import uvicorn
from channels.routing import URLRouter
from websockets.asyncio.client import ClientConnection, connect

from dashboard.live.topics import apply_delta
from dashboard.live.viewer import MAX_CHARS, MAX_FRAMES
from dashboard.web import access, clusters
from dashboard.web.routing import websocket_urlpatterns
from tests.live.factory import POD, pod
from tests.live.hubs import Held

QUERY = {"op": "query", "id": 1, "cluster": "sandbox", "query": {}, "start": 0, "count": 500}
PODS = 60


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: the test's own stay."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture
async def served() -> AsyncIterator[tuple[Held, int]]:
    """A running hub behind a real server, and the server's port."""
    held = Held()
    nothing = cast(Any, None)
    clusters.clusters["sandbox"] = clusters.Cluster(
        "sandbox", "sandbox", "http://127.0.0.1:1", True, True, nothing, nothing, held.board, held.hub
    )
    access.install(access.Policy(open_door=True))
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)  # or the system's buffers are the outbox
    config = uvicorn.Config(
        URLRouter(websocket_urlpatterns), ws="websockets-sansio", lifespan="off", log_config=None, ws_ping_interval=None
    )
    server = Server(config)
    tasks = [asyncio.create_task(server.serve(sockets=[listener])), asyncio.create_task(held.hub.run())]
    yield held, listener.getsockname()[1]
    server.should_exit = True
    await tasks[0]
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    access.install(access.Policy())
    del clusters.clusters["sandbox"]


class Reader:
    """A browser that reads when it is told to, by the protocol's rules."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire
        self.rows: tuple[dict[str, Any], ...] = ()
        self.rev = self.deltas = 0

    async def until(self, name: str) -> int:
        """Read until an object of this name is shown; returns how many rows there are then."""
        async with asyncio.timeout(20):
            while not any(row["name"] == name for row in self.rows):
                frame = json.loads(await self.wire.recv())
                if frame["t"] == "window":
                    self.rows, self.rev = tuple(frame["rows"]), frame["rev"]
                elif frame["t"] == "delta":
                    assert frame["prev"] == self.rev
                    self.rows, self.rev = apply_delta(self.rows, frame), frame["rev"]
                    self.deltas += 1
        return len(self.rows)


@contextlib.asynccontextmanager
async def reading(port: int, *, narrow: bool = False) -> AsyncIterator[Reader]:
    """A browser that has asked for everything; a narrow one has little room for what it has not read."""
    sock = socket.create_connection(("127.0.0.1", port))
    if narrow:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    sock.setblocking(False)
    queue = 1 if narrow else 64
    wire = await connect(f"ws://127.0.0.1:{port}/ws", sock=sock, max_queue=queue, max_size=None, compression=None)
    try:
        await wire.send(json.dumps(QUERY))
        yield Reader(wire)
    finally:
        wire.transport.abort()  # a farewell would wait for all that was never read


def fill(held: Held) -> None:
    for number in range(PODS):
        held.board.apply(POD, "ADDED", pod(f"p{number:02}"))


async def change(held: Held, rounds: int) -> int:
    """Change everything again and again, as fast as the hub tells it; returns the longest outbox, in characters."""
    longest = 0
    for version in range(2, rounds + 2):
        for number in range(PODS):
            held.board.apply(POD, "MODIFIED", pod(f"p{number:02}", version=version, image=f"nginx:{version}"))
        held.step()
        for viewer in held.hub._viewers:
            assert len(viewer._queue) <= MAX_FRAMES
            longest = max(longest, sum(len(text) for _, text in viewer._queue))
        await asyncio.sleep(0)
    return longest


async def test_a_viewer_that_reads_nothing_is_bounded_and_right_when_it_reads_again(served: tuple[Held, int]) -> None:
    held, port = served
    fill(held)
    async with reading(port, narrow=True) as slow:
        await slow.until("p59")
        longest = await change(held, 100)  # some 4 MB of frames, and nobody reads
        assert MAX_CHARS / 4 < longest <= MAX_CHARS
        held.board.apply(POD, "ADDED", pod("last"))
        assert await slow.until("last") == PODS + 1
        assert slow.deltas < 40  # what was under way, then the window: not a hundred frames of the past


async def test_a_slow_viewer_holds_up_nobody(served: tuple[Held, int]) -> None:
    held, port = served
    fill(held)
    async with reading(port, narrow=True) as slow, reading(port) as quick:
        for each in (slow, quick):
            await each.until("p59")
        changing = asyncio.create_task(change(held, 60))
        held.board.apply(POD, "ADDED", pod("first"))
        assert await quick.until("first") == PODS + 1
        await changing


async def test_a_browser_that_vanishes_leaves_nothing_behind(served: tuple[Held, int]) -> None:
    held, port = served
    fill(held)
    async with reading(port) as browser:
        await browser.until("p59")
        assert held.hub._viewers
        browser.wire.transport.abort()
        async with asyncio.timeout(5):
            while held.hub._viewers:
                held.board.apply(POD, "MODIFIED", pod("p00"))
                await asyncio.sleep(0.01)
    assert held.hub._topics == {}
