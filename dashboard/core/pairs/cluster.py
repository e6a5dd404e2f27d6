"""Node, PodDisruptionBudget, CustomResourceDefinition."""

from __future__ import annotations

from dashboard.core.objects import field, plain
from dashboard.core.sheet import Sheet, changed
from dashboard.core.subject import as_list, as_mapping

CORDON = "node.kubernetes.io/unschedulable"
ILLS = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
NAMES = ("plural", "singular", "kind", "listKind", "shortNames", "categories")


def nothing(sheet: Sheet) -> None:
    """A kind whose status answers to no field of its spec."""
    del sheet


def node(sheet: Sheet) -> None:
    """Ready and without pressure; a cordon ↔ the taint that keeps Pods away."""
    sheet.wants("Ready")
    for type_ in ILLS:
        condition = sheet.condition(type_)
        if condition is not None and condition.get("status") != "False":
            sheet.add(f"condition · {type_}", "", "False", condition.get("status"), True, dated=changed(condition))
    if sheet.spec.get("unschedulable") is True:
        tainted = any(field(each, "key") == CORDON for each in as_list(sheet.spec.get("taints")))
        sheet.add("cordon", "spec.unschedulable", True, tainted, not tainted)


def disruption_budget(sheet: Sheet) -> None:
    """Healthy Pods that the budget asks for ↔ those that are."""
    if "desiredHealthy" in sheet.status:
        want, healthy = sheet.count("desiredHealthy"), sheet.count("currentHealthy")
        path = "spec.maxUnavailable" if "maxUnavailable" in sheet.spec else "spec.minAvailable"
        sheet.add("pods · healthy", path, want, healthy, healthy < want)


def custom_resource_definition(sheet: Sheet) -> None:
    """Names ↔ accepted names, the storage version ↔ stored versions; Established and NamesAccepted."""
    names, accepted = as_mapping(sheet.spec.get("names")), as_mapping(sheet.status.get("acceptedNames"))
    refused = sheet.condition("NamesAccepted")
    for name in NAMES if accepted else ():
        want, has = names.get(name), accepted.get(name)
        if want:
            sheet.add(f"names · {name}", f"spec.names.{name}", want, has or None, want != has, dated=changed(refused))
    versions = [each for each in as_list(sheet.spec.get("versions")) if isinstance(each, dict)]
    storage = next((plain(each.get("name"), 63) for each in versions if each.get("storage") is True), "")
    stored = as_list(sheet.status.get("storedVersions"))
    if storage and stored:
        sheet.add("versions · stored", "spec.versions", storage, stored, storage not in stored)
    for type_ in ("NamesAccepted", "Established"):
        sheet.wants(type_)
