"""A watcher at work on the wire, and the CRDs that it is to follow."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dashboard.cluster.discovery import KindFilter
from dashboard.cluster.reflector import Tuning
from dashboard.cluster.timing import Timing
from dashboard.cluster.watcher import Watcher
from dashboard.core.objects import ResourceType
from tests.cluster.mirror import QUICK, Mirror, connect
from tests.cluster.wire import CRDS, Wire

WIDGETS = ResourceType("example.com", "v1", "Widget", "widgets", True)


def define(
    wire: Wire, kind: ResourceType, *, established: bool = True, status: bool = True, generation: int = 1
) -> None:
    """Create or change the CRD of a kind; serve it when it is established."""
    version = {"name": kind.version, "served": True, "storage": True}
    version["schema"] = {"openAPIV3Schema": {"properties": {"spec": {}, **({"status": {}} if status else {})}}}
    name = f"{kind.plural}.{kind.group}"
    obj = wire.put(
        CRDS,
        name,
        spec={
            "group": kind.group,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": {"kind": kind.kind, "plural": kind.plural},
            "versions": [version],
        },
        status={"conditions": [{"type": "Established", "status": "True" if established else "False"}]},
    )
    obj["metadata"]["generation"] = generation
    wire.put_again(CRDS, name)
    if established:
        wire.kinds[kind.path] = kind


@asynccontextmanager
async def looking(
    wire: Wire, kinds: str = "", *, tuning: Tuning = QUICK, seed: int = 1
) -> AsyncIterator[tuple[Watcher, Mirror]]:
    """A watcher at work on the wire."""
    timing = Timing(chance=random.Random(seed))
    connection, mirror = connect(wire, timing), Mirror()
    watcher = Watcher(connection, mirror, kinds=KindFilter.parse(kinds), timing=timing, tuning=tuning)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher, mirror
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()


def state_of(watcher: Watcher, kind: ResourceType) -> str:
    for state in watcher.freshness().kinds:
        if (state.resource.group, state.resource.kind) == (kind.group, kind.kind):
            return state.state
    return "absent"
