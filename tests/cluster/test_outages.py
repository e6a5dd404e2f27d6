"""The API away, half away, and back: what is held through it, and when it is right again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web

from dashboard.cluster import probe as probing
from dashboard.cluster import verification
from dashboard.cluster.watcher import Watcher
from dashboard.core.objects import ResourceType
from tests.cluster.mirror import QUICK, converged, eventually
from tests.cluster.watching import define, looking
from tests.cluster.wire import (
    DEPLOYMENTS,
    NAMESPACES,
    PODS,
    Handler,
    Wire,
    cut,
    hang,
    is_probe,
    listing,
    plain_text,
)


@pytest.mark.parametrize("history", ["kept", "compacted", "another life", "restored"])
async def test_api_killed_and_restarted(wire: Wire, history: str) -> None:
    async with looking(wire, tuning=replace(QUICK, backoff_base=0.5, backoff_cap=30)) as (watcher, mirror):
        await converged(mirror, wire, PODS, DEPLOYMENTS)
        await eventually(lambda: len(wire.watches) == 5)
        await wire.stop()
        await eventually(lambda: watcher.freshness().error)
        if history == "another life":
            wire.begin_another_life()
            for number in range(200):  # past the version that we know
                wire.put(PODS, f"other-{number % 20}")
        elif history == "restored":
            wire.objects[PODS.path].pop(("shop", "pod-0"))
            wire.restore(wire.version - 10)
        else:
            wire.put(PODS, "meanwhile")
            wire.delete(PODS, "pod-0")
            if history == "compacted":
                wire.forget_history()
        asked = watcher.counters.probes
        await eventually(lambda: watcher.counters.probes > asked + 3)  # it has been away for a while
        await wire.start()
        await converged(mirror, wire, PODS, DEPLOYMENTS, NAMESPACES, seconds=3)
        await eventually(lambda: {kind.state for kind in watcher.freshness().kinds} == {"live"}, 3)
        assert watcher.freshness().state == "live"


async def test_streams_that_something_between_ends_together_are_not_listed_each_time(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load balancer ends quiet connections after half a minute, all at once: they were opened together."""
    monkeypatch.setattr(verification, "VERIFY_AFTER", (0.0, 0.02))
    monkeypatch.setattr(verification, "A_WHILE", 0.0)
    async with looking(wire) as (watcher, mirror):
        await eventually(lambda: watcher.settled)
        for number in range(12):
            await eventually(lambda: len(wire.watches) == len(watcher.freshness().kinds))
            wire.cut_watches()
            wire.put(PODS, f"after-{number}")
            await converged(mirror, wire, PODS)
            await asyncio.sleep(0.05)
        assert wire.lists_of(PODS) <= 1 + verification.VERIFICATIONS
        # The API having been away is another matter.
        listed = wire.lists_of(PODS)
        await wire.stop()
        await eventually(lambda: watcher.freshness().error)
        await wire.start()
        await eventually(lambda: wire.lists_of(PODS) > listed)
        await converged(mirror, wire, PODS, DEPLOYMENTS)


