"""One cluster's API over kubernetes.aio's ApiClient: raw requests and raw streams, never typed models.

kubernetes.aio gives configuration, TLS and the connection pool; credentials are ours (see credentials).
Measured: typed models cost 15 times the CPU of raw JSON.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from dashboard.cluster.channel import Channel
from dashboard.cluster.credentials import Credential
from dashboard.cluster.errors import (
    BadRequest,
    ClusterError,
    ConfigError,
    Forbidden,
    Garbled,
    Unreachable,
    error_from_body,
    plain,
)
from dashboard.cluster.identity import source_for
from dashboard.cluster.keeper import Keeper
from dashboard.cluster.kubeconfig import Access, read_in_cluster, read_kubeconfig
from dashboard.cluster.lines import LineSplitter, decode
from dashboard.cluster.proxies import proxy_for
from dashboard.cluster.timing import Timing

JSON = "application/json"
Query = Mapping[str, str] | Sequence[tuple[str, str]]

WIRE_ERRORS = (aiohttp.ClientError, HttpProcessingError, OSError, TimeoutError)
"""What aiohttp raises when the other side is not there or does not speak HTTP."""


@dataclass(frozen=True, slots=True)
class Response:
    """A successful answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body. Raises Garbled."""
        return decode(self.body)

    def object(self) -> dict[str, Any]:
        """The decoded body, which must be a JSON object. Raises Garbled, quoting what came instead."""
        try:
            answer = self.json()
        except Garbled as error:
            kind = plain(self.headers.get("Content-Type", "no type"), 80)
            start = plain(self.body[:400].decode("utf-8", "replace"), 100)
            raise Garbled(f"the server answered {kind} that is not JSON: {start}") from error
        if not isinstance(answer, dict):
            raise Garbled("the server answered JSON that is not an object")
        return answer


@dataclass(frozen=True, slots=True)
class _Call:
    """One call as it is sent, perhaps twice."""

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    limits: aiohttp.ClientTimeout
    body: Any = None

    def url(self, server: str) -> str:
        pairs = urlencode(list(self.query.items()) if isinstance(self.query, Mapping) else self.query)
        return f"{server}{self.path}?{pairs}" if pairs else f"{server}{self.path}"


def guard(path: str) -> None:
    """The last word on what is asked for, whoever asks. Raises Forbidden for Secrets, BadRequest for dots as names.

    No object is called `..`, and a URL would be shortened by it to that of something else.
    """
    parts = path.split("/")
    if not {".", ".."}.isdisjoint(parts):
        raise BadRequest(400, "BadRequest", f"{plain(path, 200)} is no object's place")
    if parts[1:3] == ["api", "v1"] and (parts[3:4] == ["secrets"] or parts[3:6:2] == ["namespaces", "secrets"]):
        raise Forbidden(403, "Forbidden", "Secrets are never read or written by this program")


class Stream:
    """An open answer, read line by line; the caller sees every arrival of bytes, complete line or not."""

    def __init__(self, response: aiohttp.ClientResponse, server: str) -> None:
        self._response, self._server = response, server
        self._splitter = LineSplitter()

    async def read(self) -> list[bytes] | None:
        """The lines that the next bytes complete (perhaps none), or None at the proper end.

        Raises Unreachable when the connection is cut or silent for the read timeout, Garbled on an endless line.
        """
        try:
            chunk = await self._response.content.readany()
        except WIRE_ERRORS as error:
            raise _unreachable(self._server, error) from error
        return self._splitter.feed(chunk) if chunk else None


class Connection:
    """The API of one cluster. Shared by everything that talks to it; `close()` it at the end."""

    def __init__(self, access: Access, timing: Timing | None = None) -> None:
        """Raises ConfigError for a user entry or a proxy that cannot be used."""
        self.access = access
        self.timing = timing or Timing()
        self.keeper = Keeper(source_for(access, self.timing), self.timing)
        self._channel: Channel | None = None
        proxy_for(access.server, access.proxy)

    @property
    def name(self) -> str:
        """The context's name."""
        return self.access.name

    @property
    def server(self) -> str:
        """The API's base URL."""
        return self.access.server

    @classmethod
    async def from_kubeconfig(
        cls, path: str | Path | None = None, context: str | None = None, *, timing: Timing | None = None
    ) -> Connection:
        """The cluster of a kubeconfig's context. Raises ConfigError naming the file or entry at fault."""
        return cls(await asyncio.to_thread(read_kubeconfig, path, context), timing)

    @classmethod
    async def in_cluster(cls, *, timing: Timing | None = None) -> Connection:
        """The cluster that this Pod runs in. Raises ConfigError naming the variable or file that is missing."""
        return cls(await asyncio.to_thread(read_in_cluster), timing)

    @classmethod
    async def find(
        cls, path: str | Path | None = None, context: str | None = None, *, timing: Timing | None = None
    ) -> Connection:
        """As kubectl does: the kubeconfig if there is one, else the service account of this Pod.

        Raises ConfigError saying why neither works.
        """
        try:
            return await cls.from_kubeconfig(path, context, timing=timing)
        except ConfigError as first:
            if path is not None or context is not None:
                raise
            try:
                return await cls.in_cluster(timing=timing)
            except ConfigError as second:
                raise ConfigError(f"{first}; and {second}") from first

    async def close(self) -> None:
        """Close every pooled connection; open streams end."""
        await self.keeper.close()
        if self._channel is not None:
            await self._channel.client.close()
            self._channel = None

    async def request(
        self,
        method: str,
        path: str,
        query: Query = (),
        body: Any = None,
        *,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = 30.0,  # noqa: ASYNC109 - a limit on silence, which no deadline around the call could express
    ) -> Response:
        """One call, read whole. `body` is JSON; `timeout` the seconds of silence borne, ten times that in all.

        Raises ApiError for an answer outside 2xx, Unreachable, CredentialError.
        """
        limits = aiohttp.ClientTimeout(total=timeout * 10, connect=timeout, sock_read=timeout)
        call = _Call(method, path, query, {"Accept": accept, "Content-Type": content_type}, limits, body)
        async with self._answer(call) as response:
            content = await self._whole(response)
        return Response(response.status, response.headers, content)

    @asynccontextmanager
    async def stream(self, path: str, query: Query = (), read_timeout: float = 65.0) -> AsyncIterator[Stream]:
        """An open GET, for watches. `read_timeout` is the silence after which it counts as dead.

        Raises as `request`; so does reading from it.
        """
        # `connect` and not `sock_connect`: that one leaves out the name's resolution and what a proxy answers.
        limits = aiohttp.ClientTimeout(total=None, connect=min(read_timeout, 10.0), sock_read=read_timeout)
        async with self._answer(_Call("GET", path, query, {"Accept": JSON}, limits)) as response:
            yield Stream(response, self.server)

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        try:
            return await response.read()
        except WIRE_ERRORS as error:
            raise _unreachable(self.server, error) from error

    @asynccontextmanager
    async def _answer(self, call: _Call) -> AsyncIterator[aiohttp.ClientResponse]:
        """A 2xx answer with its body unread; one more try after a 401 where a renewal gives another credential."""
        guard(call.path)
        credential = await self.keeper.current()
        for last in (False, True):
            channel = await self._channel_for(credential)
            channel.users += 1
            response = None
            try:
                response = await self._send(channel, credential, call)
                if response.status == 401 and self.keeper.renewable and not last:
                    refused, credential = credential, await self.keeper.renew(credential)
                    if not credential.same(refused):
                        continue
                if not 200 <= response.status < 300:
                    content = await self._whole(response)
                    raise error_from_body(response.status, content, response.headers.get("Retry-After"))
                yield response
                return
            finally:
                if response is not None:
                    # An answer read to its end is already back in the pool; any other is cut here.
                    response.close()
                await channel.release()

    async def _send(self, channel: Channel, credential: Credential, call: _Call) -> aiohttp.ClientResponse:
        headers = CIMultiDict([*call.headers.items(), ("User-Agent", "reconcilerviz"), *credential.headers])
        try:
            answer = await channel.client.call_api(
                call.method, call.url(self.server), headers, call.body, _request_timeout=call.limits
            )
        except WIRE_ERRORS as error:
            raise _unreachable(self.server, error) from error
        except ValueError as error:  # names that DNS cannot have, headers that HTTP cannot carry
            raise ConfigError(f"{self.name}: nothing can be sent to {self.server}: {plain(str(error), 200)}") from error
        response: aiohttp.ClientResponse = answer.response
        return response

    async def _channel_for(self, credential: Credential) -> Channel:
        channel = self._channel
        if channel is not None and channel.identity.same_identity(credential):
            return channel
        self._channel = Channel(self.access, credential)
        if channel is not None:
            channel.retired = True
            await channel.close_if_idle()
        return self._channel


def _unreachable(server: str, error: BaseException) -> ClusterError:
    if isinstance(error, TimeoutError):
        return Unreachable(f"{server} does not answer in time")
    return Unreachable(f"{server}: {plain(str(error), 300) or type(error).__name__}")
