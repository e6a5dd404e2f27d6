"""Pages and events as they come over the wire, checked as far as following them needs.

managedFields are two fifths of the bytes and half of what decoding costs, and few objects are ever asked for them:
they are cut out of the bytes before decoding and stand in the object as the bytes that came, for
`core.managed.entries` to decode.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import orjson

from dashboard.cluster.errors import Garbled, plain
from dashboard.cluster.lines import decode
from dashboard.core.objects import ResourceType


def number(version: str) -> int | None:
    """A resourceVersion as a number; versions are comparable as such (KEP-5504), where they are numbers."""
    return int(version) if version.isascii() and version.isdigit() and len(version) < 20 else None


class Page:
    """One page of a list, its items decoded when they are taken: what is decoded, judged and freed again before the
    next one stays within the processor's caches, which the megabytes of a whole page do not.

    `version` is the list's, `following` the next page's token, "" at the end, `remaining` what the API says is still
    to come, `skipped` how many of what was taken had no name.
    """

    def __init__(self, items: list[Any], metadata: dict[str, Any], resource: ResourceType) -> None:
        token, remaining = metadata.get("continue"), metadata.get("remainingItemCount")
        self.version: str = metadata["resourceVersion"]
        self.following = token if isinstance(token, str) else ""
        self.remaining = remaining if isinstance(remaining, int) and remaining > 0 else 0
        self.skipped = 0
        self._items, self._taken, self._resource = items, 0, resource

    def __len__(self) -> int:
        """Items that are still to be taken."""
        return len(self._items) - self._taken

    def take(self, most: int) -> list[dict[str, Any]]:
        """The next ones, at most so many. Raises Garbled for what is no JSON."""
        items = self._items[self._taken : self._taken + most]
        self._taken += len(items)
        found = [_decode_object(bytes(item)) if isinstance(item, msgspec.Raw) else item for item in items]
        named = [item for item in found if _complete(item, self._resource)]
        self.skipped += len(found) - len(named)
        return named


class _List(msgspec.Struct):
    """The parts of a list's answer, its items as they came. An empty list of Go's is null."""

    metadata: Any = None
    items: list[msgspec.Raw] | None = None


_READ_LIST = msgspec.json.Decoder(_List).decode


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


def _decode_object(data: bytes) -> Any:
    """A list's item, its managedFields as bytes."""
    found, cut = _decode_without(data)
    return found if cut is None or _put_back(found, cut) else decode(data)


def _decode_event(line: bytes) -> Any:
    """An event, its object's managedFields as bytes."""
    event, cut = _decode_without(line)
    obj = event.get("object") if isinstance(event, dict) else None
    return event if cut is None or _put_back(obj, cut) else decode(line)


def _decode_without(data: bytes) -> tuple[Any, bytes | None]:
    """What is decoded with a 0 for its first managedFields, and those; None where everything was decoded as it is."""
    start = data.find(MANAGED)
    end = data.find(b"]", start)
    if start < 0 or data[end - 1 : end + 4] != MANAGED_END:
        return decode(data), None
    try:
        found = orjson.loads(data[:start] + b',"managedFields":0' + data[end + 1 :])
    except orjson.JSONDecodeError:
        return decode(data), None
    return found, data[start + len(MANAGED) - 2 : end + 1]


def _put_back(obj: Any, cut: bytes) -> bool:
    """Put what was cut where its 0 stands in an object's metadata; False where there is none."""
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    if not isinstance(metadata, dict) or type(at := metadata.get("managedFields")) is not int or at != 0:
        return False
    metadata["managedFields"] = cut
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
    try:
        answer = _READ_LIST(body)
        metadata, items = answer.metadata, answer.items or []
    except (msgspec.MsgspecError, RecursionError):
        whole = decode(body)  # as tolerant as one can be, and the words for what it is instead
        metadata, items = (whole.get("metadata"), whole.get("items") or []) if isinstance(whole, dict) else (None, [])
    if not isinstance(metadata, dict) or not isinstance(metadata.get("resourceVersion"), str):
        raise Garbled(f"a list without a resourceVersion: {_quote(body)}")
    if not isinstance(items, list):
        raise Garbled(f"a list whose items are none: {_quote(body)}")
    return Page(items, metadata, resource)


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
