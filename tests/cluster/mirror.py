"""A sink that keeps everything, waiting for a condition, and settings that make a reflector quick."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from dashboard.cluster.connection import Connection
from dashboard.cluster.kubeconfig import Access
from dashboard.cluster.pulse import Pulse
from dashboard.cluster.reflector import Counters, Reflector, Tuning, Wiring
from dashboard.cluster.timing import Timing
from dashboard.core.objects import ResourceType
from tests.cluster.wire import Wire

QUICK = Tuning(
    page=5,
    watch_seconds=(20, 30),
    list_silence=1.0,
    backoff_base=0.02,
    backoff_cap=0.2,
    refused_cap=0.2,
    refused_grace=0.3,
    count_interval=0.2,
)


class Mirror:
    """What a consumer keeps; it objects to calls out of order."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], dict[tuple[str, str], dict[str, Any]]] = {}
        self.fresh: dict[tuple[str, str], dict[tuple[str, str], dict[str, Any]]] = {}
        self.calls: list[str] = []

    @staticmethod
    def _kind(resource: ResourceType) -> tuple[str, str]:
        return resource.group, resource.kind

    @staticmethod
    def _key(obj: dict[str, Any]) -> tuple[str, str]:
        return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]

    def begin(self, resource: ResourceType) -> None:
        self.calls.append("begin")
        self.fresh[self._kind(resource)] = {}

    def page(self, resource: ResourceType, objects: list[dict[str, Any]]) -> None:
        self.calls.append("page")
        for obj in objects:
            assert (obj["apiVersion"], obj["kind"]) == (resource.api_version, resource.kind)
            self.fresh[self._kind(resource)][self._key(obj)] = obj

    def end(self, resource: ResourceType) -> None:
        self.calls.append("end")
        self.kept[self._kind(resource)] = self.fresh.pop(self._kind(resource))

    def apply(self, resource: ResourceType, type: str, obj: dict[str, Any]) -> None:
        self.calls.append(type)
        assert self._kind(resource) not in self.fresh, "a change in the middle of a list"
        assert (obj["apiVersion"], obj["kind"]) == (resource.api_version, resource.kind)
        kept = self.kept[self._kind(resource)]
        if type == "DELETED":
            kept.pop(self._key(obj), None)
        else:
            kept[self._key(obj)] = obj

    def drop(self, resource: ResourceType) -> None:
        self.calls.append("drop")
        self.kept.pop(self._kind(resource), None)
        self.fresh.pop(self._kind(resource), None)

    def of(self, resource: ResourceType) -> dict[tuple[str, str], dict[str, Any]] | None:
        return self.kept.get(self._kind(resource))


async def eventually(condition: Callable[[], Any], seconds: float = 8.0, why: Callable[[], object] = str) -> None:
    """Wait until the condition holds; fail with `why()` when it does not in time."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - the state of others, which has no event to wait for
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {why()}") from None


def difference(mirror: Mirror, wire: Wire, resource: ResourceType) -> str:
    """What differs between the mirror and the truth, "" when nothing does."""
    kept, truth = mirror.of(resource), wire.truth(resource)
    if kept is None:
        return "nothing is kept"
    wrong = [key for key in kept.keys() | truth.keys() if kept.get(key) != truth.get(key)]
    return f"{len(wrong)} differ, {sorted(wrong)[:5]} of {len(truth)}" if wrong else ""


async def converged(mirror: Mirror, wire: Wire, *resources: ResourceType, seconds: float = 8.0) -> None:
    """Wait until there are zero differences."""
    await eventually(
        lambda: not any(difference(mirror, wire, resource) for resource in resources),
        seconds,
        lambda: {resource.kind: difference(mirror, wire, resource) for resource in resources},
    )


def connect(wire: Wire, timing: Timing | None = None, **access: Any) -> Connection:
    return Connection(Access(name="wire", server=wire.url, **access), timing)


@asynccontextmanager
async def reflecting(
    wire: Wire, resource: ResourceType, *, tuning: Tuning = QUICK, custom: bool = False, seed: int = 1
) -> AsyncIterator[tuple[Reflector, Mirror, Pulse]]:
    """A reflector at work on the wire."""
    timing = Timing(chance=random.Random(seed))
    connection, mirror, pulse = connect(wire, timing), Mirror(), Pulse()
    wiring = Wiring(connection, mirror, asyncio.Semaphore(8), pulse, Counters(), timing, tuning)
    reflector = Reflector(resource, wiring, custom=custom)
    task = asyncio.create_task(reflector.run())
    try:
        yield reflector, mirror, pulse
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()
