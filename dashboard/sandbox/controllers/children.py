"""What controllers that make Pods share: a Pod from a template, the owner of a changed Pod, a status write."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dashboard.sandbox.client import Client
from dashboard.sandbox.controllers.meta import Obj, controller_of
from dashboard.sandbox.controllers.replicaset_rules import pod_from_template


def new_pod(owner: Obj, template: Obj, *, name: str = "", generate: str = "") -> Obj:
    """A Pod from `template`, controlled by `owner`: with a `name`, or one that starts with `generate`."""
    pod = pod_from_template(owner, template)
    if name:
        pod["metadata"]["name"] = name
    if generate:
        pod["metadata"]["generateName"] = generate
    return pod


def owner_key(child: Mapping[str, Any], kind: str) -> tuple[str, str] | None:
    """(namespace, name) of the child's controller when that is of `kind`."""
    owner = controller_of(child)
    if owner is None or owner.get("kind") != kind:
        return None
    return str(child["metadata"].get("namespace", "")), str(owner["name"])


def write_status(client: Client, kind: str, obj: Obj, status: Obj) -> Obj:
    """Put `status` on the object unless it is there already; returns the object as it is now. Raises ApiFailure."""
    if obj.get("status") == status:
        return obj
    return client.update_status(kind, {**obj, "status": status})


def present(**fields: Any) -> Obj:
    """The fields that are not None and not 0 (what Go's `omitempty` leaves)."""
    return {name: value for name, value in fields.items() if value not in (None, 0)}


def scaled(value: int | str | None, total: int, *, up: bool) -> int:
    """An int-or-percent field as a number (intstr.GetScaledValueFromIntOrPercent); absent and unreadable are 0."""
    if value is None or isinstance(value, int):
        return value or 0
    digits = value.strip().rstrip("%")
    if not digits.isdigit():
        return 0
    share = int(digits) * total / 100
    return math.ceil(share) if up else math.floor(share)
