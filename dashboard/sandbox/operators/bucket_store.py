"""A stand-in for an object store outside the cluster: `python -m dashboard.sandbox.operators.bucket_store --root DIR`.

    GET    /buckets                       names
    GET    /buckets/NAME                  {"name", "id", "owner", "created", "versioning", "tags", "objects"}
    PUT    /buckets/NAME                  {"owner", "versioning", "tags"} → 201 new, 200 changed
    DELETE /buckets/NAME?owner=OWNER      204
    GET    /faults, PUT /faults           {"delay": seconds, "throttle": Retry-After in seconds, "refuse": [methods]}
                                          and how many requests were "refused" since the last PUT

Every other answer is {"code", "message"}, with the status and the code that S3 uses. It listens on loopback only,
prints `bucket store ready on http://127.0.0.1:PORT` when it serves, and stops as the sandbox does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from dashboard.sandbox.operators.bucket_shelf import RefusalError, Shelf, Wish
from dashboard.sandbox.operators.lifetime import until_told

HOST = "127.0.0.1"
METHODS = frozenset({"GET", "PUT", "DELETE"})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Faults:
    """How it misbehaves: how long each answer takes, whether it asks everybody to wait, what it forbids."""

    delay: float = 0.0
    throttle: int = 0
    refuse: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, body: dict[str, Any]) -> Faults:
        """From JSON. Raises RefusalError (400) that names what is accepted."""
        delay, throttle, refuse = body.get("delay", 0.0), body.get("throttle", 0), body.get("refuse", [])
        if not isinstance(delay, int | float) or not 0 <= delay <= 60:
            raise RefusalError(400, "InvalidArgument", "delay is a number of seconds from 0 to 60")
        if not isinstance(throttle, int) or not 0 <= throttle <= 600:
            raise RefusalError(400, "InvalidArgument", "throttle is a whole number of seconds from 0 to 600")
        if not isinstance(refuse, list) or any(each not in METHODS for each in map(str, refuse)):
            raise RefusalError(400, "InvalidArgument", f"refuse is a list out of {', '.join(sorted(METHODS))}")
        return cls(delay, throttle, refuse)


class Store:
    """The HTTP side of a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.port = 0
        self.faults = Faults()
        self.refused = 0

    def application(self) -> web.Application:
        """Its routes, behind the guard and the faults."""
        app = web.Application(middlewares=[self._answer])
        app.router.add_get("/buckets", self._names)
        app.router.add_get("/buckets/{name}", self._get)
        app.router.add_put("/buckets/{name}", self._put)
        app.router.add_delete("/buckets/{name}", self._delete)
        app.router.add_get("/faults", self._get_faults)
        app.router.add_put("/faults", self._put_faults)
        return app

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._guard(request)
            if request.path.startswith("/buckets"):
                await self._misbehave(request.method)
            return await handler(request)
        except RefusalError as refusal:
            headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
            body = {"code": refusal.code, "message": str(refusal)}
            return web.json_response(body, status=refusal.status, headers=headers)
        except web.HTTPException as error:
            return web.json_response({"code": "NotSupported", "message": error.reason}, status=error.status)

    def _guard(self, request: web.Request) -> None:
        """Loopback is no boundary: a web page in a browser reaches it too, and is told from others by its headers."""
        if request.host not in (f"{HOST}:{self.port}", f"localhost:{self.port}"):
            raise RefusalError(421, "WrongHost", "this is not the address of this store")
        if "Origin" in request.headers or "Sec-Fetch-Site" in request.headers:
            raise RefusalError(403, "AccessDenied", "web pages have no business here")
        if request.method == "PUT" and request.content_type != "application/json":
            raise RefusalError(415, "UnsupportedMediaType", "the body is application/json")

    async def _misbehave(self, method: str) -> None:
        faults = self.faults
        await asyncio.sleep(faults.delay)
        if faults.throttle:
            self.refused += 1
            raise RefusalError(429, "SlowDown", "Please reduce your request rate", faults.throttle)
        if method in faults.refuse:
            self.refused += 1
            raise RefusalError(403, "AccessDenied", "Access Denied")

    async def _names(self, request: web.Request) -> web.Response:
        return web.json_response({"buckets": self._shelf.names()})

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._shelf.read(request.match_info["name"]))

    async def _put(self, request: web.Request) -> web.Response:
        bucket, new = self._shelf.put(request.match_info["name"], _wish(await _body(request)))
        return web.json_response(bucket, status=201 if new else 200)

    async def _delete(self, request: web.Request) -> web.Response:
        self._shelf.delete(request.match_info["name"], request.query.get("owner", ""))
        return web.Response(status=204)

    async def _get_faults(self, request: web.Request) -> web.Response:
        return web.json_response({**asdict(self.faults), "refused": self.refused})

    async def _put_faults(self, request: web.Request) -> web.Response:
        self.faults, self.refused = Faults.parse(await _body(request)), 0
        return await self._get_faults(request)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise RefusalError(400, "MalformedJSON", "the body is no JSON") from error
    if not isinstance(body, dict):
        raise RefusalError(400, "MalformedJSON", "the body is no JSON object")
    return body


def _wish(body: dict[str, Any]) -> Wish:
    owner, versioning, tags = body.get("owner"), body.get("versioning", False), body.get("tags", {})
    if not isinstance(owner, str) or not owner:
        raise RefusalError(400, "InvalidArgument", "owner is a text")
    if not isinstance(versioning, bool):
        raise RefusalError(400, "InvalidArgument", "versioning is true or false")
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise RefusalError(400, "InvalidTag", "tags are texts by name")
    return Wish(owner, versioning, tags)


async def _serve(root: Path, port: int, *, until_stdin_closes: bool) -> None:
    store = Store(Shelf(root))
    runner = web.AppRunner(store.application(), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    store.port = runner.addresses[0][1]
    sys.stdout.write(f"bucket store ready on http://{HOST}:{store.port}\n")
    sys.stdout.flush()
    await until_told(stdin=until_stdin_closes)
    await runner.cleanup()


def main() -> int:
    """Serve until told to stop; 0, or 1 when the port or the folder cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.sandbox.operators.bucket_store")
    parser.add_argument("--root", type=Path, required=True, help="folder that holds the buckets")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    args = parser.parse_args()
    try:
        asyncio.run(_serve(args.root, args.port, until_stdin_closes=args.until_stdin_closes))
    except OSError as error:
        sys.stderr.write(f"bucket store: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
