"""The real parts against a made API: connection, reflectors, board; and the floor, which only reads and decodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson

from dashboard.cluster import collector
from dashboard.cluster.connection import Connection
from dashboard.cluster.kubeconfig import Access
from dashboard.cluster.pulse import Pulse
from dashboard.cluster.reflector import Reflector
from dashboard.cluster.timing import Timing
from dashboard.cluster.wiring import Counters, KindState, Sink, Tuning, Wiring
from dashboard.management.benchmarks.blocks import KINDS

FLOOR_PAGE = 500
"""Objects per page of the floor: client-go's and kubectl's own."""


class Mirror:
    """Reflectors of the three kinds, at work."""

    def __init__(self, connection: Connection, sink: Sink) -> None:
        timing = Timing()
        self.counters = Counters()
        wiring = Wiring(connection, sink, asyncio.Semaphore(8), Pulse(), self.counters, timing, Tuning())
        self.reflectors = [Reflector(kind, wiring) for kind in KINDS]

    @property
    def live(self) -> bool:
        """Whether every kind has been listed and is watched."""
        return all(each.status().state == "live" for each in self.reflectors)

    @property
    def objects(self) -> int:
        """Objects that were listed so far, and came or went since."""
        return sum(each.status().objects for each in self.reflectors)


@asynccontextmanager
async def mirroring(url: str, sink: Sink) -> AsyncIterator[Mirror]:
    """Mirror an API into a sink; what a watcher does, without discovery."""
    collector.relax()
    connection = Connection(Access(name="bench", server=url))
    mirror = Mirror(connection, sink)
    tasks = [asyncio.create_task(each.run()) for each in mirror.reflectors]
    try:
        yield mirror
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await connection.close()


async def until(condition: Callable[[], bool], every: float = 0.005) -> None:
    """Wait for a condition that nobody announces. Raises TimeoutError after four minutes."""
    async with asyncio.timeout(240):
        while not condition():  # noqa: ASYNC110 - the state of parts that have no event to wait for
            await asyncio.sleep(every)


async def go(url: str) -> int:
    """Have the API send its events; how many there will be."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/go") as answer:
        return int((await answer.json())["events"])


async def floor_list(url: str) -> int:
    """Read every list in pages and decode each page: how many objects there are."""
    count = 0
    async with aiohttp.ClientSession() as session:
        for kind in KINDS:
            token = ""
            while True:
                query = {"limit": str(FLOOR_PAGE)} | ({"continue": token} if token else {})
                async with session.get(f"{url}{kind.path}", params=query) as answer:
                    page = orjson.loads(await answer.read())
                count += len(page["items"])
                token = page["metadata"].get("continue", "")
                if not token:
                    break
    return count


async def floor_watch(url: str) -> tuple[int, float]:
    """Read the events of Pods and decode each line: how many, and the CPU seconds it took."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}{KINDS[-1].path}", params={"watch": "true"}) as answer,
    ):
        expected = await go(url)
        count, rest, began = 0, b"", time.process_time()
        while count < expected:
            lines = (rest + await answer.content.readany()).split(b"\n")
            rest = lines.pop()
            for line in lines:
                orjson.loads(line)
            count += len(lines)
        return count, time.process_time() - began


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@dataclass(frozen=True, slots=True)
class StillLive:
    """The freshness of a cluster that is proven all the time."""

    state: str = "live"
    last_proof: float | None = None
    error: str = ""
    kinds: tuple[KindState, ...] = ()


def still_live() -> StillLive:
    """For hubs that nothing but events should wake."""
    return StillLive()
