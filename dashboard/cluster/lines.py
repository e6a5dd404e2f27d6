"""Cutting a byte stream into lines, and reading one as JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson

from dashboard.cluster.errors import Garbled

LINE_LIMIT = 64 * 2**20
"""Bytes: etcd takes objects of 1.5 MB; a line far beyond that is not an event."""


class LineSplitter:
    """Lines out of chunks. aiohttp's own readline raises on lines over its buffer's limit, and objects exceed it.

    Pieces of an unfinished line are kept in a list: appending to one bytes object would copy it per chunk.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, without their ends. Raises Garbled on an endless line."""
        head, *lines = chunk.split(b"\n")
        if not lines:
            self._keep(chunk)
            return []
        rest = lines.pop()
        self._pieces.append(head)
        whole = [b"".join(self._pieces), *lines]
        self._pieces, self._size = [], 0
        self._keep(rest)
        return whole

    def _keep(self, piece: bytes) -> None:
        if not piece:
            return
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > LINE_LIMIT:
            raise Garbled(f"a line of more than {LINE_LIMIT // 2**20} MB")


def decode(data: bytes) -> Any:
    """JSON from the wire. Raises Garbled.

    orjson refuses lone surrogates, which one odd object may carry: it must not hide a whole page, so they
    are replaced. Anything else that orjson refuses is no JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        first = error
    if b"\\ud" not in data and b"\\uD" not in data:
        raise Garbled(f"not JSON: {first}")
    try:
        loose = json.dumps(json.loads(data), ensure_ascii=False)
        return orjson.loads(loose.encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise Garbled(f"not JSON: {error}") from error
