"""A reflector against a wire that misbehaves: each test ends with zero differences from the truth."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace

import pytest
from aiohttp import web

from dashboard.cluster.reflector import Tuning
from tests.cluster.mirror import QUICK, converged, eventually, reflecting
from tests.cluster.watching import WIDGETS
from tests.cluster.wire import (
    PODS,
    Handler,
    Wire,
    cut,
    listing,
    refuse,
    status,
    watching,
)


@pytest.fixture
def wire(pods_wire: Wire) -> Wire:
    return pods_wire


async def test_pages_then_follows(wire: Wire) -> None:
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await converged(mirror, wire, PODS)
        assert mirror.calls == ["begin", "page", "page", "page", "end"]
        await eventually(lambda: wire.open_watches(PODS))
        wire.put(PODS, "pod-3", spec={"n": 33})
        wire.delete(PODS, "pod-4")
        wire.put(PODS, "new")
        await converged(mirror, wire, PODS)
        assert mirror.calls[5:] == ["MODIFIED", "DELETED", "ADDED"]
        state = reflector.status()
        assert (state.state, state.objects, state.relists) == ("live", 12, 0)
        assert state.last_proof is not None
        assert abs(state.last_proof - time.time()) < 5


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("where", [listing(PODS), watching(PODS)])
async def test_retry_after_is_honoured_whatever_the_probe_says(wire: Wire, code: int, where) -> None:  # type: ignore[no-untyped-def] - a Matcher
    wire.next(where, refuse(code, "Busy", retry_after="1"))
    async with reflecting(wire, PODS) as (reflector, mirror, pulse):
        await eventually(lambda: reflector.status().state == "failing")
        began, asked = time.monotonic(), len(wire.requests)
        while time.monotonic() - began < 0.8:
            pulse.answer(recovered=True)
            await asyncio.sleep(0.02)
        assert len(wire.requests) == asked
        assert "Busy" in reflector.status().note
        await converged(mirror, wire, PODS)
        await eventually(lambda: reflector.status().state == "live")


@pytest.mark.parametrize("where", [listing(PODS), watching(PODS)])
async def test_retry_after_no_time_is_no_leave_to_hammer(wire: Wire, where) -> None:  # type: ignore[no-untyped-def] - a Matcher
    wire.always.append((where, refuse(503, "Busy", retry_after="0")))
    tuning = Tuning(backoff_base=0.2, backoff_cap=0.4)
    async with reflecting(wire, PODS, tuning=tuning):
        began = time.monotonic()
        await eventually(lambda: len(wire.requests) >= 11, 20)
        assert time.monotonic() - began > 0.5  # ten without a pause take some hundredths


async def test_retry_after_in_the_details(wire: Wire) -> None:
    wire.next(listing(PODS), refuse(429, "TooManyRequests", retryAfterSeconds=1))
    async with reflecting(wire, PODS) as (_, mirror, _pulse):
        began = time.monotonic()
        await converged(mirror, wire, PODS)
        assert 0.9 < time.monotonic() - began < 3


async def test_answered_probe_ends_the_backoff(wire: Wire) -> None:
    wire.next(listing(PODS), cut, times=8)
    tuning = replace(QUICK, backoff_base=1000, backoff_cap=1000)
    async with reflecting(wire, PODS, tuning=tuning) as (_, mirror, pulse):

        def answered() -> bool:
            pulse.answer(recovered=False)
            return bool(mirror.of(PODS))

        await eventually(answered)
        await converged(mirror, wire, PODS)


async def test_first_broken_stream_is_reported_to_the_probe(wire: Wire) -> None:
    async with reflecting(wire, PODS) as (_, _mirror, pulse):
        await eventually(lambda: wire.open_watches(PODS))
        assert not pulse.suspicion.is_set()
        wire.cut_watches()
        await eventually(pulse.suspicion.is_set)


async def test_forbidden_is_shown_and_ends(wire: Wire) -> None:
    wire.forbidden.add(PODS.path)
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await eventually(lambda: reflector.status().state == "forbidden")
        assert "cannot list" in reflector.status().note
        wire.forbidden.clear()
        await converged(mirror, wire, PODS)
        await eventually(lambda: reflector.status().state == "live")
        assert reflector.status().note == ""


async def test_forbidden_later_loses_its_objects_after_a_while(wire: Wire) -> None:
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await eventually(lambda: wire.open_watches(PODS))
        wire.forbidden.add(PODS.path)
        wire.cut_watches()
        await eventually(lambda: reflector.status().state == "forbidden")
        assert mirror.of(PODS) is not None
        await eventually(lambda: mirror.of(PODS) is None)
        wire.forbidden.clear()
        await converged(mirror, wire, PODS)


async def test_vanished_kind_is_dropped_and_comes_back(wire: Wire) -> None:
    wire.put(WIDGETS, "one")
    async with reflecting(wire, WIDGETS) as (reflector, mirror, _):
        await eventually(lambda: wire.open_watches(WIDGETS))
        del wire.kinds[WIDGETS.path]
        wire.cut_watches()
        await eventually(lambda: reflector.status().state == "vanished")
        await eventually(lambda: mirror.of(WIDGETS) is None)
        wire.kinds[WIDGETS.path] = WIDGETS
        wire.next(listing(WIDGETS), refuse(429, "TooManyRequests", retryAfterSeconds=1))
        await converged(mirror, wire, WIDGETS)


async def test_a_list_of_a_server_that_lags_behind_is_asked_for_again(wire: Wire) -> None:
    """Behind a load balancer each API server has its own cache: what was seen is not taken back for one of them."""
    stale: list[bytes] = []

    async def of_before(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        return web.Response(body=stale[0], content_type="application/json")

    async def kept(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        found = await answer()
        assert isinstance(found, web.Response)
        stale.append(bytes(found.body or b""))
        return found

    wire.next(listing(PODS), kept)
    async with reflecting(wire, PODS, tuning=replace(QUICK, page=50)) as (_, mirror, _pulse):
        await eventually(lambda: wire.open_watches(PODS))
        wire.put(PODS, "new")
        wire.delete(PODS, "pod-3")
        await converged(mirror, wire, PODS)
        wire.forget_history()
        wire.next(listing(PODS), of_before, times=2)
        wire.cut_watches()
        wire.put(PODS, "newer")
        wire.forget_history()
        calls = len(mirror.calls)
        await eventually(lambda: mirror.calls[calls:].count("end") == 1)
        assert ("shop", "new") in (mirror.of(PODS) or {})
        await converged(mirror, wire, PODS)
        assert mirror.calls[calls:].count("begin") == 1
        # One that stays older is another history: a backup was restored.
        await eventually(lambda: wire.open_watches(PODS))
        wire.always.append((listing(PODS), of_before))
        wire.version = 10**6
        wire.bookmark(PODS)
        wire.send(PODS, wire.line("ERROR", status(410, "Expired")))
        await eventually(lambda: ("shop", "pod-3") in (mirror.of(PODS) or {}))
        assert ("shop", "new") not in (mirror.of(PODS) or {})


async def test_restored_backup_is_seen_in_the_stream(wire: Wire) -> None:
    async with reflecting(wire, PODS) as (reflector, mirror, _):
        await eventually(lambda: wire.open_watches(PODS))
        wire.objects[PODS.path].pop(("shop", "pod-0"))
        wire.restore(50)
        wire.put(PODS, "after-restore")
        await converged(mirror, wire, PODS)
        assert reflector.status().relists == 1


async def test_custom_kind_without_status_is_counted(wire: Wire) -> None:
    for number in range(7):
        wire.put(WIDGETS, f"w-{number}")
    async with reflecting(wire, replace(WIDGETS, has_status=False), custom=True) as (reflector, mirror, _):
        await eventually(lambda: reflector.status().state == "counted")
        assert reflector.status().objects == 7
        assert "no status" in reflector.status().note
        wire.put(WIDGETS, "w-7")
        await eventually(lambda: reflector.status().objects == 8)
        assert mirror.calls == []
        assert wire.watches_of(WIDGETS) == 0


async def test_custom_kind_that_is_too_many_is_counted_and_held_again(wire: Wire) -> None:
    for number in range(9):
        wire.put(WIDGETS, f"w-{number}")
    tuning = replace(QUICK, hold_limit=10)
    async with reflecting(wire, WIDGETS, tuning=tuning, custom=True) as (reflector, mirror, _):
        await eventually(lambda: wire.open_watches(WIDGETS))
        wire.put(WIDGETS, "w-10")
        await converged(mirror, wire, WIDGETS)
        wire.put(WIDGETS, "w-11")
        await eventually(lambda: reflector.status().state == "counted")
        assert mirror.of(WIDGETS) is None
        assert "more than 10" in reflector.status().note
        wire.cut_watches()
        for number in range(5):
            wire.delete(WIDGETS, f"w-{number}")
        await converged(mirror, wire, WIDGETS)
        await eventually(lambda: reflector.status().state == "live")


async def test_too_many_that_nobody_counts_are_not_listed_over_and_over(wire: Wire) -> None:
    """An aggregated API server may page without saying how many remain."""

    async def uncounted(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        found = await answer()
        assert isinstance(found, web.Response)
        content = json.loads(found.body or b"")
        content["metadata"].pop("remainingItemCount", None)
        return web.json_response(content)

    wire.always.append((listing(WIDGETS), uncounted))
    for number in range(20):
        wire.put(WIDGETS, f"w-{number}")
    async with reflecting(wire, WIDGETS, tuning=replace(QUICK, hold_limit=10), custom=True) as (reflector, mirror, _):
        await eventually(lambda: reflector.status().state == "counted")
        asked = len(wire.requests)
        await eventually(lambda: len(wire.requests) > asked + 3)
        assert all(query.get("limit") == "1" for _, _, query in wire.requests[asked:])
        assert reflector.status().objects > 10
        assert mirror.of(WIDGETS) is None


async def test_builtin_kind_is_held_however_many(wire: Wire) -> None:
    async with reflecting(wire, PODS, tuning=replace(QUICK, hold_limit=3)) as (_, mirror, _pulse):
        await converged(mirror, wire, PODS)
