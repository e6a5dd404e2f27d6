"""One process that watches and several that show, over Redis, each a process of its own that says what it has used.

They are wired as `manage.py watch` and `manage.py web` wire them, without history.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from dashboard.cluster.connection import Connection
from dashboard.cluster.kubeconfig import Access
from dashboard.cluster.watcher import Watcher
from dashboard.live.board import Board
from dashboard.live.election import Election, Term
from dashboard.live.mirror import Mirror
from dashboard.live.mirror_bus import Keys, connect
from dashboard.live.mirror_feed import Follower
from dashboard.live.publish import Publisher
from dashboard.management.benchmarks.viewed import (
    NAME,
    listening,
    pages,
    serve_until_told,
    shown_of,
    told_of,
    with_bench,
)
from dashboard.management.serving.web_server import web_server

KEYS = Keys(NAME)


async def lead(url: str, redis: str, queries: list[dict[str, Any]]) -> dict[str, Any]:
    """Watch the API at `url` and tell Redis, until standard input ends. Its board is what all others are held to."""
    connection, client = Connection(Access(name=NAME, server=url)), connect(redis)
    board = Board(time.time)
    watcher = Watcher(connection, board)

    async def work(term: Term) -> None:
        publisher = Publisher(board, watcher, term, redis=client, keys=KEYS)
        if board.recorder is not None:
            board.recorder.on_episode = publisher.episode
        async with asyncio.TaskGroup() as group:
            group.create_task(watcher.run())
            group.create_task(publisher.run())

    def told() -> dict[str, Any]:
        return told_of(watcher, board) | {"events": watcher.counters.events}

    async def nothing(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    leading = asyncio.create_task(Election(client, KEYS).lead(work))
    answers = {"/bench": told, "/shown": lambda: shown_of(board, queries)}
    await serve_until_told(web_server(with_bench(nothing, answers)), listening(one_core=False))
    leading.cancel()
    await asyncio.gather(leading, return_exceptions=True)
    await client.aclose()
    await connection.close()
    return {}


async def show(url: str, redis: str, queries: list[dict[str, Any]]) -> dict[str, Any]:
    """Pages of what is told over Redis, until standard input ends."""
    client, mirror = connect(redis), Mirror(time.time)
    follower = Follower(client, KEYS, mirror)
    await pages(Connection(Access(name=NAME, server=url)), follower, mirror, queries)
    await client.aclose()
    return {}
