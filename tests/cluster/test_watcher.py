"""The whole watch of a cluster: kinds as they come and go, the probe, servers that die and return."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from aiohttp import web

from dashboard.cluster import watcher as watching_all
from dashboard.cluster.timing import Timing
from dashboard.cluster.watcher import Watcher
from dashboard.core.objects import ResourceType
from tests.cluster.mirror import QUICK, Mirror, connect, converged, eventually
from tests.cluster.watching import WIDGETS, define, looking, state_of
from tests.cluster.wire import (
    CRDS,
    DEPLOYMENTS,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    Handler,
    Wire,
    is_probe,
    listing,
    plain_text,
    refuse,
    watching,
)

CONFIGMAPS = ResourceType("", "v1", "ConfigMap", "configmaps", True)
LEASES = ResourceType("coordination.k8s.io", "v1", "Lease", "leases", True)


@pytest.fixture
def wire(wire: Wire) -> Wire:
    wire.put(SECRETS, "password", data={"a": "b"})
    return wire


@pytest.mark.parametrize("aggregated", [True, False])
async def test_mirrors_what_the_defaults_ask_for(wire: Wire, aggregated: bool) -> None:
    wire.aggregated = aggregated
    wire.kinds[CONFIGMAPS.path] = CONFIGMAPS
    wire.kinds[LEASES.path] = LEASES
    async with looking(wire) as (watcher, mirror):
        await converged(mirror, wire, PODS, NODES, NAMESPACES, DEPLOYMENTS, CRDS)
        await eventually(lambda: {kind.state for kind in watcher.freshness().kinds} == {"live"})
        assert len(wire.watches) == 5
        freshness = watcher.freshness()
        assert freshness.state == "live"
        assert freshness.last_proof is not None
        assert abs(freshness.last_proof - time.time()) < 6
        assert mirror.kept.keys() == {(k.group, k.kind) for k in (PODS, NODES, NAMESPACES, DEPLOYMENTS, CRDS)}
        assert (watcher.counters.lists, watcher.counters.watches, watcher.counters.relists) == (5, 5, 0)


async def test_secrets_are_never_asked_for(wire: Wire) -> None:
    async with looking(wire, "*/*,core/Secret,+core/secret") as (watcher, mirror):
        await converged(mirror, wire, PODS, DEPLOYMENTS)
        await eventually(lambda: len(wire.watches) == 5)
        assert not wire.count(lambda path, query: "secrets" in path)
        assert watcher.resource("", "Secret") is None
        assert watcher.resource("", "Pod") == PODS


async def test_patterns_narrow_it_down(wire: Wire) -> None:
    async with looking(wire, "-*/*,apps/Deployment") as (_, mirror):
        await converged(mirror, wire, DEPLOYMENTS)
        assert mirror.kept.keys() == {("apps", "Deployment")}
        # CRDs are read all the same, for what they say of custom kinds, and not shown.
        await eventually(lambda: wire.open_watches(CRDS))
        define(wire, WIDGETS)
        wire.put(DEPLOYMENTS, "after")
        await converged(mirror, wire, DEPLOYMENTS)
        assert mirror.kept.keys() == {("apps", "Deployment")}
        assert not wire.open_watches(PODS)


async def test_at_most_eight_lists_at_once(wire: Wire) -> None:
    async def slow(wire: Wire, request, answer):  # type: ignore[no-untyped-def] - see Fault
        wire.lists_open += 1
        wire.lists_peak = max(wire.lists_peak, wire.lists_open)
        await asyncio.sleep(0.05)
        wire.lists_open -= 1
        return await answer()

    kinds = [ResourceType("example.com", "v1", f"Kind{n}", f"kind{n}s", True) for n in range(30)]
    for kind in kinds:
        define(wire, kind)
        wire.put(kind, "one")
    wire.always.append((lambda request: "limit" in request.query and not is_probe(request), slow))
    async with looking(wire) as (_, mirror):
        await converged(mirror, wire, PODS, *kinds)
        assert 6 <= wire.lists_peak <= 8


async def test_custom_kind_comes_changes_and_goes(wire: Wire) -> None:
    async with looking(wire) as (watcher, mirror):
        await eventually(lambda: wire.open_watches(CRDS))
        define(wire, WIDGETS, established=False)
        wire.next(listing(WIDGETS), plain_text(404, "404 page not found"))
        wire.next(listing(WIDGETS), refuse(429, "TooManyRequests", retryAfterSeconds=1))
        define(wire, WIDGETS)
        wire.put(WIDGETS, "one")
        await converged(mirror, wire, WIDGETS, seconds=3)
        found = watcher.resource("example.com", "Widget")
        assert found is not None
        assert found.has_status is True
        # A new generation, served as another version: listed anew, without a moment of nothing.
        lists = wire.lists_of(WIDGETS)
        define(wire, WIDGETS, generation=2)
        await eventually(lambda: wire.lists_of(WIDGETS) > lists)
        assert mirror.of(WIDGETS)
        v2 = replace(WIDGETS, version="v2")
        wire.objects[v2.path] = wire.objects[WIDGETS.path]
        define(wire, v2, generation=3)
        await converged(mirror, wire, v2)
        # Without a status in its schema it has no loop.
        define(wire, v2, status=False, generation=4)
        await eventually(lambda: state_of(watcher, v2) == "counted")
        await eventually(lambda: mirror.of(v2) is None)
        define(wire, v2, generation=5)
        await converged(mirror, wire, v2)
        wire.delete(CRDS, "widgets.example.com")
        del wire.kinds[v2.path]
        wire.cut_watches(v2)
        await eventually(lambda: mirror.of(v2) is None)
        await eventually(lambda: state_of(watcher, v2) == "absent")
        assert watcher.resource("example.com", "Widget") is None
        assert "drop" in mirror.calls


async def test_custom_kind_deleted_and_defined_again_at_once(wire: Wire) -> None:
    define(wire, WIDGETS)
    wire.put(WIDGETS, "old")
    async with looking(wire) as (_, mirror):
        await converged(mirror, wire, WIDGETS)
        wire.delete(CRDS, "widgets.example.com")
        wire.objects[WIDGETS.path].clear()
        define(wire, WIDGETS)
        wire.put(WIDGETS, "new")
        await converged(mirror, wire, WIDGETS)


async def test_crd_deleted_while_discovery_was_under_way(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of before names a kind that has gone since; the next look would be minutes away."""
    monkeypatch.setattr(watching_all, "REDISCOVER", 0.2)
    monkeypatch.setattr(watching_all, "REDISCOVER_DOUBT", 0.2)
    define(wire, WIDGETS)

    async def of_before(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        found = await answer()
        monkeypatch.setattr(watching_all, "REDISCOVER", 300.0)
        wire.delete(CRDS, f"{WIDGETS.plural}.{WIDGETS.group}")
        del wire.kinds[WIDGETS.path]
        await eventually(lambda: state_of(watcher, WIDGETS) == "absent")
        return found

    async with looking(wire) as (watcher, _):
        await eventually(lambda: state_of(watcher, WIDGETS) == "live")
        wire.next(lambda request: request.path == "/apis", of_before)
        await eventually(lambda: not wire.faults)
        await eventually(lambda: state_of(watcher, WIDGETS) not in {"live", "absent"})
        await eventually(lambda: state_of(watcher, WIDGETS) == "absent")


async def test_crd_deleted_while_the_watch_of_crds_was_cut(wire: Wire) -> None:
    define(wire, WIDGETS)
    wire.put(WIDGETS, "old")
    async with looking(wire) as (watcher, mirror):
        await converged(mirror, wire, WIDGETS)
        wire.next(watching(CRDS), refuse(410, "Expired"))
        wire.cut_watches(CRDS)
        wire.delete(CRDS, "widgets.example.com")
        await eventually(lambda: state_of(watcher, WIDGETS) == "absent")
        assert mirror.of(WIDGETS) is None


async def test_forbidden_kind_does_not_take_the_others_with_it(wire: Wire) -> None:
    wire.forbidden.update({NODES.path, CRDS.path})
    wire.kinds[WIDGETS.path] = WIDGETS
    wire.put(WIDGETS, "one")
    async with looking(wire) as (watcher, mirror):
        await converged(mirror, wire, PODS, DEPLOYMENTS, WIDGETS)
        await eventually(lambda: state_of(watcher, NODES) == "forbidden")
        assert state_of(watcher, PODS) == "live"
        assert watcher.freshness().state == "live"


@pytest.mark.parametrize("aggregated", [True, False])
async def test_broken_group_is_reported_and_the_rest_goes_on(wire: Wire, aggregated: bool) -> None:
    wire.aggregated = aggregated
    wire.broken["metrics.example.com", "v1"] = 503
    async with looking(wire) as (watcher, mirror):
        await converged(mirror, wire, PODS, DEPLOYMENTS)
        broken = [kind for kind in watcher.freshness().kinds if kind.state == "failing"]
        assert [(kind.resource.group, kind.resource.kind) for kind in broken] == [("metrics.example.com", "*")]
        assert broken[0].note


async def test_clock_jump_changes_no_age(wire: Wire) -> None:
    now = 1_000_000.0
    timing = Timing(wall=lambda: now)
    connection, mirror = connect(wire, timing), Mirror()
    watcher = Watcher(connection, mirror, timing=timing, tuning=QUICK)
    task = asyncio.create_task(watcher.run())
    try:
        await eventually(lambda: watcher.freshness().state == "live")
        for jump in (3600.0, -7200.0):
            now += jump
            freshness = watcher.freshness()
            assert freshness.state == "live"
            assert freshness.last_proof is not None
            assert 0 <= now - freshness.last_proof < 6
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()


async def test_refused_credential_is_an_error_of_the_cluster(wire: Wire) -> None:
    wire.allowed_tokens = {"right"}
    async with looking(wire) as (watcher, mirror):
        await eventually(lambda: "401" in watcher.freshness().error)
        wire.allowed_tokens = None
        await converged(mirror, wire, PODS, DEPLOYMENTS)


async def test_sink_that_fails_is_our_mistake_and_is_not_the_end(wire: Wire) -> None:
    class Broken(Mirror):
        def page(self, resource: ResourceType, objects: list[dict[str, object]]) -> None:
            if resource == PODS and self.calls.count("oops") == 0:
                self.calls.append("oops")
                raise KeyError("a bug")
            super().page(resource, objects)

    connection, mirror = connect(wire), Broken()
    watcher = Watcher(connection, mirror, tuning=QUICK)
    task = asyncio.create_task(watcher.run())
    try:
        await converged(mirror, wire, PODS, DEPLOYMENTS)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()