async def test_refusals_in_an_absent_apis_place_take_no_objects_away(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ingress whose API has gone answers 404 to everything, which is not to say that there are no kinds."""
    monkeypatch.setattr(probing, "INTERVAL", 0.05)
    monkeypatch.setattr(probing, "INTERVAL_FAILING", 0.02)
    async with looking(wire) as (watcher, mirror):
        await eventually(lambda: watcher.settled)
        await eventually(lambda: wire.open_watches(PODS))
        calls = len(mirror.calls)
        nobody = plain_text(404, "<html>default backend - 404</html>")
        wire.always.append((lambda request: True, nobody))
        wire.cut_watches()
        await eventually(lambda: watcher.freshness().error)
        asked = wire.lists_of(PODS)
        await asyncio.sleep(3 * QUICK.refused_grace)
        await eventually(lambda: wire.lists_of(PODS) > asked)
        assert "drop" not in mirror.calls[calls:]
        wire.put(PODS, "meanwhile")
        wire.always.clear()
        await converged(mirror, wire, PODS, DEPLOYMENTS)


async def test_probe_veils_and_unveils(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.cluster.watcher.VEIL_AFTER", 1.0)
    monkeypatch.setattr(probing, "INTERVAL", 0.4)
    monkeypatch.setattr(probing, "INTERVAL_FAILING", 0.2)
    async with looking(wire) as (watcher, _):
        await eventually(lambda: watcher.freshness().state == "live")
        wire.always.append((is_probe, hang))
        await eventually(lambda: watcher.freshness().state == "stale")
        wire.always.clear()
        await eventually(lambda: watcher.freshness().state == "live")


async def test_kinds_that_never_answer_keep_nobody_waiting(wire: Wire) -> None:
    """A conversion webhook that hangs, or an aggregated API server: all of its kinds at once, over and over."""
    for number in range(12):
        kind = ResourceType("slow.example.com", "v1", f"Slow{number}", f"slow{number}s", True)
        define(wire, kind)
        wire.always.append((listing(kind), hang))
    async with looking(wire, tuning=replace(QUICK, list_silence=60.0)) as (watcher, mirror):
        await eventually(lambda: wire.open_watches(PODS))
        await eventually(lambda: wire.count(lambda path, _: "slow" in path) >= 8)
        wire.cut_watches(PODS)
        wire.put(PODS, "late")
        wire.forget_history()
        await converged(mirror, wire, PODS)
        assert not watcher.settled
        await eventually(lambda: wire.count(lambda path, _: "slow" in path) == 12)


async def test_no_api_at_start(wire: Wire) -> None:
    await wire.stop()
    async with looking(wire) as (watcher, mirror):
        await eventually(lambda: watcher.freshness().error)
        assert watcher.freshness().state == "connecting"
        assert watcher.freshness().last_proof is None
        await wire.start()
        await converged(mirror, wire, PODS, DEPLOYMENTS)
        await eventually(lambda: watcher.freshness().state == "live")
        assert watcher.freshness().error == ""


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "INTERVAL", 0.05)
    monkeypatch.setattr(probing, "INTERVAL_FAILING", 0.02)


async def fail_and_recover(wire: Wire, watcher: Watcher) -> None:
    """The probe is not answered for a moment."""
    wire.always.append((is_probe, cut))
    await eventually(lambda: watcher.freshness().error)
    wire.always[:] = [each for each in wire.always if each[1] is not cut]
    await eventually(lambda: not watcher.freshness().error)


@pytest.mark.usefixtures("often")
async def test_streams_that_died_unheard_in_an_outage_are_opened_anew(wire: Wire) -> None:
    """A laptop that slept, a VPN that reconnected: no end of the old connections is ever told."""
    async with looking(wire) as (watcher, mirror):
        await eventually(lambda: watcher.settled)
        await eventually(lambda: len(wire.watches) == len(watcher.freshness().kinds))
        lists, probes = watcher.counters.lists, watcher.counters.probes
        await eventually(lambda: watcher.counters.probes > probes + 2)  # all was well while they were open
        for watch in wire.watches:
            watch.stalled = True
        await fail_and_recover(wire, watcher)
        wire.put(PODS, "since")
        wire.delete(DEPLOYMENTS, "deployment-3")
        await converged(mirror, wire, PODS, DEPLOYMENTS)
        assert watcher.counters.lists == lists, "a watch that goes on is enough"


@pytest.mark.usefixtures("often")
async def test_a_list_that_was_asked_for_before_an_outage_is_asked_for_again(wire: Wire) -> None:
    wire.next(listing(PODS), hang)
    async with looking(wire, tuning=replace(QUICK, list_silence=60.0)) as (watcher, mirror):
        await converged(mirror, wire, DEPLOYMENTS)
        await fail_and_recover(wire, watcher)
        await converged(mirror, wire, PODS)


@pytest.mark.usefixtures("often")
async def test_discovery_that_was_asked_for_before_an_outage_is_asked_for_again(wire: Wire) -> None:
    wire.next(lambda request: request.path == "/api", hang)
    async with looking(wire) as (watcher, mirror):
        await fail_and_recover(wire, watcher)
        await converged(mirror, wire, PODS, DEPLOYMENTS)


@pytest.mark.usefixtures("often")
async def test_a_list_that_goes_on_through_doubts_comes_to_its_end(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow link that our own list fills delays the probe, too: beginning anew each time, it would never be done."""

    async def slow(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        await asyncio.sleep(0.1)
        return await answer()

    monkeypatch.setattr(verification, "VERIFY_AFTER", (0.0, 0.01))
    for number in range(80):
        wire.put(PODS, f"many-{number}")
    async with looking(wire) as (watcher, mirror):
        await converged(mirror, wire, PODS)
        wire.always.append((listing(PODS), slow))
        wire.forget_history()
        wire.cut_watches(PODS)
        wire.put(PODS, "last")
        wire.forget_history()
        ended = mirror.calls.count("end")
        pages = watcher.counters.pages
        while watcher.counters.pages < pages + 70 and mirror.calls.count("end") == ended:
            await fail_and_recover(wire, watcher)
            await asyncio.sleep(0.1)
        assert mirror.calls.count("end") > ended
        await converged(mirror, wire, PODS)
