"""The API of a made cluster: raw bytes over loopback, from a process of its own, so that its work is not measured."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

from dashboard.management.benchmarks.blocks import KINDS, LISTED_AT, PER_BLOCK, churn, items

WAIT = 3600.0


class Wire:
    """Lists in pages, and one watch of Pods that sends its events when told to `/go`."""

    def __init__(self, blocks: int, events: int) -> None:
        self.blocks = blocks
        self.asked: dict[str, int] = {"lists": 0, "watches": 0}
        self._events = churn(events) if events else []
        self._go = asyncio.Event()
        self._bodies: dict[tuple[str, int], list[bytes]] = {}

    def application(self) -> web.Application:
        """Routes for the three kinds."""
        app = web.Application()
        for kind in KINDS:
            app.router.add_get(kind.path, self._collection)
        app.router.add_get("/go", self._start)
        app.router.add_get("/asked", self._tell)
        return app

    async def _start(self, request: web.Request) -> web.Response:
        self._go.set()
        return web.json_response({"events": len(self._events)})

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
            for at in range(0, len(self._events), 20):
                await response.write(b"".join(self._events[at : at + 20]))
        await asyncio.sleep(WAIT)
        return response


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
