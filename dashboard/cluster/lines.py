"""Cutting a byte stream into lines, and reading one as JSON."""

from __future__ import annotations

import json
import re
import sys
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


DEPTH = 500
"""Levels that are kept of an object without a bottom: orjson takes 1,024 and the API ten thousand."""

_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{\]}]', re.DOTALL)


def decode(data: bytes) -> Any:
    """JSON from the wire. Raises Garbled.

    orjson refuses lone surrogates, deep nesting and numbers without end, which one odd object may carry: it must not
    hide a whole page, so they are replaced, by `?`, null and the largest number. What else it refuses is no JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        first = error
    if "depth limit" in str(first):
        data = _shallow(data)
    elif b"\\ud" not in data and b"\\uD" not in data and "infinity" not in str(first):
        raise Garbled(f"not JSON: {first}")
    try:
        loose = json.dumps(json.loads(data, parse_float=_finite, parse_int=_whole), ensure_ascii=False)
        return orjson.loads(loose.encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise Garbled(f"not JSON: {error}") from error


def _finite(text: str) -> float:
    return max(-sys.float_info.max, min(float(text), sys.float_info.max))


def _whole(text: str) -> float:
    """As orjson does: what is too long for a whole number is a float."""
    return int(text) if len(text) < 19 else _finite(text)


def _shallow(data: bytes) -> bytes:
    """The same with null for whatever lies deeper than `DEPTH`. Brackets that do not match are left to the decoder."""
    kept: list[bytes] = []
    depth = at = 0
    for found in _STRUCTURE.finditer(data):
        match found[0]:
            case b"[" | b"{":
                depth += 1
                if depth == DEPTH + 1:
                    kept += (data[at : found.start()], b"null")
            case b"]" | b"}":
                depth -= 1
                if depth == DEPTH:
                    at = found.end()
    return b"".join(kept) + data[at:] if depth == 0 else data
