"""LimitRanges and ResourceQuotas at the door: the last step of admission for a new object.

Usage is counted from the store itself, not from the quota's status: nothing can slip in between two looks of the
quota's loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.sandbox.failures import forbidden
from dashboard.sandbox.limits import fill_limits, limit_refusals
from dashboard.sandbox.quantities import check_quantities
from dashboard.sandbox.quota import quota_refusal, used
from dashboard.sandbox.registry import Resource

if TYPE_CHECKING:
    from dashboard.sandbox.api import Api

Obj = dict[str, Any]


def _within(api: Api, storage: str, namespace: str) -> list[Obj]:
    return [one for (where, _), one in api.store.objects(storage).items() if where == namespace]


def fill(api: Api, resource: Resource, obj: Obj) -> None:
    """Give a new Pod the limits that its namespace has for those that name none (in place).

    Raises ApiFailure 400 for a wrong quantity.
    """
    check_quantities(resource, obj)
    ranges = _within(api, "limitranges", obj["metadata"].get("namespace", ""))
    if ranges and resource.storage == "pods":
        fill_limits(ranges, obj)


def admit(api: Api, resource: Resource, obj: Obj) -> None:
    """Let a new, valid object in, or not. Raises ApiFailure 403."""
    if not resource.namespaced:
        return
    namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"].get("name", "")

    def objects(storage: str) -> list[Obj]:
        return _within(api, storage, namespace)

    broken = limit_refusals(objects("limitranges"), resource.storage, obj)
    if broken:
        why = broken[0] if len(broken) == 1 else f"[{', '.join(broken)}]"
        raise forbidden(resource.plural, resource.group, name, why)
    for quota in objects("resourcequotas"):
        why = quota_refusal(quota, resource.storage, obj, used(quota, objects))
        if why:
            raise forbidden(resource.plural, resource.group, name, why)
