"""Discovery documents: what is served, in the old and the aggregated form."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from dashboard.sandbox.registry import Registry, Resource
from dashboard.sandbox.server.render import json_bytes

Obj = dict[str, Any]


def versions(address: str) -> Obj:
    """/api."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def _group(name: str, names: list[str]) -> Obj:
    entries = [{"groupVersion": f"{name}/{version}", "version": version} for version in names]
    return {"name": name, "versions": entries, "preferredVersion": entries[0]}


def groups(registry: Registry) -> Obj:
    """/apis."""
    found = [_group(name, names) for name, names in registry.groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def group(registry: Registry, name: str) -> Obj | None:
    """/apis/{group}, or None where there is none."""
    names = registry.groups().get(name)
    if not names or not name:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, names)}


def _entry(resource: Resource) -> list[Obj]:
    first: Obj = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        first["shortNames"] = list(resource.short_names)
    if resource.categories:
        first["categories"] = list(resource.categories)
    if "list" in resource.verbs and resource.plural != "componentstatuses":
        first["storageVersionHash"] = storage_hash(resource)
    out = [first]
    for sub in resource.subresources:
        entry: Obj = {"name": f"{resource.plural}/{sub.name}", "singularName": "", "namespaced": resource.namespaced}
        if (sub.group, sub.version) != (resource.group, resource.version):
            entry |= {"group": sub.group, "version": sub.version}
        out.append({**entry, "kind": sub.kind, "verbs": list(sub.verbs)})
    return out


def storage_hash(resource: Resource) -> str:
    """An opaque mark of the stored version, as clients may compare it."""
    digest = hashlib.sha256(f"{resource.group}/{resource.version}/{resource.kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def resources(registry: Registry, name: str, version: str) -> Obj | None:
    """/api/v1 or /apis/{group}/{version}, or None where there is none."""
    found = registry.within(name, version)
    if not found:
        return None
    entries = [entry for resource in found for entry in _entry(resource)]
    # The core group's list has no apiVersion of its own: as the real server has it.
    head: Obj = {"kind": "APIResourceList"} if not name else {"kind": "APIResourceList", "apiVersion": "v1"}
    return {**head, "groupVersion": f"{name}/{version}" if name else version, "resources": entries}


def _aggregated_resource(resource: Resource) -> Obj:
    scope = "Namespaced" if resource.namespaced else "Cluster"
    kind = {"group": "", "version": "", "kind": resource.kind}
    if resource.custom is not None:
        kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    out: Obj = {
        "resource": resource.plural,
        "responseKind": kind,
        "scope": scope,
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        out["shortNames"] = list(resource.short_names)
    if resource.categories:
        out["categories"] = list(resource.categories)
    subs = [
        {"subresource": s.name, "responseKind": _sub_kind(resource, s.group, s.version, s.kind), "verbs": list(s.verbs)}
        for s in resource.subresources
    ]
    return {**out, "subresources": subs} if subs else out


def _sub_kind(resource: Resource, name: str, version: str, kind: str) -> Obj:
    if (name, version) == (resource.group, resource.version) and resource.custom is None:
        return {"group": "", "version": "", "kind": kind}
    return {"group": name, "version": version, "kind": kind}


def aggregated(registry: Registry, core: bool) -> Obj:
    """/api (core) or /apis as an APIGroupDiscoveryList."""
    items = []
    for name, names in registry.groups().items():
        if core is not (name == ""):
            continue
        entries = [
            {
                "version": version,
                "resources": [_aggregated_resource(r) for r in registry.within(name, version)],
                "freshness": "Current",
            }
            for version in names
        ]
        items.append({"metadata": {"name": name} if name else {}, "versions": entries})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def etag(document: Obj) -> str:
    """The ETag of a document."""
    return '"' + hashlib.sha512(json_bytes(document)).hexdigest().upper() + '"'
