"""Gateway API: listeners ↔ programmed, routes ↔ accepted by each parent that they name.

https://gateway-api.sigs.k8s.io/reference/spec/ (GatewayStatus, RouteStatus).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.core.objects import plain
from dashboard.core.sheet import Sheet, changed
from dashboard.core.subject import as_list

MOST = 64
"""Listeners that a Gateway may have (the CRD's maxItems)."""

LISTENER = {"Accepted": "True", "Programmed": "True", "ResolvedRefs": "True", "Conflicted": "False"}
PARENT = {"Accepted": "True", "ResolvedRefs": "True"}


def gateway(sheet: Sheet) -> None:
    """The Gateway as a whole, then each listener."""
    sheet.wants("Accepted")
    sheet.wants("Programmed")
    found = {each.get("name"): each for each in _objects(sheet.status.get("listeners")) if _is_text(each.get("name"))}
    for listener in _objects(sheet.spec.get("listeners")):
        name = listener.get("name")
        if _is_text(name) and name in found:
            path = f'spec.listeners[name="{plain(name, 63)}"]'
            _conditions(sheet, f"listener · {plain(name, 63)}", path, found[name], LISTENER)


def route(sheet: Sheet) -> None:
    """Each parent that the route names ↔ what that parent's controller says of it."""
    parents = _objects(sheet.status.get("parents"))
    for reference in _objects(sheet.spec.get("parentRefs")):
        wanted = _identity(reference, sheet)
        for parent in parents:
            if _identity(parent.get("parentRef"), sheet) == wanted:
                label = f"parent · {plain(reference.get('name'), 63)}"
                _conditions(sheet, label, "spec.parentRefs", parent, PARENT)


def _conditions(sheet: Sheet, label: str, path: str, entry: Mapping[str, Any], wishes: Mapping[str, str]) -> None:
    for condition in _objects(entry.get("conditions")):
        type_, has = condition.get("type"), condition.get("status")
        wanted = wishes.get(type_) if isinstance(type_, str) else None
        if wanted is None or not _is_text(has) or (wanted == "False" == has) or _is_stale(sheet, condition):
            continue
        sheet.add(f"{label} · {type_}", path, wanted, plain(has, 20), has != wanted, dated=changed(condition))


def _is_stale(sheet: Sheet, condition: Mapping[str, Any]) -> bool:
    """Whether a condition speaks of an older spec."""
    seen, wanted = condition.get("observedGeneration"), sheet.meta.get("generation")
    return type(seen) is int and type(wanted) is int and seen < wanted


def _identity(reference: Any, sheet: Sheet) -> tuple[Any, ...] | None:
    """What a parentRef points at, its defaults filled in."""
    if not isinstance(reference, dict):
        return None
    get = reference.get
    group, kind = get("group", "gateway.networking.k8s.io"), get("kind", "Gateway")
    namespace = get("namespace") or sheet.meta.get("namespace")
    return tuple(str(each) for each in (group, kind, namespace, get("name"), get("sectionName"), get("port")))


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in as_list(value)[:MOST] if isinstance(each, dict)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
