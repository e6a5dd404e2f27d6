"""The four kinds of patch; server-side apply is in `managed.py`, its merging in `apply.py`."""

from __future__ import annotations

import copy
import json
from typing import Any

from dashboard.sandbox.failures import ApiFailure, bad_request, invalid, unsupported_media
from dashboard.sandbox.failures import Invalid as Broken
from dashboard.sandbox.options import Write
from dashboard.sandbox.patches.merge import merge_patch
from dashboard.sandbox.patches.operations import apply_operations
from dashboard.sandbox.patches.strategic import StrategicError, strategic_merge
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.schema.decode import WrongTypeError, decoder_of
from dashboard.sandbox.schema.types import node_of

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


def patched(resource: Resource, live: dict[str, Any], content_type: str, patch: Any, write: Write) -> dict[str, Any]:
    """`live` with a patch applied and decoded again. Raises ApiFailure 400, 415 or 422; changes nothing in place."""
    if content_type == JSON_PATCH:
        changed = apply_operations(live, patch)
    elif content_type == MERGE_PATCH:
        changed = merge_patch(copy.deepcopy(live), _object(patch))
    elif content_type == STRATEGIC and resource.custom is None:
        return _strategic(resource, live, patch, write)
    else:
        raise unsupported_media()
    return _decoded(resource, changed, json.dumps(changed, separators=(",", ":"), ensure_ascii=False), write)


def _object(patch: Any) -> dict[str, Any]:
    if not isinstance(patch, dict):
        raise bad_request("error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}")
    return patch


def _strategic(resource: Resource, live: dict[str, Any], patch: Any, write: Write) -> dict[str, Any]:
    shown = _go_map(_object(patch))
    try:
        changed = strategic_merge(node_of(resource), copy.deepcopy(live), patch)
    except StrategicError as error:
        raise bad_request(str(error)) from error
    return _decoded(resource, changed, shown, write, converter=True)


def _decoded(resource: Resource, changed: Any, shown: str, write: Write, converter: bool = False) -> dict[str, Any]:
    decoder = decoder_of(resource)
    try:
        out = decoder.run(changed)
    except WrongTypeError as error:
        said = error.converter if converter else f"json: {error}"
        cause = Broken("patch", f"Invalid value: {json.dumps(shown, ensure_ascii=False)}: {said}")
        raise invalid("", "", "", [cause]) from error
    decoder.report(write, lambda text: _strict(resource, shown, text))
    return out


def _strict(resource: Resource, shown: str, text: str) -> ApiFailure:
    cause = Broken("patch", f"Invalid value: {json.dumps(shown, ensure_ascii=False)}: strict decoding error: {text}")
    return invalid("", "", "", [cause])


def _go_map(value: Any) -> str:
    """A value as Go's `%+v` prints it."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go_map(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(_go_map(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "<nil>" if value is None else str(value)
