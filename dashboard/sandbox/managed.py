"""metadata.managedFields: which manager set which field, and server-side apply, which rests on it.

Follows `k8s.io/apimachinery/pkg/util/managedfields` and structured-merge-diff's updater: an Update takes the
fields it changed; an Apply owns what its configuration names, conflicts with others over values it would
change, and removes what it named before and names no more, unless somebody else owns it too.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox import fieldsets
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.failures import ApiFailure, bad_request
from dashboard.sandbox.fieldsets import ABSENT, EMPTY, FieldSet, Path
from dashboard.sandbox.options import Write
from dashboard.sandbox.patches.apply import merge, prune
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.schema.decode import decode
from dashboard.sandbox.schema.skeleton import skeleton
from dashboard.sandbox.schema.types import node_of
from dashboard.sandbox.store import Object

APPLY = "application/apply-patch+yaml"

_OWNERLESS = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",), ()}
    | {
        ("f:metadata", f"f:{name}")
        for name in [
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "generation",
            "managedFields",
            "resourceVersion",
        ]
    }
)


@dataclass(frozen=True, slots=True)
class Manager:
    """Who owns fields: the identity of a managedFields entry."""

    name: str
    operation: str
    api_version: str
    subresource: str = ""

    def __str__(self) -> str:
        text = f'"{self.name}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


@dataclass(slots=True)
class Owned:
    """A manager's fields and when they were last set (RFC 3339)."""

    fields: FieldSet
    time: str


Owners = dict[Manager, Owned]


@dataclass(frozen=True, slots=True)
class Place:
    """Which object, and through which of its endpoints, a configuration is applied to."""

    namespace: str
    name: str
    subresource: str = ""


def read(obj: Object) -> Owners:
    """The owners of an object's fields. Raises ValueError for what are no fields."""
    out: Owners = {}
    for entry in obj["metadata"].get("managedFields") or ():
        who = Manager(
            str(entry.get("manager", "")),
            str(entry.get("operation", "Update")),
            str(entry.get("apiVersion", "")),
            str(entry.get("subresource", "")),
        )
        out[who] = Owned(frozenset(fieldsets.decode(entry.get("fieldsV1") or {})), str(entry.get("time", "")))
    return out


def _write(obj: Object, owners: Owners) -> None:
    entries = [_entry(who, owned) for who, owned in owners.items() if owned.fields]
    # The API's order: Apply first, then by time, then by name.
    entries.sort(key=lambda e: (e["operation"], e.get("time", ""), e["manager"], e.get("subresource", "")))
    if entries:
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)


def _entry(who: Manager, owned: Owned) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "manager": who.name,
        "operation": who.operation,
        "apiVersion": who.api_version,
        "time": owned.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fieldsets.encode(owned.fields),
    }
    if who.subresource:
        entry["subresource"] = who.subresource
    return entry


def created(resource: Resource, obj: Object, write: Write, clock: Clock) -> None:
    """Give a new object's fields to its creator (in place)."""
    obj["metadata"].pop("managedFields", None)
    node = node_of(resource)
    difference = fieldsets.compare(node, skeleton(resource.storage, resource.custom is not None), obj)
    fields = frozenset(difference.added | difference.modified) - _OWNERLESS
    who = Manager(write.manager, "Update", resource.api_version)
    _write(obj, {who: Owned(fields, clock.stamp())})


def updated(resource: Resource, live: Object, obj: Object, write: Write, *, subresource: str, clock: Clock) -> None:
    """Move ownership of what an Update changed to its manager (in place)."""
    given = obj["metadata"].get("managedFields")
    reset = given == [{}]
    owners = {} if reset else _given(live, obj)
    difference = fieldsets.compare(node_of(resource), _bare(live), _bare(obj))
    changed = frozenset(difference.added | difference.modified) - _OWNERLESS
    gone = frozenset(difference.removed)
    who = Manager(write.manager, "Update", resource.api_version, subresource)
    if reset and not changed:
        obj["metadata"].pop("managedFields", None)
        return
    for owned in owners.values():
        owned.fields = owned.fields - gone
    if changed:
        mine = owners.get(who, Owned(EMPTY, "")).fields
        for owned in owners.values():
            owned.fields = owned.fields - changed
        owners[who] = Owned(mine - gone | changed, clock.stamp())
    elif gone and who in owners:
        owners[who].time = clock.stamp()
    _write(obj, owners)


