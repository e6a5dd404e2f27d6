"""The scale subresource: one shape for everything that has replicas."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from dashboard.sandbox import validation
from dashboard.sandbox.failures import bad_request, conflict, unsupported_media
from dashboard.sandbox.options import Write
from dashboard.sandbox.patches.merge import merge_patch
from dashboard.sandbox.patches.operations import apply_operations
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.schema.decode import decode_as

if TYPE_CHECKING:
    from dashboard.sandbox.api import Api

Obj = dict[str, Any]


def _dig(obj: Any, path: str) -> Any:
    for part in path.strip(".").split("."):
        obj = obj.get(part) if isinstance(obj, dict) else None
    return obj


def _paths(resource: Resource) -> tuple[str, str, str]:
    if resource.custom is None:
        return ".spec.replicas", ".status.replicas", ""
    declared = resource.custom.scale
    return (
        declared.get("specReplicasPath", ".spec.replicas"),
        declared.get("statusReplicasPath", ".status.replicas"),
        declared.get("labelSelectorPath", ""),
    )


def selector_text(selector: Any) -> str:
    """A label selector as one string, as `kubectl` would take it."""
    if not isinstance(selector, dict):
        return str(selector or "")
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    words = {"In": "in", "NotIn": "notin"}
    for rule in selector.get("matchExpressions") or ():
        key, operator = rule.get("key", ""), rule.get("operator")
        if operator in words:
            terms.append(f"{key} {words[operator]} ({','.join(sorted(rule.get('values') or ()))})")
        else:
            terms.append(key if operator == "Exists" else f"!{key}")
    return ",".join(sorted(terms))


def show(resource: Resource, obj: Obj) -> Obj:
    """The Scale of an object."""
    meta = obj["metadata"]
    shown = {
        key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp") if key in meta
    }
    wanted, had, selector = _paths(resource)
    status: Obj = {"replicas": _dig(obj, had) or 0}
    labels = selector_text(_dig(obj, selector) if selector else _dig(obj, "spec.selector"))
    if labels:
        status["selector"] = labels
    # 0 is left out, as Go's omitempty does it.
    spec = {"replicas": _dig(obj, wanted)} if _dig(obj, wanted) else {}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": shown, "spec": spec, "status": status}


def replace(api: Api, resource: Resource, namespace: str, name: str, body: Any, *, write: Write) -> Obj:
    """PUT: sets spec.replicas. Raises ApiFailure 400, 404, 409, 422."""
    live = api.get(resource, namespace, name)
    scale = decode_as("Scale", "v1", "V1Scale", body)
    meta = scale.get("metadata") or {}
    if meta.get("name", name) != name:
        raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({name})")
    version = meta.get("resourceVersion")
    if version and version != live["metadata"]["resourceVersion"]:
        raise conflict(resource.plural, resource.group, name)
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    validation.scale(name, replicas)
    obj = copy.deepcopy(live)
    parts = _paths(resource)[0].strip(".").split(".")
    holder = obj
    for part in parts[:-1]:
        holder = holder.setdefault(part, {})
    holder[parts[-1]] = replicas
    return show(resource, api.replace_through(resource, live, obj, write, "scale"))


def patch(
    api: Api, resource: Resource, namespace: str, name: str, body: Any, *, content_type: str, write: Write
) -> Obj:
    """PATCH: a merge or JSON patch of the Scale. Raises ApiFailure."""
    current = show(resource, api.get(resource, namespace, name))
    if content_type == "application/json-patch+json":
        changed = apply_operations(current, body)
    elif content_type in ("application/merge-patch+json", "application/strategic-merge-patch+json"):
        changed = merge_patch(copy.deepcopy(current), body)
    else:
        raise unsupported_media()
    return replace(api, resource, namespace, name, changed, write=write)
