"""What a structural schema itself must be: right types all the way down, and a type at each node.

A definition's `items`, `additionalProperties` and the like may hold several shapes, so decoding leaves them open;
here each schema within is decoded like the outermost one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dashboard.sandbox.schema.decode import Decoder, WrongTypeError
from dashboard.sandbox.schema.nodes import struct
from dashboard.sandbox.validation.errors import Errors

Obj = dict[str, Any]

TYPES = ("array", "boolean", "integer", "number", "object", "string")
LISTS = ("allOf", "anyOf", "oneOf")
MAPS = ("definitions", "patternProperties", "properties")


def check(errors: Errors, path: str, schema: Any, *, top: bool = False, logical: bool = False) -> None:
    """Add what is wrong with a schema. Below `allOf` and the like (`logical`) no types are needed."""
    try:
        Decoder(struct("V1JSONSchemaProps")).run(schema)
    except WrongTypeError as error:
        errors.invalid(path, schema, f"must be a schema: {error}")
        return
    _type(errors, path, schema, top=top, logical=logical)
    pattern = schema.get("pattern")
    if pattern and not _is_pattern(pattern):
        errors.invalid(f"{path}.pattern", pattern, "must be a valid regular expression")
    for key in ("additionalProperties", "items"):
        inner = schema.get(key)
        if key == "items" and isinstance(inner, list):
            errors.forbidden(f"{path}.items", "items must be a schema object and not an array")
        elif inner is not None and not (key == "additionalProperties" and isinstance(inner, bool)):
            check(errors, f"{path}.{key}", inner, logical=logical)
    for where, inner, loose in _below(path, schema):
        check(errors, where, inner, logical=logical or loose)


def _below(path: str, schema: Obj) -> Iterator[tuple[str, Any, bool]]:
    for key in MAPS:
        for name, inner in (schema.get(key) or {}).items():
            yield f"{path}.{key}[{name}]", inner, False
    for key in LISTS:
        for index, inner in enumerate(schema.get(key) or ()):
            yield f"{path}.{key}[{index}]", inner, True
    if schema.get("not") is not None:
        yield f"{path}.not", schema["not"], True


def _type(errors: Errors, path: str, schema: Obj, *, top: bool, logical: bool) -> None:
    kind = schema.get("type") or ""
    free = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if kind and kind not in TYPES:
        errors.unsupported(f"{path}.type", kind, TYPES)
    elif not kind and not logical and (top or not free):
        errors.required(f"{path}.type", "must not be empty for specified object fields")
    elif top and kind != "object":
        errors.invalid(f"{path}.type", kind, "must be object at the root")
    if kind == "array" and schema.get("items") is None and not logical:
        errors.required(f"{path}.items", "must be specified")


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError):
        # Go knows a few expressions that Python does not, such as classes of letters by name.
        return "\\p" in text or "[:" in text or "(?" in text
    return True
