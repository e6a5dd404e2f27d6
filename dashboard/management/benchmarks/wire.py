"""The API of a made cluster: raw bytes over loopback, from a process of its own, so that its work is not measured."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import islice

import orjson
from aiohttp import web

from dashboard.core.objects import ResourceType
from dashboard.management.benchmarks.blocks import KINDS, LISTED_AT, PER_BLOCK, churn, items, stamped

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

WAIT = 3600.0
BOOKMARKS = 30.0
"""Seconds between bookmarks of a watch on which nothing happens: an API server sends one about every minute."""
AT_ONCE = 20
"""Events in one write when they are sent as fast as they can be."""


class Wire:
    """Lists in pages, and watches of Pods that send their events when told to `/go`, with discovery of both.

    `/go` alone sends prepared events, as fast as they are read. `/go?count=…&rate=…` sends so many a second, each of
    which can be told from all others (see `blocks.stamped`); `/sent` says when each was sent, by the machine's steady
    clock.
    """

    def __init__(self, blocks: int, events: int) -> None:
        self.blocks = blocks
        self.asked: dict[str, int] = {"lists": 0, "watches": 0}
        self._events = churn(events) if events else []
        self._rate = 0.0
        self._paced: list[bytes] = []
        self._sent: list[float] = []
        self._go = asyncio.Event()
        self._bodies: dict[tuple[str, int], list[bytes]] = {}

    def application(self) -> web.Application:
        """Routes for the three kinds, and for those who measure."""
        app = web.Application()
        for path, answer in discovery():
            app.router.add_get(path, _answering(answer))
        for kind in KINDS:
            app.router.add_get(kind.path, self._collection)
        app.router.add_get("/go", self._start)
        app.router.add_get("/asked", self._tell)
        app.router.add_get("/sent", self._tell_sent)
        return app

    async def _start(self, request: web.Request) -> web.Response:
        count = int(request.query.get("count") or len(self._events))
        self._rate = float(request.query.get("rate") or 0)
        self._paced = list(islice(stamped(), count)) if self._rate else []
        self._go.set()
        return web.json_response({"events": count})

    async def _tell_sent(self, request: web.Request) -> web.Response:
        return web.json_response(self._sent)

    async def _tell(self, request: web.Request) -> web.Response:
        return web.json_response(self.asked)

    async def _collection(self, request: web.Request) -> web.StreamResponse:
        plural = request.path.rpartition("/")[2]
        if request.query.get("watch") == "true":
            self.asked["watches"] += 1
            return await self._watch(request, plural)
        return self._page(request, plural)

    def _page(self, request: web.Request, plural: str) -> web.Response:
        start = int(request.query.get("continue") or 0)
        self.asked["lists"] += start == 0
        size, total = PER_BLOCK[plural], PER_BLOCK[plural] * self.blocks
        end = min(start + int(request.query.get("limit") or total), total)
        parts = b",".join(
            b",".join(self._block(plural, block)[max(start - block * size, 0) : end - block * size])
            for block in range(start // size, (end - 1) // size + 1)
        )
        more = b',"continue":"%d","remainingItemCount":%d' % (end, total - end) if end < total else b""
        head = b'{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"%d"%s},"items":[' % (LISTED_AT, more)
        return web.Response(body=head + parts + b"]}", content_type="application/json")

    def _block(self, plural: str, block: int) -> list[bytes]:
        if (plural, block) not in self._bodies:
            self._bodies[plural, block] = items(plural, block)
        return self._bodies[plural, block]

    def prepare(self) -> None:
        """Make every object now, so that nobody waits for it later."""
        for kind in KINDS:
            for block in range(self.blocks):
                self._block(kind.plural, block)

    async def _watch(self, request: web.Request, plural: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        if plural == "pods":
            await self._go.wait()
            async for part in self._pacing() if self._rate else self._hurrying():
                await response.write(part)
            await asyncio.sleep(WAIT)
        await bookmarks(response, plural)
        return response

    async def _hurrying(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._events), AT_ONCE):
            yield b"".join(self._events[at : at + AT_ONCE])

    async def _pacing(self) -> AsyncIterator[bytes]:
        """Each event at its time. What falls due while somebody else had the processor is sent at once."""
        began = time.monotonic()
        for at, event in enumerate(self._paced):
            await asyncio.sleep(max(0.0, began + at / self._rate - time.monotonic()))
            self._sent.append(time.monotonic())
            yield event


async def bookmarks(response: web.StreamResponse, plural: str) -> None:
    """Prove a watch on which nothing happens, as an API server does, until its reader is gone."""
    kind = next(each for each in KINDS if each.plural == plural)
    version = f"{kind.group}/{kind.version}" if kind.group else kind.version
    told = {"kind": kind.kind, "apiVersion": version, "metadata": {"resourceVersion": str(LISTED_AT)}}
    line = orjson.dumps({"type": "BOOKMARK", "object": told}) + b"\n"
    while True:
        await asyncio.sleep(BOOKMARKS)
        await response.write(line)


def discovery() -> Iterator[tuple[str, object]]:
    """What an API says of itself: each path with its answer."""
    yield "/api", {"kind": "APIVersions", "versions": ["v1"]}
    version = {"groupVersion": "apps/v1", "version": "v1"}
    group = {"name": "apps", "versions": [version], "preferredVersion": version}
    yield "/apis", {"kind": "APIGroupList", "groups": [group]}
    for root in ("/api/v1", "/apis/apps/v1"):
        found = [_described(kind) for kind in KINDS if kind.path.startswith(f"{root}/")]
        yield root, {"kind": "APIResourceList", "groupVersion": root.split("/", 2)[2], "resources": found}
    kube_system = {"metadata": {"name": "kube-system", "uid": "made"}}
    yield "/api/v1/namespaces", {"metadata": {"resourceVersion": str(LISTED_AT)}, "items": [kube_system]}


def _described(kind: ResourceType) -> dict[str, object]:
    return {"name": kind.plural, "kind": kind.kind, "namespaced": True, "verbs": ["list", "watch"]}


def _answering(answer: object) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response(answer)

    return handle


async def serve(blocks: int, events: int) -> None:
    """Serve until standard input ends; the first line written is the address."""
    wire = Wire(blocks, events)
    wire.prepare()
    runner = web.AppRunner(wire.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
