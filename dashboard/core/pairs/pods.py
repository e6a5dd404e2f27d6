"""Pod: containers ↔ ready ones, images wanted ↔ running, resources asked for ↔ given, how it should end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.core import images
from dashboard.core.objects import plain
from dashboard.core.quantities import quantity
from dashboard.core.sheet import Dated, Sheet, changed
from dashboard.core.subject import as_list, as_mapping

OVER = ("Succeeded", "Failed")


def pod(sheet: Sheet) -> None:
    """A Pod that runs on is wanted ready, one that ends is wanted Succeeded, and one being deleted only gone."""
    if sheet.meta.get("deletionTimestamp"):
        return
    phase = sheet.status.get("phase")
    forever = sheet.spec.get("restartPolicy", "Always") == "Always"
    entries = {
        name: each
        for each in as_list(sheet.status.get("containerStatuses"))
        if isinstance(each, dict) and isinstance(name := each.get("name"), str)
    }
    if forever and phase not in OVER:
        _ready(sheet, entries)
    else:
        wanted = "Running" if forever and phase != "Succeeded" else "Succeeded"
        sheet.add("phase", "spec.restartPolicy", wanted, phase, phase != wanted)
    for each in as_list(sheet.spec.get("containers"))[:100]:
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            _container(sheet, each, as_mapping(entries.get(each["name"])))


def _ready(sheet: Sheet, entries: Mapping[str, Mapping[str, Any]]) -> None:
    want = len(as_list(sheet.spec.get("containers")))
    ready = sum(1 for each in entries.values() if each.get("ready") is True)
    condition = sheet.condition("Ready")
    said = condition.get("status") if condition is not None else None
    dated: Dated | None = None
    if said != "True":
        dated = changed(condition) if condition is not None else (sheet.created, False)
    if want:
        sheet.add("containers · ready", "spec.containers", want, ready, ready < want, dated=dated)
    if condition is not None and said != "True" and ready >= want:
        sheet.add(
            "condition · Ready", "", "True", said, True, dated=dated
        )  # a readiness gate, or the Pod's node is lost


def _container(sheet: Sheet, wanted: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    """A container's image runs once it has an imageID. The kubelet may show another name of the same image, so only
    a Pod whose spec has changed since it was made can run another one."""
    name, image = plain(wanted.get("name"), 63), plain(wanted.get("image"), 300)
    path = f'spec.containers[name="{name}"].image'
    has = plain(entry.get("image"), 300)
    if not entry.get("imageID") or not has:
        if sheet.status:
            sheet.add(f"image · {name}", path, image, None, True, dated=_waiting(sheet))
        return
    edited = sheet.meta.get("generation", 1) != 1
    other = edited and not images.same(image, has) and images.repository(image) == images.repository(has)
    sheet.add(f"image · {name}", path, image, has if other else image, other)
    given = as_mapping(as_mapping(entry.get("resources")).get("requests"))
    for resource, amount in as_mapping(as_mapping(wanted.get("resources")).get("requests")).items() if given else ():
        one, other_amount = quantity(amount), quantity(given.get(resource))
        if one is not None and other_amount is not None and one != other_amount:
            label = f"{plain(resource, 63)} · {name}"
            path = f'spec.containers[name="{name}"].resources.requests.{resource}'
            sheet.add(label, path, amount, given[resource], True)


def _waiting(sheet: Sheet) -> Dated:
    return changed(sheet.condition("Ready")) if sheet.condition("Ready") is not None else (sheet.created, False)
