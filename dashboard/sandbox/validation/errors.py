"""Collecting broken rules in the API's words (`k8s.io/apimachinery/pkg/util/validation/field`)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from dashboard.sandbox.failures import Invalid

AT_LEAST_0 = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"


def shown(value: Any) -> str:
    """A value as an error quotes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Errors:
    """The broken rules of one object, in the order found."""

    def __init__(self) -> None:
        self.causes: list[Invalid] = []

    def invalid(self, field: str, value: Any, text: str) -> None:
        """A value that breaks a rule."""
        self.causes.append(Invalid(field, f"Invalid value: {shown(value)}: {text}"))

    def required(self, field: str, text: str = "") -> None:
        """A value that is missing."""
        said = f"Required value: {text}" if text else "Required value"
        self.causes.append(Invalid(field, said, "FieldValueRequired"))

    def unsupported(self, field: str, value: Any, supported: Iterable[str]) -> None:
        """A word that is none of those allowed."""
        words = ", ".join(f'"{word}"' for word in supported)
        text = f"Unsupported value: {shown(value)}: supported values: {words}"
        self.causes.append(Invalid(field, text, "FieldValueNotSupported"))

    def forbidden(self, field: str, text: str) -> None:
        """A field that may not be set or changed here."""
        self.causes.append(Invalid(field, f"Forbidden: {text}", "FieldValueForbidden"))

    def duplicate(self, field: str, value: Any) -> None:
        """A value that must be unique and is not."""
        self.causes.append(Invalid(field, f"Duplicate value: {shown(value)}", "FieldValueDuplicate"))

    def not_found(self, field: str, value: Any) -> None:
        """A reference to something that is not there."""
        self.causes.append(Invalid(field, f"Not found: {shown(value)}", "FieldValueNotFound"))

    def too_long(self, field: str, limit: int) -> None:
        """A text that is too long."""
        text = f"Too long: may not be more than {limit} bytes"
        self.causes.append(Invalid(field, text, "FieldValueTooLong"))

    def at_least_0(self, field: str, value: Any) -> None:
        """A number that may not be negative; None is fine."""
        if isinstance(value, int) and value < 0:
            self.invalid(field, value, AT_LEAST_0)
