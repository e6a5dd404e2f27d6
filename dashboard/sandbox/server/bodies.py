"""Bodies of requests: read within bounds, parsed by their type."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import orjson
import yaml
from aiohttp import web

from dashboard.sandbox.failures import ApiFailure, bad_request
from dashboard.sandbox.server import protobuf
from dashboard.sandbox.server.guard import LIMIT, too_large

PROTOBUF = "application/vnd.kubernetes.protobuf"
MAX_DEPTH = 200
"""Nesting of a body: deeper ones are refused rather than walked."""
MAX_TOLD = 100
"""Duplicate fields that are told of one body."""


def media_type(request: web.Request) -> str:
    """The body's type without parameters, in lower case."""
    return request.headers.get("Content-Type", "").split(";")[0].strip().lower()


async def read(request: web.Request) -> bytes:
    """The body. Raises ApiFailure 413 as soon as it is too long."""
    out = bytearray()
    async for chunk in request.content.iter_any():
        out += chunk
        if len(out) > LIMIT:
            raise too_large()
    return bytes(out)


async def parsed(request: web.Request, kind: str, duplicates: list[str] | None = None) -> Any:
    """The body as JSON values; `kind` is what is expected, for the message. Raises ApiFailure 400, 413, 415.

    The paths of fields that the body has twice are added to `duplicates`; the last of them counts.
    """
    raw = await read(request)
    media = media_type(request)
    if media == PROTOBUF:
        return protobuf.decode(raw)
    if media.endswith("cbor"):
        raise ApiFailure(415, "UnsupportedMediaType", "the sandbox does not read CBOR; send application/json", {})
    value = _yaml(raw) if media.endswith("yaml") else _json(raw, kind)
    _check_depth(value)
    if duplicates is not None and _looks_like_json(raw):
        duplicates += duplicate_fields(raw)[:MAX_TOLD]
    return value


def _looks_like_json(raw: bytes) -> bool:
    return raw.lstrip()[:1] in (b"{", b"[")


class _Twice(dict[str, Any]):
    """An object of which some keys stood in the text twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counted = Counter(key for key, _ in pairs)
        self.twice = [key for key, times in counted.items() if times > 1]


def duplicate_fields(raw: bytes) -> list[str]:
    """Paths of the fields that stand in a JSON text twice, e.g. `spec.containers[0].name`."""
    seen = 0

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal seen
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        seen += 1
        return _Twice(pairs)

    value = json.loads(raw, object_pairs_hook=collect)
    return _twice(value, "") if seen else []


def _twice(value: Any, path: str) -> list[str]:
    out: list[str] = []
    if isinstance(value, list):
        for index, item in enumerate(value):
            out += _twice(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        if isinstance(value, _Twice):
            out += [f"{path}.{key}" if path else key for key in value.twice]
        for key, item in value.items():
            out += _twice(item, f"{path}.{key}" if path else key)
    return out


def _json(raw: bytes, kind: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        shown = raw[:1024].decode("utf-8", "replace")
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; "
            f"json parse error: {_go_error(raw)} ({shown})"
        ) from error


def _go_error(raw: bytes) -> str:
    """What Go's decoder says about broken JSON."""
    text = raw.decode("utf-8", "replace")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()):
            return "unexpected end of JSON input"
        where = {
            "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
            "Expecting ':' delimiter": "after object key",
            "Expecting ',' delimiter": "after object key:value pair",
            "Extra data": "after top-level value",
        }.get(error.msg, "looking for beginning of value")
        return f"invalid character '{text[error.pos]}' {where}"
    except RecursionError:
        return "exceeded max depth"
    return "invalid character in string literal"


def _yaml(raw: bytes) -> Any:
    try:
        if _looks_like_json(raw):
            return orjson.loads(raw)
        # Aliases can multiply a small body without bound: they have no place in one object.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(raw, Loader=_Loader)):
            raise bad_request("error decoding YAML: aliases are not accepted")
        return yaml.load(raw, Loader=_Loader)  # noqa: S506 - _Loader is a SafeLoader
    except (yaml.YAMLError, orjson.JSONDecodeError, RecursionError, ValueError) as error:
        raise bad_request(f"error converting YAML to JSON: yaml: {str(error)[:300]}") from error


class _Loader(yaml.SafeLoader):
    """YAML as JSON values: timestamps stay strings."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return
        level = below
    raise bad_request(f"the object is nested more than {MAX_DEPTH} levels deep")
