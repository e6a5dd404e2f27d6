"""A watch against a wire that misbehaves: each test ends with zero differences from the truth."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from dashboard.cluster.reflector import Tuning
from tests.cluster.mirror import QUICK, converged, eventually, reflecting
from tests.cluster.watching import WIDGETS
from tests.cluster.wire import (
    PODS,
    Wire,
    body,
    cut,
    plain_text,
    raw_http,
    refuse,
    status,
    watching,
)


@pytest.fixture
def wire(pods_wire: Wire) -> Wire:
    return pods_wire


@pytest.mark.parametrize(
    "fault",
    [
        refuse(500, "InternalError"),
        refuse(410, "Expired"),
        plain_text(502, "bad gateway"),
        cut,
        raw_http(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        body(b""),
        body(b'{"type":"ADDED","object":{"metadata":{"na'),
        body(b"<html>\n</html>\n", "text/html"),
    ],
)
async def test_watch_that_cannot_be_opened_is_tried_again(wire: Wire, fault) -> None:  # type: ignore[no-untyped-def] - see Fault
    wire.next(watching(PODS), fault, times=3)
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await eventually(lambda: wire.open_watches(PODS))
        wire.put(PODS, "late")
        await converged(mirror, wire, PODS)
        assert reflector.status().state == "live"


@pytest.mark.parametrize(
    ("content", "relists"),
    [
        (b'{"type":"MODIFIED","object":{"metadata":{"name":"pod-1","resourceVersion":"9', 0),
        (b"not json\n", 1),
        (b"\xff\xfe\x00\n", 1),
        (b"[1,2]\n", 1),
        (b'{"type":"SURPRISE","object":{"metadata":{"resourceVersion":"999"}}}\n', 1),
        (b'{"type":"ADDED"}\n', 1),
        (Wire.line("ERROR", status(410, "Expired")), 1),
        (Wire.line("ERROR", status(500, "InternalError")), 1),
        (Wire.line("ERROR", {}), 1),
        (Wire.line("BOOKMARK", {"metadata": {"resourceVersion": "5"}}), 1),
        (Wire.line("ADDED", {"metadata": {"name": "x", "resourceVersion": "5"}}), 1),
        (b"\n\n\n", 0),
        (b"\r\n", 1),
    ],
)
async def test_what_a_stream_may_carry(wire: Wire, content: bytes, relists: int) -> None:
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await converged(mirror, wire, PODS)
        await eventually(lambda: wire.open_watches(PODS))
        before = wire.watches_of(PODS)
        wire.send(PODS, content)
        if not content.endswith(b"\n"):
            wire.open_watches(PODS)[0].queue.put_nowait(None)
            await eventually(lambda: wire.watches_of(PODS) > before)
        if relists:
            await eventually(lambda: wire.lists_of(PODS) == 1 + relists)
        await eventually(lambda: wire.open_watches(PODS))
        wire.put(PODS, "pod-1", spec={"n": "after"})
        wire.delete(PODS, "pod-2")
        await converged(mirror, wire, PODS)
        assert reflector.status().relists == relists


@pytest.mark.parametrize(
    "obj",
    [
        {},
        {"metadata": None},
        {"metadata": []},
        {"metadata": {"name": None, "resourceVersion": "500"}},
        {"metadata": {"name": "no-version"}},
        {"metadata": {"name": ["x"], "resourceVersion": "500"}},
    ],
)
async def test_one_bad_object_in_a_stream_is_skipped(wire: Wire, obj: object) -> None:
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await eventually(lambda: wire.open_watches(PODS))
        wire.send(PODS, Wire.line("ADDED", obj))
        wire.put(PODS, "after")
        await converged(mirror, wire, PODS)
        assert reflector.status().relists == 0
        assert "1 objects without a name" in reflector.status().note


async def test_lines_of_megabytes(wire: Wire) -> None:
    async with reflecting(wire, PODS) as (_, mirror, _pulse):
        await eventually(lambda: wire.open_watches(PODS))
        for number in range(3):
            wire.put(PODS, f"big-{number}", data="x" * 5_000_000)
        wire.put(PODS, "small")
        await converged(mirror, wire, PODS, seconds=20)


async def test_a_flood_of_events_leaves_the_others_their_turn(wire: Wire) -> None:
    async with reflecting(wire, PODS) as (_, mirror, _pulse):
        await eventually(lambda: wire.open_watches(PODS))
        events = []
        for number in range(2000):
            wire.version += 1
            meta = {"name": f"flood-{number}", "namespace": "shop", "resourceVersion": str(wire.version)}
            events.append(wire.line("ADDED", {"metadata": meta}))
        wire.send(PODS, b"".join(events))
        most, before = 0, len(mirror.calls)
        while len(mirror.calls) < before + len(events):
            seen = len(mirror.calls)
            await asyncio.sleep(0)
            most = max(most, len(mirror.calls) - seen)
        assert most <= 100


async def test_line_in_crumbs(wire: Wire) -> None:
    async with reflecting(wire, PODS) as (_, mirror, _pulse):
        await eventually(lambda: wire.open_watches(PODS))
        watch = wire.open_watches(PODS)[0]
        start = watch.queue.qsize()
        wire.put(PODS, "crumbled", text="ä" * 50)
        assert watch.queue.qsize() == start + 1
        line = watch.queue.get_nowait()
        assert line is not None
        for index in range(0, len(line), 3):
            watch.queue.put_nowait(line[index : index + 3])
        await converged(mirror, wire, PODS)


async def test_cut_stream_goes_on_from_its_version(wire: Wire) -> None:
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        for number in range(5):
            await eventually(lambda: wire.open_watches(PODS))
            wire.put(PODS, f"before-{number}")
            wire.cut_watches()
            wire.put(PODS, f"meanwhile-{number}")
            wire.delete(PODS, f"pod-{number}")
            await converged(mirror, wire, PODS)
        assert reflector.status().relists == 0


async def test_expired_while_cut_is_listed_anew(wire: Wire) -> None:
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await eventually(lambda: wire.open_watches(PODS))
        wire.cut_watches()
        wire.put(PODS, "unseen")
        wire.delete(PODS, "pod-0")
        wire.forget_history()
        await converged(mirror, wire, PODS)
        assert reflector.status().relists == 1


async def test_bookmark_saves_a_list(wire: Wire) -> None:
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await eventually(lambda: wire.open_watches(PODS))
        seen = wire.watches_of(PODS)
        wire.put(WIDGETS, "elsewhere")
        wire.bookmark(PODS)
        wire.send(PODS, b"")
        await eventually(lambda: not wire.open_watches(PODS)[0].queue.qsize())
        wire.open_watches(PODS)[0].queue.put_nowait(None)
        wire.forget_history()
        await eventually(lambda: wire.watches_of(PODS) > seen)
        wire.put(PODS, "after")
        await converged(mirror, wire, PODS)
        assert reflector.status().relists == 0


async def test_silent_stream_is_reopened(wire: Wire) -> None:
    tuning = replace(QUICK, watch_seconds=(1, 1), silence_margin=0.2)
    async with reflecting(wire, PODS, tuning=tuning) as (reflector, mirror, _):
        await eventually(lambda: wire.open_watches(PODS))
        wire.stall(PODS)
        wire.put(PODS, "unseen")
        await converged(mirror, wire, PODS)
        assert reflector.status().relists == 0


async def test_quiet_stream_ends_by_timeout_and_goes_on(wire: Wire) -> None:
    tuning = replace(QUICK, watch_seconds=(1, 1))
    async with reflecting(wire, PODS, tuning=tuning) as (reflector, mirror, _):
        await eventually(lambda: wire.watches_of(PODS) >= 3)
        wire.put(PODS, "after")
        await converged(mirror, wire, PODS)
        assert reflector.status().relists == 0
        assert reflector.status().state == "live"


async def test_server_that_closes_at_once_is_not_hammered(wire: Wire) -> None:
    wire.always.append((watching(PODS), body(b"")))
    tuning = Tuning(backoff_base=0.2, backoff_cap=0.4)
    async with reflecting(wire, PODS, tuning=tuning) as (reflector, _, _pulse):
        began = time.monotonic()
        await eventually(lambda: wire.watches_of(PODS) >= 10, 20)
        assert time.monotonic() - began > 0.5  # ten without a pause take some hundredths
        assert wire.lists_of(PODS) == 1
        assert reflector.status().state == "failing"


async def test_watch_that_always_expires_does_not_list_in_a_loop(wire: Wire) -> None:
    wire.always.append((watching(PODS), refuse(410, "Expired")))
    tuning = Tuning(backoff_base=0.2, backoff_cap=0.4)
    async with reflecting(wire, PODS, tuning=tuning) as (reflector, _, _pulse):
        began = time.monotonic()
        await eventually(lambda: wire.lists_of(PODS) >= 10, 20)
        assert time.monotonic() - began > 0.5
        assert reflector.status().state in {"failing", "listing"}
