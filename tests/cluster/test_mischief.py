"""Everything that a wire can do at random, by a seed."""

from __future__ import annotations

import asyncio
import random

import pytest

from dashboard.core.objects import ResourceType
from tests.cluster.mirror import converged, eventually
from tests.cluster.watching import WIDGETS, define, looking
from tests.cluster.wire import (
    CRDS,
    DEPLOYMENTS,
    NAMESPACES,
    NODES,
    PODS,
    Wire,
    cut,
    hang,
    is_probe,
    refuse,
)

CHAOS_KINDS = (PODS, DEPLOYMENTS, NODES, NAMESPACES, CRDS, WIDGETS)


async def half_line(wire: Wire, kind: ResourceType, chance: random.Random) -> None:
    wire.send(kind, b'{"type":"MODIFIED","object":{"meta')
    await asyncio.sleep(0.01)
    wire.cut_watches(kind)


async def stall_then_cut(wire: Wire, kind: ResourceType, chance: random.Random) -> None:
    wire.stall(kind)
    await asyncio.sleep(0.1)
    wire.cut_watches(kind)


async def restart(wire: Wire, kind: ResourceType, chance: random.Random) -> None:
    await wire.stop()
    if chance.random() < 0.5:
        wire.forget_history()
    await asyncio.sleep(chance.uniform(0, 0.3))
    await wire.start()


async def restore(wire: Wire, kind: ResourceType, chance: random.Random) -> None:
    await wire.stop()
    wire.objects[PODS.path].pop(("shop", "precious"), None)
    wire.restore(wire.version - chance.randrange(1, 50))
    await wire.start()


async def fail_requests(wire: Wire, kind: ResourceType, chance: random.Random) -> None:
    fault = chance.choice([cut, *(refuse(code, "Chaos") for code in (410, 429, 500, 503))])
    wire.next(lambda request: request.path == kind.path and not is_probe(request), fault, times=2)


async def small_mischief(wire: Wire, kind: ResourceType, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0:
            wire.cut_watches(chance.choice([kind, None]))
        case 1:
            wire.forget_history()
        case 2:
            wire.send(kind, b"garbage\n")
        case 3:
            wire.next(is_probe, hang)
        case 4:
            define(wire, WIDGETS, generation=wire.version)
        case 5:
            wire.bookmark(kind)


FAULTS = (half_line, stall_then_cut, restart, restore, fail_requests, small_mischief, small_mischief, small_mischief)


def write(wire: Wire, chance: random.Random) -> None:
    """A few writes to whatever kinds."""
    wire.put(PODS, "precious", at=wire.version)
    for _ in range(chance.randrange(6)):
        kind = chance.choice((PODS, DEPLOYMENTS, NODES, WIDGETS))
        if chance.random() < 0.7 or not wire.objects[kind.path]:
            wire.put(kind, f"x-{chance.randrange(15)}", spec={"n": chance.random()})
        else:
            namespace, name = chance.choice(sorted(wire.objects[kind.path]))
            wire.delete(kind, name, namespace)


@pytest.mark.parametrize("seed", [7, 20261124, None])
async def test_chaos_ends_with_zero_differences(wire: Wire, seed: int | None) -> None:
    seed = random.randrange(10**9) if seed is None else seed
    print(f"chaos seed {seed}")
    chance = random.Random(seed)
    define(wire, WIDGETS)
    async with looking(wire, seed=seed) as (watcher, mirror):
        for _ in range(50):
            write(wire, chance)
            await chance.choice(FAULTS)(wire, chance.choice(CHAOS_KINDS), chance)
            await asyncio.sleep(chance.uniform(0, 0.05))
        wire.faults.clear()
        await converged(mirror, wire, *CHAOS_KINDS, seconds=15)
        await eventually(lambda: watcher.freshness().state == "live", 10)
        await eventually(lambda: {kind.state for kind in watcher.freshness().kinds} == {"live"}, 10)
