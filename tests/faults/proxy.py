"""What lies between us and an API server, and every way in which it fails. Real sockets on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

OF_A_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host", "content-length"})
Matcher = Callable[[web.Request], bool]
GARBAGE = b'<html>upstream timed out</html>\n{"type":\n'


def anything(request: web.Request) -> bool:
    """Every request."""
    return True


def listing(plural: str, *, later: bool = False) -> Matcher:
    """Lists of a kind: their first pages, or those that go on."""
    return lambda request: (
        request.path.endswith(f"/{plural}")
        and "watch" not in request.query
        and "fieldSelector" not in request.query
        and ("continue" in request.query) == later
    )


def probing(request: web.Request) -> bool:
    """The probe's questions."""
    return "fieldSelector" in request.query


def watching(plural: str) -> Matcher:
    """Watches of a kind."""
    return lambda request: request.path.endswith(f"/{plural}") and "watch" in request.query


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer instead of the server's; a `page` is what an ingress says in its place."""

    status: int
    retry_after: str = ""
    page: bool = False

    def answer(self) -> web.Response:
        if self.page:
            return web.Response(status=self.status, text="<html>default backend</html>", content_type="text/html")
        reason = {410: "Expired", 429: "TooManyRequests", 401: "Unauthorized"}.get(self.status, "ServiceUnavailable")
        body = {"kind": "Status", "status": "Failure", "reason": reason, "code": self.status, "message": reason}
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        return web.json_response(body, status=self.status, headers=headers)


@dataclass(eq=False, slots=True)
class Flow:
    """One answer on its way to us. `held` keeps back what comes, `torn` lets half of the next piece through."""

    request: web.Request
    response: web.StreamResponse
    held: bool = False
    torn: bool = False

    @property
    def path(self) -> str:
        return self.request.path

    def cut(self) -> None:
        """End the connection without a word."""
        if self.request.transport is not None:
            self.request.transport.abort()

    async def inject(self, content: bytes) -> None:
        """Say what the server never said."""
        with suppress(ConnectionError):
            await self.response.write(content)


@dataclass(eq=False)
class Proxy:
    """Forwards to `upstream` until told otherwise. `async with Proxy(url) as proxy`."""

    upstream: str
    port: int = 0
    tokens: set[str] | None = None
    flows: set[Flow] = field(default_factory=set)
    refusals: list[tuple[Matcher, Refusal, int]] = field(default_factory=list)
    asked: list[tuple[float, str]] = field(default_factory=list)
    """When, and what: path and query."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Proxy:
        self._open = asyncio.Event()
        self._open.set()
        self._session = aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0))
        self._runner: web.AppRunner | None = None
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.thaw()
        await self.stop()
        await self._session.close()

    # -- mischief

    async def start(self) -> None:
        """Listen, at the address of before."""
        if self._runner is not None:
            return
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, handler_cancellation=True, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Refuse connections, and cut those there are."""
        self.cut()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def streams(self, plural: str = "") -> list[Flow]:
        """Open watches (of one kind)."""
        watches = [flow for flow in self.flows if "watch" in flow.request.query]
        return [flow for flow in watches if not plural or flow.path.endswith(f"/{plural}")]

    def cut(self, plural: str = "") -> None:
        """Cut the open watches (of one kind)."""
        for flow in self.streams(plural):
            flow.cut()

    def freeze(self) -> None:
        """Say nothing more, on no connection, and answer nothing."""
        self._open.clear()

    def thaw(self) -> None:
        """Go on where it froze."""
        self._open.set()

    def refuse(
        self, matcher: Matcher, status: int, retry_after: str = "", times: int = 1, *, page: bool = False
    ) -> None:
        """Answer the next requests of a sort with a refusal."""
        self.refusals.append((matcher, Refusal(status, retry_after, page), times))

    # -- the way of a request

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((asyncio.get_running_loop().time(), str(request.rel_url)))
        await self._open.wait()
        refusal = self._refused(request)
        if refusal is not None:
            return refusal.answer()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OF_A_HOP}
        body = await request.read()
        try:
            async with self._session.request(
                request.method, self.upstream + str(request.rel_url), headers=headers, data=body or None
            ) as answer:
                return await self._forward(request, answer)
        except aiohttp.ClientError:
            # The server has gone: so has the connection, not an answer of ours in its place.
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

    def _refused(self, request: web.Request) -> Refusal | None:
        if self.tokens is not None and request.headers.get("Authorization", "")[7:] not in self.tokens:
            return Refusal(401)
        for index, (matcher, refusal, times) in enumerate(self.refusals):
            if matcher(request):
                self.refusals[index] = (matcher, refusal, times - 1)
                if times <= 1:
                    del self.refusals[index]
                return refusal
        return None

    async def _forward(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in OF_A_HOP}
        response = web.StreamResponse(status=answer.status, headers=kept)
        await response.prepare(request)
        flow = Flow(request, response)
        self.flows.add(flow)
        try:
            async for piece in answer.content.iter_any():
                await self._pass_on(flow, piece)
            await response.write_eof()
        except ConnectionError:
            return response
        finally:
            self.flows.discard(flow)
        return response

    async def _pass_on(self, flow: Flow, piece: bytes) -> None:
        await self._open.wait()
        if flow.held:
            return
        if flow.torn:
            await flow.response.write(piece[: len(piece) // 2])
            await asyncio.sleep(0)
            flow.cut()
            raise ConnectionResetError
        await flow.response.write(piece)
