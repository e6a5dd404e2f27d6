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


def admit(api: Api, resource: Resource, obj: Obj) -> None:
    """Fill a new object's limits (in place) and let it in, or not. Raises ApiFailure 403, 400 for a wrong quantity."""
    if not resource.namespaced:
        return
    check_quantities(resource, obj)
    namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"].get("name", "")

    def objects(storage: str) -> list[Obj]:
        return [one for (where, _), one in api.store.objects(storage).items() if where == namespace]

    ranges = objects("limitranges")
    if ranges and resource.storage == "pods":
        fill_limits(ranges, obj)
    broken = limit_refusals(ranges, resource.storage, obj)
    if broken:
        why = broken[0] if len(broken) == 1 else f"[{', '.join(broken)}]"
        raise forbidden(resource.plural, resource.group, name, why)
    for quota in objects("resourcequotas"):
        why = quota_refusal(quota, resource.storage, obj, used(quota, objects))
        if why:
            raise forbidden(resource.plural, resource.group, name, why)
