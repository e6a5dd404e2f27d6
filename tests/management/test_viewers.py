"""Viewers over real sockets: those who read are exact, who reads nothing for a while may stay, and the dead go."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from channels.routing import URLRouter
from django.core.management import CommandError, call_command

from dashboard.management.benchmarks import viewers
from dashboard.management.benchmarks.crowd import Log, State, Viewer, connect, frame_at, masked, request
from dashboard.management.benchmarks.mirroring import until
from dashboard.management.commands import bench
from dashboard.management.serving import web_server
from dashboard.web import access, clusters
from dashboard.web.routing import websocket_urlpatterns
from tests.live.factory import POD, pod
from tests.live.hubs import Held
from tests.redis_server import RedisServer, redis_server

__all__ = ["redis_server"]
ASKED: list[dict[str, Any]] = [{"query": {}, "start": 0, "count": 200}]
PING = 0.2
SILENCE = 3.0


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Held, int]]:
    """A running hub behind the product's own server, whose minutes are seconds here."""
    monkeypatch.setattr(web_server, "PING_SECONDS", PING)
    monkeypatch.setattr(web_server, "SILENCE_SECONDS", SILENCE)
    held = Held()
    clusters.clusters["bench"] = cast(Any, SimpleNamespace(hub=held.hub))
    access.install(access.Policy(open_door=True))
    listener = socket.create_server(("127.0.0.1", 0))
    server = web_server.web_server(URLRouter(websocket_urlpatterns))
    tasks = [asyncio.create_task(server.serve(sockets=[listener])), asyncio.create_task(held.hub.run())]
    yield held, listener.getsockname()[1]
    server.should_exit = True
    await tasks[0]
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    access.install(access.Policy())
    del clusters.clusters["bench"]


async def open_viewer(port: int) -> Viewer:
    viewer = await connect(port, Viewer(Log(), State(0), "/ws", request(0, ASKED), 0))
    await until(lambda: viewer.windows > 0)
    return viewer


def names(viewer: Viewer) -> set[str]:
    assert viewer.state is not None
    assert not viewer.state.seen.broken
    return {row["name"] for row in viewer.state.seen.rows}


async def test_a_viewer_that_reads_nothing_for_some_pings_stays_and_is_right(served: tuple[Held, int]) -> None:
    held, port = served
    silent, quick = await open_viewer(port), await open_viewer(port)
    silent.transport.pause_reading()
    for number in range(8):  # eight pings long
        held.board.apply(POD, "ADDED", pod(f"p{number}"))
        await asyncio.sleep(PING)
    await until(lambda: "p7" in names(quick))
    assert not silent.lost
    silent.transport.resume_reading()
    await until(lambda: names(silent) == names(quick))
    await asyncio.sleep(SILENCE)  # it answers pings again: nobody sends it away for the one it missed
    assert not (silent.lost or quick.lost)


async def test_a_viewer_that_never_reads_again_goes(served: tuple[Held, int]) -> None:
    held, port = served
    dead = await open_viewer(port)
    dead.transport.pause_reading()
    assert held.hub._viewers
    await until(lambda: not held.hub._viewers)
    dead.transport.abort()


def test_a_minute_of_silence_is_no_death() -> None:
    assert web_server.SILENCE_SECONDS > 60


@pytest.mark.parametrize("webs", [1, 2])
def test_few_viewers_are_exact_and_the_api_is_asked_no_more(webs: int, redis_server: RedisServer) -> None:
    found = viewers.measure(575, 44, webs=webs, seconds=2.0, rate=100.0, redis_url=redis_server.url)
    assert (found["viewers"], found["webs"], found["events"], found["objects"]) == (44, webs, 200, 575)
    assert (found["viewers_wrong"], found["viewers_gone"], found["silent_wrong"]) == (0, 0, 0)
    assert found["frames_a_second"] > 0
    assert found["asked_of_the_api_by_viewers"] == {each: {"lists": 3, "watches": 3} for each in ("0", "1", "44")}
    assert found["outbox_most"] + found["write_buffer_most"] <= found["waiting_bound"]


def test_the_command_knows_it() -> None:
    assert bench.SIZED["viewers"] is viewers.measure
    with pytest.raises(CommandError, match="of `viewers` only"):
        call_command("bench", "ingest", "--webs", "2")


def test_twenty_queries_are_twenty() -> None:
    asked = viewers.queries()
    assert len({str(each) for each in asked}) == len(asked) == viewers.QUERIES


@pytest.mark.parametrize("size", [0, 125, 126, 70_000])
def test_frames_are_read_when_they_are_whole(size: int) -> None:
    wide = 0 if size < 126 else 2 if size <= 0xFFFF else 8
    head = bytes([0x81, {0: size, 2: 126, 8: 127}[wide]]) + (size.to_bytes(wide, "big") if wide else b"")
    whole = head + b"x" * size
    assert frame_at(b"??" + whole, 2) == (1, 2 + len(head), 2 + len(whole))
    assert all(frame_at(whole[:cut], 0) is None for cut in {0, 1, len(head) - 1, len(whole) - 1} - {len(whole)})
    assert masked(1, b"hi") == b"\x81\x82\x00\x00\x00\x00hi"
