"""The names of things: resource types, object keys, and reading a field of an object that may be malformed.

Everything that reads a cluster object goes through here or checks the type itself: an object is a
JSON value from a stranger, and any part of it may be missing, null or of another type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any
from urllib.parse import quote, unquote

from dashboard.core.values import quick

Object = Mapping[str, Any]
"""A Kubernetes object as decoded JSON. Never changed in place."""


_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*\Z").match
"""Most names need no quoting, and asking is cheaper than quoting."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One kind as the API serves it, from discovery.

    `has_status` is False for a custom kind whose schema has no status (it has no loop), True where it
    has one, None where nothing says.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    has_status: bool | None = None

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def path(self) -> str:
        """The collection's URL path over all namespaces, e.g. `/apis/apps/v1/deployments`."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/{self.plural}"

    def object_path(self, namespace: str, name: str) -> str:
        """The URL path of one object; `namespace` is ignored for a cluster-scoped kind."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced else ""
        return f"{root}{scope}/{self.plural}/{quote(name, safe='')}"


@quick
@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """What identifies an object over its versions: group ("" for core), kind, namespace ("" if none), name."""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def id(self) -> str:
        """`apps/Deployment/shop/web`, `core/Node/-/n1`: the permalink's part after `/o/`, and the row's id."""
        return _id_up_to_name(self.group, self.kind, self.namespace) + _quoted(self.name)

    @classmethod
    def parse(cls, text: str) -> ObjectKey:
        """Read an `id` back. Raises ValueError when it does not have four parts."""
        parts = [unquote(part) for part in text.split("/")]
        if len(parts) != 4 or not all(parts):
            raise ValueError(f"{text[:200]!r} is not GROUP/KIND/NAMESPACE/NAME (core for no group, - for no namespace)")
        group, kind, namespace, name = parts
        return cls("" if group == "core" else group, kind, "" if namespace == "-" else namespace, name)


@lru_cache(maxsize=4096)
def _id_up_to_name(group: str, kind: str, namespace: str) -> str:
    """The same for a namespace's objects of one kind."""
    return f"{_quoted(group or 'core')}/{_quoted(kind)}/{_quoted(namespace or '-')}/"


def _quoted(part: str) -> str:
    return part if _UNRESERVED(part) else quote(part, safe="", errors="replace")


def field(obj: Any, path: str, default: Any = None) -> Any:
    """The value at a dotted path, or `default` where any step is missing, null or not an object.

    >>> field({"spec": {"replicas": 3}}, "spec.replicas", 1)
    3
    """
    for step in path.split("."):
        if type(obj) is not dict and not isinstance(obj, Mapping):  # asking the ABC costs ten times as much
            return default
        obj = obj.get(step)
        if obj is None:
            return default
    return obj


def text(value: Any, limit: int = 500) -> str:
    """A string from a cluster, cut to `limit` characters; "" for anything that is not a string."""
    if not isinstance(value, str):
        return ""
    return value if len(value) <= limit else value[: limit - 1] + "…"


def plain(value: Any, limit: int = 500) -> str:
    """A string from a cluster for a reader: one line, cut, with nothing in it that acts instead of being read.

    Control characters (ANSI escapes begin with one) and bidirectional controls become visible signs, so that the
    text can neither colour a terminal nor reverse what stands beside it; line breaks become blanks, and lone
    surrogates, which no wire carries, a replacement sign. "" for anything that is not a string.

    >>> plain("a\x1b[31mb\u202ec")
    'a␛[31mb�c'
    """
    if not isinstance(value, str):
        return ""
    if len(value) > limit:
        value = value[: limit - 1] + "…"
    return value if value.isascii() and value.isprintable() else _UNREADABLE.sub(_visible, value)


_UNREADABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in (9, 10, 13, 0x2028, 0x2029):
        return " "
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"


def key_of(obj: Object) -> ObjectKey:
    """The key of an object that carries apiVersion, kind and metadata; empty parts where they are malformed.

    All but the name repeat from object to object and are interned: decoded JSON makes a new string each time.
    """
    if type(obj) is not dict and not isinstance(obj, Mapping):
        return ObjectKey("", "", "", "")
    group = text(obj.get("apiVersion")).rpartition("/")[0]
    meta = obj.get("metadata")
    namespace, name = (meta.get("namespace"), meta.get("name")) if type(meta) is dict else ("", "")
    return ObjectKey(intern(group), intern(text(obj.get("kind"))), intern(text(namespace)), text(name))


def timestamp(value: Any) -> float | None:
    """An RFC 3339 time as Unix seconds, or None where it is not one.

    >>> timestamp("2026-11-20T10:00:00Z")
    1795168800.0
    """
    return _timestamp(value) if isinstance(value, str) and 10 <= len(value) <= 40 else None


@lru_cache(maxsize=8192)
def _timestamp(value: str) -> float | None:
    """Read once: the same second stands in an object several times, and in all its versions."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    try:
        return moment.timestamp()
    except (OverflowError, ValueError):
        return None
