"""Service, EndpointSlice, Ingress: endpoints that are ready, and a load balancer's address."""

from __future__ import annotations

from dashboard.core.objects import field, plain
from dashboard.core.sheet import Sheet
from dashboard.core.subject import as_list


def service(sheet: Sheet) -> None:
    """endpoints ↔ ready ones, where its EndpointSlices are known; a load balancer ↔ its address."""
    slices = [each for each in sheet.children if each.key.kind == "EndpointSlice"]
    total = sum(each.replicas for each in slices)
    if total:
        ready = sum(each.ready for each in slices)
        sheet.add("endpoints · ready", "spec.selector", total, ready, ready < total)
    if sheet.spec.get("type") == "LoadBalancer":
        _address(sheet, "spec.type")


def ingress(sheet: Sheet) -> None:
    """An address, as its controller publishes it."""
    _address(sheet, "spec.rules")


def _address(sheet: Sheet, path: str) -> None:
    entries = as_list(field(sheet.status, "loadBalancer.ingress"))
    found = [plain(field(each, "ip"), 60) or plain(field(each, "hostname"), 200) for each in entries[:5]]
    shown = ", ".join(each for each in found if each) or None
    sheet.add("load balancer", path, "an address", shown, shown is None)


def endpoint_slice(sheet: Sheet) -> None:
    """Endpoints that are not ready take no traffic; those that end are left out."""
    entries = [each for each in as_list(sheet.obj.get("endpoints")) if not field(each, "conditions.terminating", False)]
    if entries:
        ready = sum(1 for each in entries if field(each, "conditions.ready", True) is not False)
        sheet.add("endpoints · ready", "endpoints", len(entries), ready, ready < len(entries))
