"""What every controller asks of an object: its key, its controller, its labels, its conditions, its age.

Pure functions over the API's JSON; nothing here changes an object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Obj = dict[str, Any]
Key = tuple[str, str]
"""(namespace, name); namespace is "" for cluster-scoped objects."""


def key_of(obj: Mapping[str, Any]) -> Key:
    """The object's key in a queue and in a cache."""
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


def uid_of(obj: Mapping[str, Any]) -> str:
    """metadata.uid."""
    return str(obj["metadata"].get("uid", ""))


def labels_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """metadata.labels, {} when absent."""
    return obj["metadata"].get("labels") or {}


def annotations_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """metadata.annotations, {} when absent."""
    return obj["metadata"].get("annotations") or {}


def is_deleting(obj: Mapping[str, Any]) -> bool:
    """Whether the object has a deletionTimestamp."""
    return obj["metadata"].get("deletionTimestamp") is not None


def controller_of(obj: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The ownerReference with `controller: true`, if any (metav1.GetControllerOf)."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return dict(reference)
    return None


def controlled_by(obj: Mapping[str, Any], owner: Mapping[str, Any]) -> bool:
    """Whether `owner` is the object's controller, by uid."""
    reference = controller_of(obj)
    return reference is not None and reference.get("uid") == uid_of(owner)


def owner_reference(owner: Mapping[str, Any]) -> Obj:
    """The controller reference that children of `owner` carry (metav1.NewControllerRef)."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _expression_holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or ()
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return key not in labels or labels[key] not in values
    if operator == "Exists":
        return key in labels
    return operator == "DoesNotExist" and key not in labels


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector selects these labels. An absent selector selects nothing, an empty one everything."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(name) == value for name, value in wanted.items()) and all(
        _expression_holds(expression, labels) for expression in selector.get("matchExpressions") or ()
    )


def selects_nothing(selector: Mapping[str, Any] | None) -> bool:
    """Whether the selector is absent or empty; controllers refuse to act on such."""
    return not selector or not (selector.get("matchLabels") or selector.get("matchExpressions"))


def condition(holder: Mapping[str, Any], kind: str) -> Obj | None:
    """The condition of that type in a status (or in anything that has `conditions`)."""
    for entry in holder.get("conditions") or ():
        if entry.get("type") == kind:
            return dict(entry)
    return None


def is_true(obj: Mapping[str, Any], kind: str) -> bool:
    """Whether the object's condition of that type is True."""
    found = condition(obj.get("status") or {}, kind)
    return found is not None and found.get("status") == "True"


def seconds(text: str | None) -> float:
    """An RFC 3339 stamp as Unix seconds; 0.0 for an absent one."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else 0.0


def created(obj: Mapping[str, Any]) -> float:
    """metadata.creationTimestamp in Unix seconds."""
    return seconds(obj["metadata"].get("creationTimestamp"))


def by_creation(objects: Iterable[Obj]) -> list[Obj]:
    """Oldest first, by name where the second is the same (ReplicaSetsByCreationTimestamp)."""
    return sorted(objects, key=lambda obj: (created(obj), obj["metadata"]["name"]))


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether the Pod's Ready condition is True."""
    return is_true(pod, "Ready")


def available_at(pod: Mapping[str, Any], min_ready: float) -> float | None:
    """Unix seconds from which a ready Pod counts as available; None while it is not ready (IsPodAvailable)."""
    found = condition(pod.get("status") or {}, "Ready")
    if found is None or found.get("status") != "True":
        return None
    return seconds(found.get("lastTransitionTime")) + min_ready if min_ready else 0.0


def is_finished(pod: Mapping[str, Any]) -> bool:
    """Whether the Pod's phase is Succeeded or Failed."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def is_active(pod: Mapping[str, Any]) -> bool:
    """Neither finished nor on its way out (controller.IsPodActive)."""
    return not is_finished(pod) and not is_deleting(pod)


def is_terminating(pod: Mapping[str, Any]) -> bool:
    """On its way out and not yet finished (controller.IsPodTerminating)."""
    return not is_finished(pod) and is_deleting(pod)
