"""Rules that an object must fulfil, with the API's own words for breaking them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.sandbox.failures import Invalid, invalid
from dashboard.sandbox.registry import Resource

if TYPE_CHECKING:
    from dashboard.sandbox.api import Api

Obj = dict[str, Any]


def validate(api: Api, resource: Resource, obj: Obj, live: Obj | None, subresource: str = "") -> None:
    """Raise ApiFailure 422 with everything that is wrong with `obj` (replacing `live`)."""


def scale(name: str, replicas: Any) -> None:
    """The rules of a Scale."""
    if replicas < 0:
        cause = Invalid("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")
        raise invalid("Scale", "autoscaling", name, [cause])