def _given(live: Object, obj: Object) -> Owners:
    """What the writer says of ownership; what is stored where that is nothing, or makes no sense."""
    if not obj["metadata"].get("managedFields"):
        return read(live)
    try:
        return read(obj)
    except ValueError:
        return read(live)


def _bare(obj: Object) -> Object:
    meta = {k: v for k, v in obj["metadata"].items() if k not in ("managedFields", "resourceVersion")}
    return {**obj, "metadata": meta}


def same(live: Object, obj: Object) -> bool:
    """Whether nothing but timestamps of ownership would change: such a write is not stored."""
    if _bare(live) != _bare(obj):
        return False
    return {who: owned.fields for who, owned in read(live).items()} == {
        who: owned.fields for who, owned in read(obj).items()
    }


def applied(
    resource: Resource,
    where: Place,
    live: Object | None,
    patch: Any,
    write: Write,
    *,
    clock: Clock,
) -> Object:
    """The object after server-side apply of `patch`, with its owners. Raises ApiFailure 400 or 409."""
    config = decode(resource, patch, write, applying=True)
    _check(resource, where.namespace, where.name, config)
    subresource = where.subresource
    node = node_of(resource)
    who = Manager(write.manager, "Apply", resource.api_version, subresource)
    ignored = "f:status" if resource.has_status and subresource != "status" else ""
    wanted = frozenset(p for p in fieldsets.intent(node, config) - _OWNERLESS if p[0] != ignored)
    if live is None:
        _write(config, {who: Owned(wanted, clock.stamp())})
        return config
    owners = read(live) or _before_first_apply(resource, live, clock)
    before = owners.get(who, Owned(EMPTY, ""))
    others = {other: owned for other, owned in owners.items() if other != who}
    merged: Object = merge(node, copy.deepcopy(_bare(live)), config)
    union = frozenset().union(wanted, *(owned.fields for owned in others.values()))
    merged = prune(node, merged, before.fields - union, union)
    _settle(resource, live, merged, others, write)
    time = before.time if before.fields == wanted and _bare(live) == merged else clock.stamp()
    others[who] = Owned(wanted, time)
    _write(merged, others)
    return merged


def _check(resource: Resource, namespace: str, name: str, config: Object) -> None:
    meta = config.setdefault("metadata", {})
    if meta.pop("managedFields", None):
        raise bad_request("metadata.managedFields must be nil")
    meta.setdefault("name", name)
    if not resource.namespaced:
        meta.pop("namespace", None)
    elif (meta.get("namespace") or namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    else:
        meta["namespace"] = namespace
    if meta["name"] != name:
        raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({name})")


def _before_first_apply(resource: Resource, live: Object, clock: Clock) -> Owners:
    difference = fieldsets.compare(node_of(resource), ABSENT, _bare(live))
    who = Manager("before-first-apply", "Update", resource.api_version)
    return {who: Owned(frozenset(difference.added) - _OWNERLESS, clock.stamp())}


def _settle(resource: Resource, live: Object, merged: Object, others: Owners, write: Write) -> None:
    difference = fieldsets.compare(node_of(resource), _bare(live), merged)
    changed = frozenset(difference.added | difference.modified)
    clashes = [(other, path) for other, owned in others.items() for path in sorted(owned.fields & changed)]
    if clashes and not write.force:
        raise _clash(clashes)
    for owned in others.values():
        owned.fields = owned.fields - changed - frozenset(difference.removed)


def _clash(clashes: list[tuple[Manager, Path]]) -> ApiFailure:
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": fieldsets.written(path)}
        for who, path in clashes
    ]
    if len(clashes) == 1:
        who, path = clashes[0]
        text = f"Apply failed with 1 conflict: conflict with {who}: {fieldsets.written(path)}"
        return ApiFailure(409, "Conflict", text, {"causes": causes})
    lines: list[str] = []
    for who in sorted({who for who, _ in clashes}, key=str):
        lines.append(f"conflicts with {who}:")
        lines += [f"- {fieldsets.written(path)}" for other, path in clashes if other == who]
    text = f"Apply failed with {len(clashes)} conflicts: " + "\n".join(lines)
    return ApiFailure(409, "Conflict", text, {"causes": causes})
