"""The floor of `bench browser`: a bare page that shows the raw watch's lines, sent to it over a bare WebSocket.

Nothing is judged, kept or left out: what this page takes is what any live page would.
"""

from __future__ import annotations

import asyncio
import json
import sys

import aiohttp
from aiohttp import web

from dashboard.management.benchmarks.blocks import PODS

PAGE = """<!doctype html><title>floor</title><main></main><script>
const rows = new Map(), main = document.querySelector("main");
new WebSocket(`ws://${location.host}/ws`).onmessage = ({data}) => {
  const {metadata: {namespace, name}, spec: {containers}, status} = JSON.parse(data).object;
  const key = `${namespace}/${name}`;
  if (!rows.has(key)) rows.set(key, main.appendChild(document.createElement("p")));
  const ready = status.containerStatuses.filter(each => each.ready).length;
  rows.get(key).textContent = `${key} ${ready} of ${containers.length} ${containers.map(each => each.image)}`;
};
</script>"""


async def bare(api: str) -> dict[str, object]:
    """In a process of its own: pass the watch of the API at `api` on to every page, until standard input ends."""
    viewers: set[web.WebSocketResponse] = set()

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def socket(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        viewers.add(response)
        async for _ in response:
            pass
        viewers.discard(response)
        return response

    async def pass_on() -> None:
        timeout = aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(timeout=timeout, read_bufsize=1 << 20) as session,
            session.get(f"{api}{PODS.path}", params={"watch": "true"}) as answer,
        ):
            async for line in answer.content:
                text = line.decode()
                for viewer in tuple(viewers):
                    await viewer.send_str(text)

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/ws", socket)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    passing = asyncio.create_task(pass_on())
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)
    return {}
