"""Edits on the way out: what dashboard.core.edits built is sent here, and nothing else writes to a cluster.

Errors are those of `dashboard.cluster.errors`, unchanged: a Conflict, a Forbidden, an Invalid with the
fields it names. Everything carries our field manager and is validated strictly: a misspelt field is
refused rather than dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.cluster.connection import Connection
from dashboard.core.objects import ResourceType, field

MANAGER = "reconcilerviz"
REVISION_PAGE = 500

HISTORY = {
    "Deployment": ResourceType("apps", "v1", "ReplicaSet", "replicasets", True),
    "StatefulSet": ResourceType("apps", "v1", "ControllerRevision", "controllerrevisions", True),
    "DaemonSet": ResourceType("apps", "v1", "ControllerRevision", "controllerrevisions", True),
}
"""Where a workload's past templates are kept."""


def _path(resource: ResourceType, namespace: str, name: str, subresource: str = "") -> str:
    path = resource.object_path(namespace, name)
    return f"{path}/{subresource}" if subresource else path


def _query(dry_run: bool) -> dict[str, str]:
    query = {"fieldManager": MANAGER, "fieldValidation": "Strict"}
    return {**query, "dryRun": "All"} if dry_run else query


async def get(connection: Connection, resource: ResourceType, namespace: str, name: str) -> dict[str, Any]:
    """The object as it is now."""
    return (await connection.request("GET", _path(resource, namespace, name))).object()


async def patch(
    connection: Connection,
    resource: ResourceType,
    namespace: str,
    name: str,
    *,
    subresource: str = "",
    content_type: str,
    body: Any,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Send one patch; the object (or subresource) as it is after it. With `dry_run`, as it would be."""
    path = _path(resource, namespace, name, subresource)
    response = await connection.request("PATCH", path, _query(dry_run), body, content_type=content_type)
    return response.object()


async def delete(
    connection: Connection,
    resource: ResourceType,
    namespace: str,
    name: str,
    *,
    uid: str = "",
    propagation: str = "Background",
    grace: int | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Delete one object; the answer is the object with its deletionTimestamp, or a Status when it is gone.

    With `uid` only that very object: one of the same name that came meanwhile is a Conflict. `grace` in seconds.
    """
    body: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
    if uid:
        body["preconditions"] = {"uid": uid}
    if grace is not None:
        body["gracePeriodSeconds"] = grace
    if dry_run:
        body["dryRun"] = ["All"]
    return (await connection.request("DELETE", _path(resource, namespace, name), body=body)).object()


def selector_text(selector: Any) -> str:
    """A label selector as the API's query parameter; "" for none. Malformed parts are left out: they match too much,
    and owners are compared afterwards."""
    parts = []
    labels = field(selector, "matchLabels", {})
    if isinstance(labels, Mapping):
        parts += [f"{key}={value}" for key, value in sorted(labels.items())]
    expressions = field(selector, "matchExpressions", [])
    for expression in expressions if isinstance(expressions, list) else ():
        key, operator = field(expression, "key"), field(expression, "operator")
        values = field(expression, "values", [])
        joined = ",".join(str(value) for value in values) if isinstance(values, list) else ""
        match operator:
            case "In" | "NotIn":
                parts.append(f"{key} {operator.lower()} ({joined})")
            case "Exists":
                parts.append(f"{key}")
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)


async def revisions(connection: Connection, obj: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The objects that keep a workload's past templates (ReplicaSets, ControllerRevisions) and that it controls.

    In no particular order; empty for kinds that keep none.
    """
    history = HISTORY.get(str(field(obj, "kind"))) if field(obj, "apiVersion") == "apps/v1" else None
    namespace, uid = str(field(obj, "metadata.namespace", "")), field(obj, "metadata.uid")
    if history is None or not namespace or not uid:
        return []
    query = {"labelSelector": selector_text(field(obj, "spec.selector")), "limit": str(REVISION_PAGE)}
    path = history.object_path(namespace, "").rstrip("/")
    answer = (await connection.request("GET", path, query)).object()
    items = answer.get("items")
    owned = [item for item in items if _controlled(item, uid)] if isinstance(items, list) else []
    return [{**item, "apiVersion": history.api_version, "kind": history.kind} for item in owned]


def _controlled(item: Any, uid: str) -> bool:
    owners = field(item, "metadata.ownerReferences", [])
    return isinstance(owners, list) and any(
        field(owner, "uid") == uid and field(owner, "controller") is True for owner in owners
    )
