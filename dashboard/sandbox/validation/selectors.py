"""Label selectors, and amounts that are a number or a percentage."""

from __future__ import annotations

import re
from typing import Any

from dashboard.sandbox.validation.errors import Errors
from dashboard.sandbox.validation.names import labels, qualified_error

Obj = dict[str, Any]

PERCENT = re.compile(r"[0-9]+%")
PERCENT_TEXT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
    "validation is '[0-9]+%')"
)


def selector(errors: Errors, path: str, value: Obj) -> None:
    """A metav1.LabelSelector: keys, operators, and whether they come with values."""
    labels(errors, f"{path}.matchLabels", value.get("matchLabels") or {})
    for index, rule in enumerate(value.get("matchExpressions") or ()):
        _requirement(errors, f"{path}.matchExpressions[{index}]", rule or {})


def _requirement(errors: Errors, path: str, rule: Obj) -> None:
    operator, values = rule.get("operator", ""), rule.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            errors.required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            errors.forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    else:
        errors.invalid(f"{path}.operator", operator, "not a valid selector operator")
    for text in qualified_error(str(rule.get("key", ""))):
        errors.invalid(f"{path}.key", rule.get("key", ""), text)


def amount(errors: Errors, path: str, value: Any) -> None:
    """A number of 0 or more, or a percentage; None is fine."""
    if isinstance(value, str) and not PERCENT.fullmatch(value):
        errors.invalid(path, value, PERCENT_TEXT)
    elif isinstance(value, int):
        errors.at_least_0(path, value)


def at_most_all(errors: Errors, path: str, value: Any) -> None:
    """A percentage of 100 or less; anything else is fine."""
    if isinstance(value, str) and PERCENT.fullmatch(value) and int(value[:-1]) > 100:
        errors.invalid(path, value, "must not be greater than 100%")
