"""The object page's context: an ObjectView, and the fields of its edit panel with what was typed into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from dashboard.core.objects import ObjectKey
from dashboard.web import pages
from dashboard.web.clusters import Cluster
from dashboard.web.telling import told

MANY = 3
"""Objects in one level of the chain from which on each is one line."""


def object_context(
    cluster: Cluster,
    request: HttpRequest,
    key: ObjectKey,
    view: Mapping[str, Any],
    outcome: Mapping[str, Any] | None = None,
) -> pages.Context:
    """What object.html needs. `outcome` is that of the edit that led here, shown beside the fields it is about."""
    context = pages.common(cluster, request, page="object")
    held = bool(outcome) or "hold" in request.GET
    edit = view["edit"]
    context |= {
        "view": view,
        "key": key,
        "row": view["row"],
        "here": f"{context['root']}o/{key.id}",
        "outcome": outcome,
        "edit": edit,
        "fields": edit_fields(edit, outcome) if edit else [],
        "can": frozenset(edit["can"]) if edit else frozenset(),
        "levels": [{"hops": level, "many": len(level) > MANY} for level in view["chain"]],
        "at_fault": at_fault(view),
        "told": told(view["episode"], context["now"]) if view["episode"] is not None else None,
        "usual": view["usual"],
        # Somebody who types must not have the page reloaded under their hands.
        "refresh": 0 if held else pages.REFRESH,
        "held": held,
    }
    return context


def at_fault(view: Mapping[str, Any]) -> dict[str, str] | None:
    """The object that the cause is about, where it is another one: its id and its short name."""
    cause = view["cause"]
    if not cause or not cause["at"] or cause["at"] == view["id"]:
        return None
    try:
        key = ObjectKey.parse(cause["at"])
    except ValueError:
        return None
    return {"id": key.id, "kind": key.kind, "name": key.name}


def edit_fields(edit: Mapping[str, Any], outcome: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The edit panel's fields: what is shown now, what was typed, and what is wrong with it."""
    typed: Mapping[str, str] = (outcome or {}).get("form", {})
    wrong = {problem["field"]: problem["message"] for problem in (outcome or {}).get("errors", ())}
    fields = []
    if edit["replicas"] is not None and "scale" in edit["can"]:
        fields.append(_field("replicas", "replicas", str(edit["replicas"]), typed, wrong))
    for container in edit["containers"] if "image" in edit["can"] else ():
        name = f"image.{container['name']}"
        fields.append(_field(name, container["name"], container["image"], typed, wrong))
    return fields


def _field(name: str, label: str, now: str, typed: Mapping[str, str], wrong: Mapping[str, str]) -> dict[str, Any]:
    # What was shown when they typed stays what their edit is tested against, unless it is out of date and they know.
    return {
        "name": name,
        "label": label,
        "id": f"f-{name}",
        "is_replicas": name == "replicas",
        "value": typed.get(name, now),
        "shown": now,
        "problem": wrong.get(name, ""),
    }
