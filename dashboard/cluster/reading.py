"""Pages and events as they come over the wire, checked as far as following them needs.

managedFields are two fifths of the bytes and half of what decoding costs, and few objects are ever asked for them:
they are cut out of the bytes before decoding and stand in the object as the bytes that came, for
`core.managed.entries` to decode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from dashboard.cluster.errors import Garbled, plain
from dashboard.cluster.lines import decode
from dashboard.core.objects import ResourceType


def number(version: str) -> int | None:
    """A resourceVersion as a number; versions are comparable as such (KEP-5504), where they are numbers."""
    return int(version) if version.isascii() and version.isdigit() and len(version) < 20 else None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `skipped` items had no name; `following` is the next page's token, "" at the end."""

    items: list[dict[str, Any]]
    version: str
    following: str
    remaining: int
    skipped: int


class Event(NamedTuple):
    """One watch event. An ERROR's object is a Status, and its version empty."""

    type: str
    object: dict[str, Any]
    version: str


def _quote(data: bytes) -> str:
    return plain(data[:400].decode("utf-8", "replace"), 100)


MANAGED = b',"managedFields":[{'
MANAGED_END = b'}]},"'
"""What the API writes: managedFields are the last of metadata, hold no other list, and metadata is not the last part.
An unescaped quote before a name is structure, so neither can begin inside a text. Where the first `]` is followed by
anything else (custom objects have their fields in alphabetical order), everything is decoded as it is. Cutting a part
whose brackets do not match leaves no JSON behind, and then everything is decoded as it is, too."""


def _decode_page(body: bytes) -> Any:
    """A list, its items' managedFields as bytes."""
    first, *rest = body.split(MANAGED)
    kept, cut = [first], []
    for at, piece in enumerate(rest):
        end = piece.find(b"]")
        if piece[end - 1 : end + 4] != MANAGED_END:
            return decode(body)
        cut.append(MANAGED[-2:] + piece[: end + 1])
        kept += (b',"managedFields":%d' % at, piece[end + 1 :])
    if not cut:
        return decode(body)
    try:
        answer = orjson.loads(b"".join(kept))
    except orjson.JSONDecodeError:
        return decode(body)
    found = (answer.get("items") or ()) if isinstance(answer, dict) else ()
    put_back = sum(_put_back(item, cut) for item in found)
    return answer if put_back == len(cut) else decode(body)


def _decode_event(line: bytes) -> Any:
    """An event, its object's managedFields as bytes."""
    start = line.find(MANAGED)
    end = line.find(b"]", start)
    if start < 0 or line[end - 1 : end + 4] != MANAGED_END:
        return decode(line)
    try:
        event = orjson.loads(line[:start] + b',"managedFields":0' + line[end + 1 :])
    except orjson.JSONDecodeError:
        return decode(line)
    obj = event.get("object") if isinstance(event, dict) else None
    return event if _put_back(obj, [line[start + len(MANAGED) - 2 : end + 1]]) else decode(line)


def _put_back(obj: Any, cut: list[bytes]) -> bool:
    """Put what was cut where its number stands in an object's metadata; False where none does."""
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    if not isinstance(metadata, dict):
        return False
    at = metadata.get("managedFields")
    if type(at) is not int or not 0 <= at < len(cut):
        return False
    metadata["managedFields"] = cut[at]
    return True


def _complete(obj: Any, resource: ResourceType) -> bool:
    """Fill in apiVersion and kind, which list items lack. False for what has no name and cannot be kept."""
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return False
    obj["apiVersion"], obj["kind"] = resource.api_version, resource.kind
    return True


def read_page(body: bytes, resource: ResourceType) -> Page:
    """A page from a list answer's body. Raises Garbled for what is no list."""
    answer = _decode_page(body)
    metadata = answer.get("metadata") if isinstance(answer, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("resourceVersion"), str):
        raise Garbled(f"a list without a resourceVersion: {_quote(body)}")
    # An empty list of Go's is null.
    found = answer.get("items") or []
    if not isinstance(found, list):
        raise Garbled(f"a list whose items are none: {_quote(body)}")
    items = [item for item in found if _complete(item, resource)]
    token, remaining = metadata.get("continue"), metadata.get("remainingItemCount")
    return Page(
        items,
        metadata["resourceVersion"],
        token if isinstance(token, str) else "",
        remaining if isinstance(remaining, int) and remaining > 0 else 0,
        len(found) - len(items),
    )


TYPES = ("MODIFIED", "ADDED", "DELETED", "BOOKMARK", "ERROR")


def read_event(line: bytes, resource: ResourceType) -> Event | None:
    """An event from a line; None for one about an object that has no name or version: it cannot be kept.

    Raises Garbled for what is no event: then nothing says what was missed.
    """
    event = _decode_event(line)
    kind, obj = (event.get("type"), event.get("object")) if isinstance(event, dict) else (None, None)
    if not isinstance(obj, dict) or kind not in TYPES:
        raise Garbled(f"not a watch event: {_quote(line)}")
    if kind == "ERROR":
        return Event(kind, obj, "")
    metadata = obj.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    if not isinstance(version, str) or not version:
        return None
    if kind != "BOOKMARK" and not _complete(obj, resource):
        return None
    return Event(kind, obj, version)
