"""Query parameters of writes, lists and watches."""

from __future__ import annotations

import re

from aiohttp import web

from dashboard.sandbox.failures import Invalid, bad_request, invalid
from dashboard.sandbox.options import Write
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.selectors import parse_fields, parse_labels
from dashboard.sandbox.server.listing import Query
from dashboard.sandbox.server.route import Route

NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
MOST_DIGITS = 40
TRUE = frozenset({"true", "1", "True", "TRUE", "t", "T"})


def write_options(request: web.Request) -> Write:
    """Who writes, and how. Raises ApiFailure 422."""
    query = request.query
    kind = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}.get(request.method, "")
    causes: list[Invalid] = []
    dry = query.getall("dryRun", [])
    if any(value != "All" for value in dry):
        text = f'Unsupported value: {_go_list(dry)}: supported values: "All"'
        causes.append(Invalid("dryRun", text, "FieldValueNotSupported"))
    validation = query.get("fieldValidation", "") or "Warn"
    if validation not in ("Ignore", "Warn", "Strict"):
        text = f'Unsupported value: "{validation}": supported values: "Ignore", "Strict", "Warn"'
        causes.append(Invalid("fieldValidation", text, "FieldValueNotSupported"))
    manager = query.get("fieldManager", "")
    if len(manager) > 128:
        causes.append(Invalid("fieldManager", "Too long: may not be more than 128 bytes", "FieldValueTooLong"))
    if causes and kind:
        raise invalid(kind, "meta.k8s.io", "", causes)
    agent = request.headers.get("User-Agent", "unknown").split("/")[0]
    # Like the real server: 128 printable characters of the User-Agent's name.
    default = "".join(c for c in agent if c.isprintable())[:128] or "unknown"
    return Write(
        manager=manager or default,
        dry_run=bool(dry),
        force=query.get("force") in TRUE,
        validation=validation,
    )


def list_query(request: web.Request, resource: Resource, route: Route) -> Query:
    """What is listed or watched. Raises ApiFailure 400."""
    query = request.query
    limit = query.get("limit", "")
    fields = query.get("fieldSelector", "")
    if route.name and not fields:
        fields = f"metadata.name={route.name}"
    return Query(
        labels=parse_labels(query.get("labelSelector", "")),
        fields=parse_fields(fields, resource.storage),
        limit=max(0, whole_number("limit", limit) if limit else 0),
        token=query.get("continue", ""),
        version=query.get("resourceVersion", ""),
        match=query.get("resourceVersionMatch", ""),
    )


def whole_number(name: str, text: str) -> int:
    """A parameter as Go's ParseInt reads it. Raises ApiFailure 400, naming the parameter."""
    if not NUMBER.fullmatch(text):
        raise bad_request(f'{name}: strconv.ParseInt: parsing "{text[:100]}": invalid syntax')
    if len(text) > MOST_DIGITS or not -(2**63) <= int(text) < 2**63:
        raise bad_request(f'{name}: strconv.ParseInt: parsing "{text[:100]}": value out of range')
    return int(text)


def _go_list(values: list[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"
