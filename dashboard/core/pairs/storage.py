"""PersistentVolumeClaim: bound or not, requested size ↔ capacity, access modes."""

from __future__ import annotations

from dashboard.core.objects import field
from dashboard.core.quantities import quantity
from dashboard.core.sheet import Dated, Sheet
from dashboard.core.subject import as_list

REQUEST = "spec.resources.requests.storage"


def claim(sheet: Sheet) -> None:
    """A claim is never unbound again: while it is Pending it has been so since it was made."""
    phase = sheet.status.get("phase")
    pending: Dated | None = (sheet.created, False) if phase == "Pending" else None
    sheet.add("phase", "spec.volumeName", "Bound", phase, phase != "Bound", dated=pending)
    request, capacity = field(sheet.obj, REQUEST), field(sheet.obj, "status.capacity.storage")
    want, have = quantity(request), quantity(capacity)
    if want is not None:
        sheet.add("size", REQUEST, request, capacity, have is None or have < want, dated=pending)
    modes, granted = as_list(sheet.spec.get("accessModes")), as_list(sheet.status.get("accessModes"))
    if modes and granted:
        missing = [mode for mode in modes if mode not in granted]
        sheet.add("access modes", "spec.accessModes", modes, granted, bool(missing), dated=pending)
    wanted, used = sheet.spec.get("volumeAttributesClassName"), sheet.status.get("currentVolumeAttributesClassName")
    if wanted and isinstance(wanted, str):
        sheet.add("attributes class", "spec.volumeAttributesClassName", wanted, used, wanted != used, dated=pending)
