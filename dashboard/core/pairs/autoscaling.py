"""HorizontalPodAutoscaler: targets ↔ current metrics, the replicas that it wants ↔ those that are, within bounds."""

from __future__ import annotations

from dashboard.core.measures import metrics, shown
from dashboard.core.quantities import quantity
from dashboard.core.sheet import Sheet, changed
from dashboard.core.subject import as_count

TOLERANCE = 0.1
"""A metric this close to its target moves nothing: `--horizontal-pod-autoscaler-tolerance`."""


def autoscaler(sheet: Sheet) -> None:
    """A metric is a gap when it asks for another number of replicas than there may be or are."""
    current, low = as_count(sheet.status.get("currentReplicas")), as_count(sheet.spec.get("minReplicas"), 1)
    found = list(metrics(sheet.obj))
    loads = [each.load for each in found if quantity(each.current) is not None]
    idle = bool(loads) and max(loads) < 1 - TOLERANCE and current > low
    for each in found:
        measured = quantity(each.current) is not None
        off = not measured or each.load > 1 + TOLERANCE or (idle and each.load == max(loads))
        unit = " %" if each.unit else ""
        has = f"{shown(each.current)}{unit}" if measured else None
        sheet.add(f"metric · {each.name}", each.path, f"{shown(each.target)}{unit}", has, off)
    _replicas(sheet, current, low)
    for type_ in ("AbleToScale", "ScalingActive"):
        condition = sheet.condition(type_)
        if condition is not None and condition.get("reason") != "ScalingDisabled":
            has = condition.get("status")
            sheet.add(f"condition · {type_}", "", "True", has, has != "True", dated=changed(condition))


def _replicas(sheet: Sheet, current: int, low: int) -> None:
    """A new autoscaler has wanted nothing yet: its desiredReplicas is 0 until the first look."""
    high = sheet.spec.get("maxReplicas")
    if not sheet.status.get("conditions") or type(high) is not int:
        return
    wanted = as_count(sheet.status.get("desiredReplicas"))
    if wanted or not low:
        sheet.add("replicas · current", "status.desiredReplicas", wanted, current, wanted != current)
    outside = current != 0 and not low <= current <= high
    sheet.add("replicas · bounds", "spec.maxReplicas", f"{low} to {high}", current, outside)
