"""Names, labels and annotations."""

from __future__ import annotations

import re
from typing import Any

from dashboard.sandbox.registry import Resource
from dashboard.sandbox.validation.errors import Errors

LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    f"with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
)
SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    f"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
)
VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{VALUE}')"
)
QUALIFIED_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    f"'{QUALIFIED}')"
)
ANNOTATIONS_LIMIT = 262144

LABEL_NAMED = frozenset({"namespaces", "services"})
PATH_NAMED = frozenset({"rbac.authorization.k8s.io", "apiregistration.k8s.io"})
"""Groups whose names may hold anything that fits into a path."""


def label_error(text: str) -> list[str]:
    """What is wrong with a DNS label."""
    out = [] if len(text) <= 63 else ["must be no more than 63 bytes"]
    return out if re.fullmatch(LABEL, text) else [*out, LABEL_TEXT]


def subdomain_error(text: str) -> list[str]:
    """What is wrong with a DNS subdomain."""
    out = [] if len(text) <= 253 else ["must be no more than 253 bytes"]
    return out if re.fullmatch(SUBDOMAIN, text) else [*out, SUBDOMAIN_TEXT]


def qualified_error(key: str) -> list[str]:
    """What is wrong with a label or annotation key."""
    prefix, slash, name = key.rpartition("/")
    out: list[str] = []
    if slash and not prefix:
        out.append("prefix part must be non-empty")
    elif prefix:
        out += [f"prefix part {text}" for text in subdomain_error(prefix)]
    if not name:
        return [*out, "name part must be non-empty"]
    if len(name) > 63:
        out.append("name part must be no more than 63 bytes")
    return out if re.fullmatch(QUALIFIED, name) else [*out, QUALIFIED_TEXT]


def labels(errors: Errors, field: str, values: dict[str, Any]) -> None:
    """Check a map of labels."""
    for key, value in values.items():
        for text in qualified_error(key):
            errors.invalid(field, key, text)
        if len(str(value)) > 63:
            errors.invalid(field, value, "must be no more than 63 bytes")
        if not re.fullmatch(VALUE, str(value)):
            errors.invalid(field, value, VALUE_TEXT)


def metadata(errors: Errors, resource: Resource, meta: dict[str, Any]) -> None:
    """Check what all objects have."""
    name = str(meta.get("name", ""))
    if resource.group in PATH_NAMED:
        if name in (".", "..") or "/" in name or "%" in name:
            errors.invalid("metadata.name", name, "may not contain '/' or '%' or be '.' or '..'")
    else:
        check = label_error if resource.storage in LABEL_NAMED else subdomain_error
        for text in check(name):
            errors.invalid("metadata.name", name, text)
    labels(errors, "metadata.labels", meta.get("labels") or {})
    annotations = meta.get("annotations") or {}
    for key in annotations:
        for text in qualified_error(key.lower()):
            errors.invalid("metadata.annotations", key, text)
    if sum(len(k.encode()) + len(str(v).encode()) for k, v in annotations.items()) > ANNOTATIONS_LIMIT:
        errors.too_long("metadata.annotations", ANNOTATIONS_LIMIT)
    _owners(errors, meta.get("ownerReferences") or [])


def _owners(errors: Errors, owners: list[dict[str, Any]]) -> None:
    controllers = [owner for owner in owners if owner.get("controller")]
    for owner in owners:
        for key in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(key):
                errors.invalid("metadata.ownerReferences", owner.get(key, ""), f"{key} must not be empty")
    if len(controllers) > 1:
        names = f"{controllers[0].get('name')} and {controllers[1].get('name')}"
        text = f"Only one reference can have Controller set to true. Found true in references for {names}"
        errors.invalid("metadata.ownerReferences", owners, text)
