"""Structural schemas: pruning, defaulting and validating custom objects.

The rules that people write are checked (type, required, enum, bounds, lengths, pattern, list sizes); CEL rules,
`format` and the logical `allOf`/`anyOf`/`oneOf`/`not` are accepted and not evaluated.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from dashboard.sandbox.validation.errors import Errors, shown

Obj = dict[str, Any]

IMPLIED = frozenset({"apiVersion", "kind", "metadata"})


def _properties(schema: Obj) -> Obj:
    return schema.get("properties") or {}


def _item(schema: Obj, key: str) -> Obj | None:
    """The schema of a map's value; None where anything goes."""
    if key in _properties(schema):
        found: Obj = _properties(schema)[key]
        return found
    extra = schema.get("additionalProperties")
    return extra if isinstance(extra, dict) else None


def prune(schema: Obj, value: Any, path: str, unknown: list[str], *, top: bool = False) -> Any:
    """A copy of `value` without what the schema does not know; the removed paths are added to `unknown`."""
    if isinstance(value, list):
        items = schema.get("items") or {}
        return [prune(items, item, f"{path}[{index}]", unknown) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    keep = bool(schema.get("x-kubernetes-preserve-unknown-fields")) or "additionalProperties" in schema
    embedded = top or bool(schema.get("x-kubernetes-embedded-resource"))
    out: Obj = {}
    for key, item in value.items():
        at = f"{path}.{key}" if path else key
        declared = _item(schema, key)
        if embedded and key in IMPLIED:
            out[key] = item
        elif declared is not None:
            out[key] = prune(declared, item, at, unknown)
        elif keep or not schema:
            out[key] = item
        else:
            unknown.append(at)
    return out


def default(schema: Obj, value: Any) -> None:
    """Fill in defaults (in place), from the outside in."""
    if isinstance(value, list):
        for item in value:
            default(schema.get("items") or {}, item)
    if not isinstance(value, dict):
        return
    for key, declared in _properties(schema).items():
        if key not in value and "default" in declared:
            value[key] = copy.deepcopy(declared["default"])
    for key, item in value.items():
        declared = _item(schema, key)
        if declared:
            default(declared, item)


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names = {float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _fits(wanted: str, found: str) -> bool:
    return wanted == found or (wanted == "number" and found == "integer")


def validate(errors: Errors, schema: Obj, value: Any, path: str) -> None:
    """Add everything about `value` that breaks the schema."""
    found = _type_of(value)
    if value is None and (schema.get("nullable") or not schema.get("type")):
        return
    if schema.get("x-kubernetes-int-or-string"):
        if found not in ("integer", "string"):
            errors.invalid(path, found, f"{path} in body must be of type integer,string: {shown(found)}")
        return
    wanted = schema.get("type")
    if wanted and not _fits(wanted, found):
        errors.invalid(path, found, f"{path or '<root>'} in body must be of type {wanted}: {shown(found)}")
        return
    enum = schema.get("enum")
    if enum is not None and value not in enum:
        errors.unsupported(path, value, [str(word) for word in enum])
    if isinstance(value, str):
        _text(errors, schema, value, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _number(errors, schema, value, path)
    elif isinstance(value, list):
        _list(errors, schema, value, path)
    elif isinstance(value, dict):
        _object(errors, schema, value, path)


def _text(errors: Errors, schema: Obj, value: str, path: str) -> None:
    least, most, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
    if least is not None and len(value) < least:
        errors.invalid(path, value, f"{path} in body should be at least {least} chars long")
    if most is not None and len(value) > most:
        errors.too_long(path, most)
    if pattern and not _matches(pattern, value):
        errors.invalid(path, value, f"{path} in body should match '{pattern}'")


_END = re.compile(r"(\\.|\[(?:\\.|[^\]])*\])|\$")


def _matches(pattern: str, value: str) -> bool:
    # Go's `$` is the very end of the text, and its classes are ASCII; Python's `$` lets a last newline pass.
    end_of_text = _END.sub(lambda found: found[1] or r"\Z", pattern)
    try:
        return re.search(end_of_text, value, re.ASCII) is not None
    except re.error:
        # Go's and Python's expressions differ in rare corners: such a rule is not held against anybody.
        return True


def _number(errors: Errors, schema: Obj, value: float, path: str) -> None:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and (value < least or (schema.get("exclusiveMinimum") and value == least)):
        word = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        errors.invalid(path, value, f"{path} in body should be {word} {least}")
    if most is not None and (value > most or (schema.get("exclusiveMaximum") and value == most)):
        word = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        errors.invalid(path, value, f"{path} in body should be {word} {most}")
    step = schema.get("multipleOf")
    if step and value % step:
        errors.invalid(path, value, f"{path} in body should be a multiple of {step}")


def _list(errors: Errors, schema: Obj, value: list[Any], path: str) -> None:
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and len(value) < least:
        errors.invalid(path, len(value), f"{path} in body should have at least {least} items")
    if most is not None and len(value) > most:
        errors.invalid(path, len(value), f"{path} in body should have at most {most} items")
    for index, item in enumerate(value):
        validate(errors, schema.get("items") or {}, item, f"{path}[{index}]")


def _object(errors: Errors, schema: Obj, value: Obj, path: str) -> None:
    for name in schema.get("required") or ():
        if name not in value and name not in IMPLIED:
            errors.required(f"{path}.{name}" if path else name)
    for key, item in value.items():
        declared = _item(schema, key)
        if declared and not (not path and key in IMPLIED):
            validate(errors, declared, item, f"{path}.{key}" if path else key)
