"""The made cluster of `bench browser`: its Pods change where a board shows them, each change known when it is seen.

Every watch gets the same bytes at the same moment, so that a second one tells when an event was there to be read.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import orjson
from aiohttp import ClientConnectionResetError, web

from dashboard.management.benchmarks import workers
from dashboard.management.benchmarks.blocks import LISTED_AT, MARK, event, items, templates
from dashboard.management.benchmarks.wire import Wire, bookmarks

SHOWN = 20
"""Pods that change when each change is to be seen: the first of a list of all Pods, which any window shows."""
AMONG = 200
"""Pods that turn unready and ready when as much as possible is to move."""
MARKED = re.compile(rb'"image":"[^"]*:e(\d+)"')
"""Finds an event's number in its line."""

Make = Callable[[int], bytes]
Place = tuple[str, str, int, int]
"""Namespace, name, index in a block, block."""


class ChangingWire(Wire):
    """`/go?count=…&rate=…&what=marks|flips` sends so many events a second to every watch of Pods that is open."""

    def __init__(self, blocks: int) -> None:
        super().__init__(blocks, 0)
        self._version = count(LISTED_AT + 1)
        self._marks = count(1)
        self._watches: set[asyncio.Queue[bytes]] = set()
        self._sending: asyncio.Task[None] | None = None
        self._pods = first_pods(blocks, AMONG)

    async def _start(self, request: web.Request) -> web.Response:
        number, rate = int(request.query["count"]), float(request.query["rate"])
        make = self._mark if request.query["what"] == "marks" else self._flip
        self._sending = asyncio.create_task(self._send(number, rate, make))
        return web.json_response({"events": number})

    async def _send(self, number: int, rate: float, make: Make) -> None:
        began = time.monotonic()
        for at in range(number):
            line = make(at)
            await asyncio.sleep(max(0.0, began + at / rate - time.monotonic()))
            for watch in self._watches:
                watch.put_nowait(line)

    def _mark(self, at: int) -> bytes:
        return marked(self._pods[at % min(SHOWN, len(self._pods))], next(self._version), next(self._marks))

    def _flip(self, at: int) -> bytes:
        place = at * 7
        return event(self._pods[place % len(self._pods)], next(self._version), ready=bool(place // len(self._pods) % 2))

    async def _watch(self, request: web.Request, plural: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        lines: asyncio.Queue[bytes] = asyncio.Queue()
        try:
            if plural != "pods":
                await bookmarks(response, plural)
            self._watches.add(lines)
            while True:
                await response.write(await lines.get())
        except ClientConnectionResetError:
            return response  # a watch ends when who reads it has read enough
        finally:
            self._watches.discard(lines)


def first_pods(blocks: int, number: int) -> list[bytes]:
    """The list items of the Pods that come first where all Pods are listed by namespace and name."""
    places: list[Place] = []
    for index, raw in enumerate(templates()["pods"]):
        meta = orjson.loads(raw)["metadata"]
        stem = meta["name"].removesuffix(f"-{MARK.decode()}")
        names = (f"{stem}-{block:05}" if block else stem for block in range(blocks))
        places += [(meta["namespace"], name, index, block) for block, name in enumerate(names)]
    made: dict[int, list[bytes]] = {}
    found = []
    for *_, index, block in sorted(places)[:number]:
        if block not in made:
            made[block] = items("pods", block)
        found.append(made[block][index])
    return found


def marked(item: bytes, version: int, mark: int) -> bytes:
    """A watch event's line: the Pod of a list item, the tag of its image the event's number, all else as it was."""
    obj = orjson.loads(item)
    obj["metadata"]["resourceVersion"] = str(version)
    for part in (obj["spec"]["containers"], obj["status"]["containerStatuses"]):
        part[0]["image"] = f"{part[0]['image'].rpartition(':')[0]}:e{mark}"
    return orjson.dumps({"type": "MODIFIED", "object": {"kind": "Pod", "apiVersion": "v1", **obj}}) + b"\n"


@contextmanager
def changing(blocks: int) -> Iterator[str]:
    """The address of such an API, in a process of its own."""
    with workers.serving(__name__, str(blocks)) as url:
        yield url


async def serve(blocks: int) -> None:
    """Serve until standard input ends; the first line written is the address."""
    wire = ChangingWire(blocks)
    wire.prepare()
    runner = web.AppRunner(wire.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
