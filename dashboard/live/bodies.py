"""Objects as bytes: what is kept to judge again, and what is sent. A value that orjson refuses is no reason to fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import orjson

MAX_NESTING = 100

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def dump(value: Any) -> bytes:
    """JSON; dataclasses become objects.

    What orjson refuses (lone surrogates, integers beyond 64 bits, nesting beyond 254) is replaced, not raised.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return orjson.dumps(_plain(value), option=orjson.OPT_NON_STR_KEYS)


def load(body: bytes) -> dict[str, Any]:
    """An object that `dump` wrote."""
    loaded: dict[str, Any] = orjson.loads(body)
    return loaded


def dump_trimmed(obj: Mapping[str, Any]) -> bytes:
    """An object without what judging it never reads: managedFields (two fifths of the bytes) and what kubectl
    applied last (a copy of the object)."""
    metadata = obj.get("metadata")
    if isinstance(metadata, Mapping):
        metadata = {key: value for key, value in metadata.items() if key != "managedFields"}
        annotations = metadata.get("annotations")
        if isinstance(annotations, Mapping) and LAST_APPLIED in annotations:
            metadata["annotations"] = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
        obj = {**obj, "metadata": metadata}
    return dump(obj)


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > MAX_NESTING:
        return None
    if isinstance(value, str):
        return str(value).encode(errors="replace").decode()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -(2**53) <= value <= 2**53 else str(value)[:40]
    if isinstance(value, float):
        return value
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, depth + 1) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name), depth + 1) for each in fields(value)}
    raise TypeError(f"a {type(value).__name__} is not JSON")
