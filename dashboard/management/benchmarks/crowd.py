"""A viewer as cheap as can be, so that a thousand fit into one process: a WebSocket, and what its frames amount to.

What one frame means is worked out once for all viewers that are sent the same bytes in the same state, so that the
reader is not what is measured.
"""

from __future__ import annotations

import asyncio
import socket
import time
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from dashboard.live.topics import apply_delta

NARROW = 65_536
"""Bytes that the system holds for a viewer that has little room."""

DELTA, WINDOW = b'{"t":"delta"', b'{"t":"window"'


class State:
    """What a viewer knows after some frames, and where each further frame leads. Shared by all who know the same.

    Frames are read when somebody asks what they come to, so that reading them is not what is measured.
    """

    __slots__ = ("_before", "_payload", "_seen", "after", "query")

    def __init__(self, query: int, before: State | None = None, payload: bytes = b"") -> None:
        self.query = query
        self.after: dict[bytes, State] = {}
        self._before, self._payload = before, payload
        self._seen: Seen | None = Seen() if before is None else None

    def follow(self, payload: bytes) -> State:
        """What a viewer knows after one more frame."""
        found = self.after.get(payload)
        if found is None:
            found = self.after[payload] = State(self.query, self, payload)
        return found

    @property
    def seen(self) -> Seen:
        """What the frames until now come to."""
        unread, state = [], self
        while state._seen is None:
            unread.append(state)
            if state._before is None:
                raise RuntimeError("a state without frames has been seen")
            state = state._before
        seen = state._seen
        for state in reversed(unread):
            seen = state._seen = seen.after(state._payload)
            state._before = None
        return seen


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows of a window, how many there are with those outside it, the revision; `broken` says what is missing."""

    rev: int = 0
    rows: tuple[dict[str, Any], ...] = ()
    total: int = 0
    broken: str = ""

    def after(self, payload: bytes) -> Seen:
        """The same after one more frame."""
        frame = orjson.loads(payload)
        rev, total = frame["rev"], frame["total"]
        if frame["t"] == "window":
            return Seen(rev, tuple(frame["rows"]), total, self.broken)
        if frame["prev"] == self.rev:
            return Seen(rev, apply_delta(self.rows, frame), total, self.broken)
        return Seen(rev, self.rows, total, f"{frame['prev']} does not follow {self.rev}")


class Log:
    """Every distinct frame in the order in which the first of them came, with the times at which all of them did."""

    def __init__(self) -> None:
        self.frames: dict[bytes, tuple[int, float, array[float]]] = {}
        self.delivered = 0
        self.recording = False

    def note(self, query: int, payload: bytes, now: float) -> None:
        """Take note of one arrival."""
        self.delivered += 1
        if self.recording:
            found = self.frames.get(payload)
            if found is None:
                found = self.frames[payload] = (query, now, array("d"))
            found[2].append(now)


class Viewer(asyncio.Protocol):
    """One browser's socket: the handshake, frames up to what WebSockets allow, pings answered. `token` lets it in where
    the door is not open.
    """

    def __init__(self, log: Log, state: State | None, path: str, ask: bytes, query: int, *, token: str = "") -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.query = query
        self.state = state
        self.windows = self.deltas = 0
        self.lost = False
        self._log, self._path, self._ask = log, path, ask
        self._token = f"Authorization: Bearer {token}\r\n" if token else ""
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream is needed")
        self.transport = transport
        host = "{}:{}".format(*transport.get_extra_info("peername")[:2])
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            f"{self._token}\r\n".encode()
        )  # fmt: skip

    def connection_lost(self, problem: Exception | None) -> None:
        """Nobody closes these sockets but their own process."""
        self.lost = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before it was open"))

    def data_received(self, data: bytes) -> None:
        """Bytes: whole frames are taken, the rest waits for more."""
        now = time.monotonic()
        data = self._rest + data if self._rest else data
        at = 0
        if not self.opened.done():
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            self._open(data[:end])
            at = end + 4
        while (found := frame_at(data, at)) is not None:
            opcode, start, at = found
            if opcode == 1:
                self._take(data[start:at], now)
            elif opcode == 9:
                self.transport.write(masked(10, data[start:at]))
        self._rest = data[at:]

    def _open(self, head: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 101"):
            self.opened.set_exception(ConnectionError(head[:200].decode(errors="replace")))
            self.transport.abort()
            return
        self.opened.set_result(None)
        if self._ask:
            self.transport.write(masked(1, self._ask))

    def _take(self, payload: bytes, now: float) -> None:
        if self.state is None:
            self._log.note(self.query, payload, now)
            return
        if payload.startswith(DELTA):
            self.deltas += 1
        elif payload.startswith(WINDOW):
            self.windows += 1
        else:
            return  # what it opened, how fresh the picture is
        self._log.note(self.query, payload, now)
        self.state = self.state.follow(payload)


def frame_at(data: bytes, at: int) -> tuple[int, int, int] | None:
    """The opcode, start and end of a server's frame; None while it is not whole.

    >>> frame_at(b"\\x81\\x02hi", 0)
    (1, 2, 4)
    """
    if len(data) < at + 2:
        return None
    size, start = data[at + 1] & 127, at + 2
    if size > 125:
        wide = 2 if size == 126 else 8
        size, start = int.from_bytes(data[start : start + wide], "big"), start + wide
    return (data[at] & 15, start, start + size) if len(data) >= start + size and len(data) >= start else None


def masked(opcode: int, payload: bytes) -> bytes:
    """A browser's frame. The mask is of zeros, which leave the payload as it is."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


def request(query: int, queries: Sequence[Mapping[str, Any]], cluster: str = "bench") -> bytes:
    """What a browser sends to be told about a query."""
    return orjson.dumps({"op": "query", "id": 1, "cluster": cluster, **queries[query]})


async def connect(port: int, viewer: Viewer, *, narrow: bool = False) -> Viewer:
    """Open a viewer's socket. A narrow one has little room in the system for what it has not read."""
    sock = socket.socket()
    if narrow:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, ("127.0.0.1", port))
    await loop.create_connection(lambda: viewer, sock=sock)
    await viewer.opened
    return viewer
