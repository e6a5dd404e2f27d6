"""Lists: pages, continue tokens, versions of the past."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox.api import Api
from dashboard.sandbox.failures import ApiFailure, Invalid, bad_request, expired, invalid, too_large_version
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.selectors import FieldSelector, LabelSelector
from dashboard.sandbox.store import Key
from dashboard.sandbox.versions import from_stored

Obj = dict[str, Any]

FRESH_WAIT = 3.0
"""Seconds that a list waits for a version that does not exist yet."""

CONTINUE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Query:
    """Parameters of a list or watch."""

    labels: LabelSelector
    fields: FieldSelector
    limit: int = 0
    token: str = ""
    version: str = ""
    match: str = ""

    @property
    def selects(self) -> bool:
        """Whether anything but the namespace narrows the list."""
        return bool(self.labels.requirements or self.fields.terms)


def check(query: Query, *, watching: bool, initial: str) -> None:
    """Refuse parameters that contradict each other, as ValidateListOptions does. Raises ApiFailure 422."""
    causes: list[Invalid] = []
    name = "resourceVersionMatch"

    def forbid(field: str, text: str) -> None:
        causes.append(Invalid(field, f"Forbidden: {text}", "FieldValueForbidden"))

    if initial and not watching:
        forbid("sendInitialEvents", "sendInitialEvents is forbidden for list")
    elif initial and query.match != "NotOlderThan":
        forbid(name, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
    elif watching and query.match and not initial:
        forbid(name, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
    elif not watching and query.match:
        if not query.version:
            forbid(name, "resourceVersionMatch is forbidden unless resourceVersion is provided")
        if query.token:
            forbid(name, "resourceVersionMatch is forbidden when continue is provided")
        if query.match not in ("Exact", "NotOlderThan"):
            text = f'Unsupported value: "{query.match}": supported values: "Exact", "NotOlderThan", ""'
            causes.append(Invalid(name, text, "FieldValueNotSupported"))
        if query.match == "Exact" and query.version == "0":
            forbid(name, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    if causes:
        raise invalid("ListOptions", "meta.k8s.io", "", causes)


def version_number(text: str) -> int:
    """A resourceVersion as a number; "" and "0" are 0. Raises ApiFailure 400."""
    if text in ("", "0"):
        return 0
    if not text.isdigit() or len(text) > 19:
        cause = Invalid("resourceVersion", f"Invalid value: {json.dumps(text)}: strconv.ParseUint: invalid syntax")
        raise invalid("ListOptions", "meta.k8s.io", "", [cause])
    return int(text)


async def items(api: Api, resource: Resource, namespace: str, query: Query) -> tuple[list[Obj], Obj]:
    """One page of objects and the list's metadata. Raises ApiFailure 400, 410 or 504."""
    revision, start = await _point(api, resource, query)
    past = _objects(api, resource, revision)
    keys = [key for key in _ordered(api, resource, past, revision) if not namespace or key[0] == namespace]
    if start:
        keys = [key for key in keys if _path(key, namespace) >= start]
    chosen: list[Obj] = []
    meta: Obj = {"resourceVersion": str(revision)}
    for index, key in enumerate(keys):
        obj = past[key]
        if not (query.labels.matches(obj["metadata"].get("labels")) and query.fields.matches(obj)):
            continue
        chosen.append(from_stored(resource, obj))
        if query.limit and len(chosen) == query.limit and index + 1 < len(keys):
            meta["continue"] = encode(revision, _path(key, namespace) + "\0")
            if not query.selects:
                meta["remainingItemCount"] = len(keys) - index - 1
            break
    return chosen, meta


def _path(key: Key, namespace: str) -> str:
    return f"/{key[1]}" if namespace or not key[0] else f"/{key[0]}/{key[1]}"


def _objects(api: Api, resource: Resource, revision: int) -> dict[Key, Obj]:
    if revision >= api.store.revision:
        return api.store.objects(resource.storage)
    return api.store.at(resource.storage, revision)


def _ordered(api: Api, resource: Resource, objects: dict[Key, Obj], revision: int) -> list[Key]:
    if revision >= api.store.revision:
        return api.store.keys(resource.storage)
    return sorted(objects, key=lambda key: f"{key[0]}/{key[1]}")


async def _point(api: Api, resource: Resource, query: Query) -> tuple[int, str]:
    """The revision to read at, and the path to begin from."""
    store = api.store
    if query.token:
        if query.version not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        revision, start = decode(query.token)
        if revision < 0:
            return store.revision, start
        if revision < store.floor(resource.storage):
            raise expired(CONTINUE_TOO_OLD, {"continue": encode(-1, start)})
        return min(revision, store.revision), start
    asked = version_number(query.version)
    if asked > store.revision:
        await wait_for(api, asked)
    if query.match == "Exact" or (query.limit and asked and not query.match):
        if asked < store.floor(resource.storage):
            raise expired("The resourceVersion for the provided list is too old.")
        return asked, ""
    return store.revision, ""


async def wait_for(api: Api, revision: int) -> None:
    deadline = asyncio.get_running_loop().time() + FRESH_WAIT
    while api.store.revision < revision:
        if asyncio.get_running_loop().time() >= deadline:
            raise too_large_version(revision, api.store.revision)
        await asyncio.sleep(0.05)


def encode(revision: int, start: str) -> str:
    """A continue token, in the real server's form."""
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(token: str) -> tuple[int, str]:
    """Revision and starting path of a token. Raises ApiFailure 400."""
    try:
        raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError, UnicodeEncodeError) as error:
        raise _bad_token(f"illegal base64 data ({error})") from error
    try:
        value = json.loads(raw)
        version, revision, start = value["v"], value["rv"], value["start"]
    except UnicodeDecodeError as error:
        raise _bad_token(f"invalid character '\\x{raw[error.start]:02x}' looking for beginning of value") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _bad_token("invalid character looking for beginning of value") from error
    if version != "meta.k8s.io/v1" or not isinstance(revision, int) or not isinstance(start, str) or not start:
        raise bad_request(
            "invalid continue token: continue key is not valid: server does not recognize this encoded version"
        )
    return revision, start if start.startswith("/") else f"/{start}"


def _bad_token(why: str) -> ApiFailure:
    return bad_request(f"invalid continue token: continue key is not valid: {why}")
