"""Deployment, ReplicaSet, StatefulSet, DaemonSet: the counts of `kubectl rollout status`, and the images that run."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.core import images
from dashboard.core.imagetext import containers_of, running
from dashboard.core.model import Relative
from dashboard.core.sheet import Dated, Sheet, changed
from dashboard.core.subject import as_count, as_mapping

REPLICAS = "spec.replicas"
TEMPLATE = "spec.template"


def deployment(sheet: Sheet) -> None:
    """replicas ↔ updated, ready, available; old Pods that are left; images ↔ those that the ReplicaSets run."""
    want = as_count(sheet.spec.get("replicas"), 1)
    total, updated = sheet.count("replicas"), sheet.count("updatedReplicas")
    ready, available = sheet.count("readyReplicas"), sheet.count("availableReplicas")
    stale = _stale(sheet)
    rolling = stale or updated != want or total > updated
    asked = _asked(sheet) if rolling else None
    if not stale:  # its count of updated Pods is of the template before
        sheet.add("replicas · updated", REPLICAS, want, updated, updated != want, dated=asked)
    if total > updated and not stale:
        sheet.add("replicas · old", TEMPLATE, 0, total - updated, True, dated=asked)
    if ready != want or available != want:
        dated = asked or _lost(sheet, changed_if(sheet, "Available", "False"))
        sheet.add("replicas · ready", REPLICAS, want, ready, ready != want, dated=dated)
        sheet.add("replicas · available", REPLICAS, want, available, available != want, dated=dated)
    else:
        sheet.add("replicas · ready", REPLICAS, want, ready, False)
        sheet.add("replicas · available", REPLICAS, want, available, False)
    _images(sheet, not rolling and total > 0)
    failure = sheet.condition("ReplicaFailure")
    if failure is not None and failure.get("status") == "True":
        sheet.add("condition · ReplicaFailure", "", "False", "True", True, dated=changed(failure))


def replica_set(sheet: Sheet) -> None:
    """replicas ↔ created, ready, available."""
    want = as_count(sheet.spec.get("replicas"), 1)
    total, ready, available = sheet.count("replicas"), sheet.count("readyReplicas"), sheet.count("availableReplicas")
    sheet.add("replicas · created", REPLICAS, want, total, total != want)
    if total == want and ready != want:
        dated: Dated | None = _lost(sheet, (None, False))
    else:
        dated = None
    sheet.add("replicas · ready", REPLICAS, want, ready, ready != want, dated=dated)
    sheet.add("replicas · available", REPLICAS, want, available, available != want, dated=dated)
    failure = sheet.condition("ReplicaFailure")
    if failure is not None and failure.get("status") == "True":
        sheet.add("condition · ReplicaFailure", "", "False", "True", True, dated=changed(failure))


def stateful_set(sheet: Sheet) -> None:
    """replicas ↔ created, ready, available; all above the partition ↔ updated, unless Pods are replaced by hand."""
    want = as_count(sheet.spec.get("replicas"), 1)
    total, ready = sheet.count("replicas"), sheet.count("readyReplicas")
    asked = _asked(sheet)
    sheet.add("replicas · created", REPLICAS, want, total, total != want, dated=asked)
    strategy = as_mapping(sheet.spec.get("updateStrategy"))
    current, update = sheet.status.get("currentRevision"), sheet.status.get("updateRevision")
    rolling = current != update
    if rolling and strategy.get("type") != "OnDelete":
        partition = as_count(as_mapping(strategy.get("rollingUpdate")).get("partition"))
        due, updated = max(want - partition, 0), sheet.count("updatedReplicas")
        sheet.add("replicas · updated", TEMPLATE, due, updated, updated < due or partition == 0, dated=asked)
    unready = asked if rolling or total != want else _lost(sheet, (None, False)) if ready != want else None
    sheet.add("replicas · ready", REPLICAS, want, ready, ready != want, dated=unready)
    if "availableReplicas" in sheet.status:
        available = sheet.count("availableReplicas")
        sheet.add("replicas · available", REPLICAS, want, available, available != want, dated=unready)
    fresh = not rolling and total > 0 and not _stale(sheet)
    _images(sheet, fresh)


def daemon_set(sheet: Sheet) -> None:
    """Nodes that want a Pod ↔ scheduled, updated, ready, available; Pods where none is wanted."""
    if "desiredNumberScheduled" not in sheet.status:
        return
    want = sheet.count("desiredNumberScheduled")
    scheduled, ready = sheet.count("currentNumberScheduled"), sheet.count("numberReady")
    updated, available = sheet.count("updatedNumberScheduled"), sheet.count("numberAvailable")
    path = "status.desiredNumberScheduled"
    asked = _asked(sheet)
    sheet.add("pods · scheduled", path, want, scheduled, scheduled != want, dated=_lost(sheet, (None, False)))
    rolling = as_mapping(sheet.spec.get("updateStrategy")).get("type") != "OnDelete" and updated < want
    if as_mapping(sheet.spec.get("updateStrategy")).get("type") != "OnDelete":
        sheet.add("pods · updated", TEMPLATE, want, updated, rolling, dated=asked)
    dated = asked if rolling else _lost(sheet, (None, False)) if ready != want or available != want else None
    sheet.add("pods · ready", path, want, ready, ready != want, dated=dated)
    sheet.add("pods · available", path, want, available, available != want, dated=dated)
    extra = sheet.count("numberMisscheduled")
    if extra:
        sheet.add("pods · misscheduled", path, 0, extra, True)
    fresh = not rolling and scheduled > 0 and not _stale(sheet)
    _images(sheet, fresh)


def _stale(sheet: Sheet) -> bool:
    """Whether the status describes another generation than the spec's."""
    return sheet.status.get("observedGeneration") != sheet.meta.get("generation")


