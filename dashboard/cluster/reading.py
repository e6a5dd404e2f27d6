"""Pages and events as they come over the wire, checked as far as following them needs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dashboard.cluster.errors import Garbled, plain
from dashboard.cluster.lines import decode
from dashboard.core.objects import ResourceType


@contextmanager
def gc_paused() -> Iterator[None]:
    """No cyclic garbage collection while a page is parsed and digested.

    A page makes a quarter of a million young objects, nearly all of which die by reference count when it
    is done; the collector would walk them over and over and find nothing (measured: 1.6 to 2.1 s per 50 MB
    with it, 0.24 to 0.41 s without). There is no await inside, so nobody else runs without a collector.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


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


@dataclass(frozen=True, slots=True)
class Event:
    """One watch event. An ERROR's object is a Status, and its version empty."""

    type: str
    object: dict[str, Any]
    version: str


def _quote(data: bytes) -> str:
    return plain(data[:400].decode("utf-8", "replace"), 100)


def _complete(obj: Any, resource: ResourceType) -> bool:
    """Fill in apiVersion and kind, which list items lack. False for what has no name and cannot be kept."""
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return False
    obj["apiVersion"], obj["kind"] = resource.api_version, resource.kind
    return True


def read_page(body: bytes, resource: ResourceType) -> Page:
    """A page from a list answer's body. Raises Garbled for what is no list."""
    answer = decode(body)
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


def read_event(line: bytes, resource: ResourceType) -> Event | None:
    """An event from a line; None for one about an object that has no name or version: it cannot be kept.

    Raises Garbled for what is no event: then nothing says what was missed.
    """
    event = decode(line)
    kind, obj = (event.get("type"), event.get("object")) if isinstance(event, dict) else (None, None)
    if not isinstance(obj, dict) or kind not in {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"}:
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
