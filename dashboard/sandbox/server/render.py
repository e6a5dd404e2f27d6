"""Bodies of responses: compact or indented JSON as Go writes it, or YAML."""

from __future__ import annotations

from typing import Any

import orjson
import yaml
from aiohttp import web

from dashboard.sandbox.failures import ApiFailure

BROWSERS = ("curl", "Wget", "Mozilla/5.0")


def pretty_wanted(request: web.Request) -> bool:
    """Indent for people: by the parameter, or for the User-Agents that people use."""
    asked = request.query.get("pretty")
    if asked is not None:
        return asked.lower() in ("true", "1", "")
    return request.headers.get("User-Agent", "").startswith(BROWSERS)


def json_bytes(value: Any, pretty: bool = False) -> bytes:
    """JSON with `<`, `>` and `&` escaped as Go does it (inert wherever it lands)."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 if pretty else None)
    return escaped(text) if pretty else escaped(text) + b"\n"


def escaped(text: bytes) -> bytes:
    """Go's HTML-safe form of JSON text."""
    return text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def respond(
    request: web.Request, value: Any, status: int = 200, *, form: str = "json", headers: dict[str, str] | None = None
) -> web.Response:
    """A response in the format asked for."""
    if form == "yaml":
        body = yaml.safe_dump(value, sort_keys=False, allow_unicode=True).encode()
        return web.Response(body=body, status=status, content_type="application/yaml", headers=headers)
    body = json_bytes(value, pretty_wanted(request))
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


def refuse(request: web.Request, failure: ApiFailure) -> web.Response:
    """A refusal as a Status body."""
    pretty = pretty_wanted(request) or failure.code == 406
    body = json_bytes(failure.status(), pretty)
    return web.Response(body=body, status=failure.code, content_type="application/json", headers=failure.headers)