def _asked(sheet: Sheet) -> Dated:
    """When the present rollout or scaling was asked for: the later of the template and the replicas.

    The API server writes no time for what goes through `/scale`; then the status is the only witness.
    """
    times = []
    for path in (REPLICAS, TEMPLATE):
        setter = sheet.setter(path)
        if setter is not None and setter.time is None:
            return sheet.opened(path)
        at = sheet.set_at(path)
        if at is not None:
            times.append(at)
    return (max(times), False) if times else (sheet.answered, True)


def _lost(sheet: Sheet, condition: Dated) -> Dated:
    """Since when Pods are missing that were there: at least since the condition, or the oldest unready child, says
    so; since the change itself when the status has not been written after it."""
    asked = _asked(sheet)
    answered = sheet.answered
    if asked[0] is not None and not asked[1] and (answered is None or asked[0] >= answered):
        return asked
    unready = [
        each.since
        for each in sheet.children
        if each.since is not None and each.ready < each.replicas and not each.deleting
    ]
    times = [at for at in (condition[0], min(unready, default=None)) if at is not None]
    if times:
        return min(times), True
    return (answered, True) if answered is not None else (asked[0], True)


def changed_if(sheet: Sheet, type_: str, status: str) -> Dated:
    """When a condition took this status; (None, False) where it has another."""
    entry = sheet.condition(type_)
    return changed(entry) if entry is not None and entry.get("status") == status else (None, False)


def _images(sheet: Sheet, all_updated: bool) -> None:
    """Images wanted ↔ images running in the children; where the status says that every Pod is of the newest
    template, the wanted ones are those that run. No row where neither is known."""
    children = _with_pods(sheet.children) if sheet.related else ()
    if not children and not all_updated:
        return
    for name, image in containers_of(sheet.obj):
        path = f'{TEMPLATE}.spec.containers[name="{name}"].image'
        runs = running(str(sheet.uid), name, children) if children else None
        if runs is None or not runs.total:
            if all_updated:
                sheet.add(f"image · {name}", path, image, image, False)
            continue
        others = [(other, count) for other, count in runs.counts if not images.same(other, image)]
        if not others:
            sheet.add(f"image · {name}", path, image, image, False)
            continue
        has = ", ".join(f"{other} on {count} of {runs.total}" for other, count in others[:3])
        sheet.add(f"image · {name}", path, image, has, True, dated=_asked(sheet))


def _with_pods(children: Sequence[Relative]) -> list[Relative]:
    return [each for each in children if each.replicas > 0 and each.images]
