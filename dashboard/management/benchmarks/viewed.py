"""What viewers are attached to, each in a process of its own on one core: the product's web process, and a bare hub.

Both answer `/bench` with what they have used so far.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import orjson

from dashboard.cluster.connection import Connection
from dashboard.cluster.kubeconfig import Access
from dashboard.cluster.watcher import Watcher
from dashboard.live.board import Board
from dashboard.live.picture import Picture
from dashboard.live.query import Query
from dashboard.management.benchmarks.mirroring import until
from dashboard.management.serving.web_server import WebServer, web_server

if TYPE_CHECKING:
    from dashboard.web.clusters import Cluster, Source

NAME = "bench"
SYSTEM_BUFFER = 65_536
"""Bytes that the system may hold for a viewer: what waits is to wait where it is counted."""
LOOK = 0.05
"""Seconds between two looks at what waits for the viewers."""


async def serve(url: str, queries: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole product, watching the API at `url`, until standard input ends. Its first line is its port."""
    connection = Connection(Access(name=NAME, server=url))
    board = Board(time.time)
    watcher = Watcher(connection, board)
    await pages(connection, watcher, board, queries, lambda: {"events": watcher.counters.events}, one_core=True)
    return {}


async def pages(
    connection: Connection,
    source: Source,
    picture: Picture,
    queries: list[dict[str, Any]],
    about: Callable[[], dict[str, Any]] = dict,
    *,
    one_core: bool = False,
) -> None:
    """The product's pages of a picture that `source` keeps current, until standard input ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconcilerviz.settings")
    django.setup()
    from dashboard.web import access, clusters  # noqa: PLC0415 - they need the app registry

    listener = listening(one_core=one_core)
    access.install(access.Policy(port=listener.getsockname()[1], open_door=True))
    cluster = clusters.shown(NAME, connection, source, picture)
    clusters.clusters[NAME] = cluster
    from reconcilerviz.asgi import application  # noqa: PLC0415 - reads the policy when it is first imported

    waiting = _Waiting()

    def told() -> dict[str, Any]:
        return told_of(source, picture) | {"outbox": waiting.outbox, "buffer": waiting.buffer} | about()

    server = web_server(with_bench(application, {"/bench": told, "/shown": lambda: shown_of(picture, queries)}))
    running = asyncio.create_task(cluster.run())
    looking = asyncio.create_task(waiting.look(cluster, server))
    await serve_until_told(server, listener)
    running.cancel()
    looking.cancel()
    await asyncio.gather(running, looking, return_exceptions=True)
    await connection.close()


def told_of(source: Source, picture: Picture) -> dict[str, Any]:
    """What every process says of itself: the CPU seconds it took, what it holds, whether that is proven."""
    states = [kind.state for kind in source.freshness().kinds]
    return {"cpu": time.process_time(), "objects": len(picture), "live": states == ["live"] * 3}


def shown_of(picture: Picture, queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each query finds now."""
    found = [picture.select(Query.parse(each["query"]), each["start"], each["count"]) for each in queries]
    return [{"rows": each.rows, "total": each.total, "counts": each.counts} for each in found]


async def broadcast(frames: str) -> dict[str, Any]:
    """A hub that does nothing but hand out recorded frames, at the pace at which they were made, to who asks for their
    query: `/ws?3`. `/go` begins it.
    """
    texts = _recorded(frames)
    queues: dict[int, list[asyncio.Queue[str | None]]] = {}
    sent: list[float] = []

    async def play() -> None:
        began = time.monotonic()
        for each in texts:
            await asyncio.sleep(max(0.0, began + each["at"] - time.monotonic()))
            sent.append(time.monotonic())
            for queue in queues.get(each["query"], ()):
                queue.put_nowait(each["text"])

    async def view(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        queues.setdefault(int(scope["query_string"]), []).append(queue)
        while (text := await queue.get()) is not None:
            await send({"type": "websocket.send", "text": text})

    playing: list[asyncio.Task[None]] = []

    def go() -> dict[str, Any]:
        playing.append(asyncio.create_task(play()))
        return {"events": len(texts)}

    def told() -> dict[str, Any]:
        return {"cpu": time.process_time(), "sent": sent, "viewers": sum(map(len, queues.values()))}

    def end() -> None:
        for queue in (queue for each in queues.values() for queue in each):
            queue.put_nowait(None)

    await serve_until_told(web_server(with_bench(view, {"/bench": told, "/go": go})), listening(one_core=True), end)
    return {}


def _recorded(frames: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in Path(frames).read_bytes().splitlines()]


class _Waiting:
    """The most that ever waited for one viewer: characters in its outbox, bytes in its connection's own buffer."""

    outbox = buffer = 0

    async def look(self, cluster: Cluster, server: WebServer) -> None:
        await until(lambda: server.started)
        while True:
            self.outbox = max((self.outbox, *cluster.hub.waiting()))
            sizes = (each.transport.get_write_buffer_size() for each in list(server.server_state.connections))
            self.buffer = max((self.buffer, *sizes))
            await asyncio.sleep(LOOK)


def listening(*, one_core: bool) -> socket.socket:
    """A socket with little room in the system; `one_core` keeps this process to the last one."""
    if one_core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SYSTEM_BUFFER)
    return listener


async def serve_until_told(server: WebServer, listener: socket.socket, end: Callable[[], None] | None = None) -> None:
    """Serve until standard input ends, having said on which port; `end` is called before the last answers go out."""
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    if end is not None:
        end()
    server.should_exit = True
    await serving


def with_bench(application: Any, answers: dict[str, Callable[[], Any]]) -> Any:
    """The same application, with some further paths that answer with what a function says."""

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        answer = answers.get(scope["path"]) if scope["type"] == "http" else None
        if answer is None:
            await application(scope, receive, send)
            return
        body = orjson.dumps(answer(), option=orjson.OPT_NON_STR_KEYS)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    return handle
