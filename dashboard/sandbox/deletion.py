"""Deletion: preconditions, grace, finalizers, propagation.

From `k8s.io/apiserver/pkg/registry` (rest.BeforeDelete, store.Delete). What follows from a deletion (children,
content of a namespace) is the controllers' work.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from dashboard.sandbox.failures import conflict, details_of
from dashboard.sandbox.metadata import in_order
from dashboard.sandbox.options import Delete, Write
from dashboard.sandbox.registry import Resource

if TYPE_CHECKING:
    from dashboard.sandbox.api import Api

Obj = dict[str, Any]

RETURNS_OBJECT = frozenset(
    [
        "pods",
        "services",
        "persistentvolumes",
        "persistentvolumeclaims",
        "podtemplates",
        "resourcequotas",
        "serviceaccounts",
    ]
)
"""Kinds whose deletion answers with the object rather than a Status."""

ORPHANS = frozenset({"jobs.batch", "replicationcontrollers"})
"""Kinds whose dependents stay unless the request says otherwise."""

JOB_WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them "
    "or set propagationPolicy=Orphan to suppress this warning"
)


def finished(obj: Obj) -> bool:
    """Whether nothing holds a deleted object any more."""
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp") or meta.get("finalizers"):
        return False
    if obj.get("kind") == "Namespace" and (obj.get("spec") or {}).get("finalizers"):
        return False
    return not meta.get("deletionGracePeriodSeconds")


def delete(api: Api, resource: Resource, live: Obj, options: Delete, write: Write) -> Obj:
    """Delete `live`; returns the Status or object that the request answers. Raises ApiFailure 409."""
    _preconditions(resource, live, options)
    obj = copy.deepcopy(live)
    meta = obj["metadata"]
    grace = _grace(resource, live, options)
    _finalizers(resource, meta, options, write)
    held = bool(meta.get("finalizers")) or (resource.storage == "namespaces" and not finished_spec(obj))
    if meta.get("deletionTimestamp"):
        return _again(api, resource, live, obj, grace, held=held, options=options, write=write)
    if not grace and not held:
        if resource.storage == "pods" and not (options.dry_run or write.dry_run):
            # Pods are always deleted gracefully: watchers see the mark, with a grace of 0, before the end.
            meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"] = api.clock.stamp(), 0
            meta["generation"] = meta.get("generation", 0) + 1
            live = _store(api, resource, obj, options, write)
        return _gone(api, resource, live, options, write)
    meta["deletionTimestamp"] = api.clock.stamp(api.clock.now() + grace)
    meta["deletionGracePeriodSeconds"] = int(grace)
    if "generation" in meta:
        meta["generation"] += 1
    if resource.storage == "namespaces":
        obj["status"] = {**obj.get("status", {}), "phase": "Terminating"}
    return _store(api, resource, obj, options, write)


def finished_spec(namespace: Obj) -> bool:
    """Whether a namespace's own finalizers are done."""
    return not (namespace.get("spec") or {}).get("finalizers")


def _again(
    api: Api, resource: Resource, live: Obj, obj: Obj, grace: float, *, held: bool, options: Delete, write: Write
) -> Obj:
    """A second deletion may shorten the grace or add a finalizer, never lengthen."""
    meta = obj["metadata"]
    before = meta.get("deletionGracePeriodSeconds") or 0
    shorter = options.grace is not None and grace < before
    if (shorter or not before) and not grace and not held:
        if shorter and not (options.dry_run or write.dry_run):
            # The real server shortens the grace to 0 first, which watchers see, then removes the object.
            meta["deletionTimestamp"] = api.clock.stamp()
            meta["deletionGracePeriodSeconds"] = 0
            live = _store(api, resource, obj, options, write)
        return _gone(api, resource, live, options, write)
    if shorter:
        meta["deletionTimestamp"] = api.clock.stamp(api.clock.now() + grace)
        meta["deletionGracePeriodSeconds"] = int(grace)
        if "generation" in meta:
            meta["generation"] += 1
    if obj == live:
        return live
    return _store(api, resource, obj, options, write)


def _store(api: Api, resource: Resource, obj: Obj, options: Delete, write: Write) -> Obj:
    if options.dry_run or write.dry_run:
        return obj
    key = api.key(resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
    fresh = order(obj)

    def become(copied: Obj) -> None:
        copied.clear()
        copied.update(fresh)

    return api.rewrite(resource, key, become)


def order(obj: Obj) -> Obj:
    """The object with its metadata in the API's order of fields."""
    return {**obj, "metadata": in_order(obj["metadata"])}


def _gone(api: Api, resource: Resource, live: Obj, options: Delete, write: Write) -> Obj:
    meta = live["metadata"]
    if not (options.dry_run or write.dry_run):
        live = api.remove(resource, api.key(resource, meta.get("namespace", ""), meta["name"]))
    if resource.storage in RETURNS_OBJECT:
        return live
    details = details_of(resource.plural, resource.group, meta["name"], meta["uid"])
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _preconditions(resource: Resource, live: Obj, options: Delete) -> None:
    meta = live["metadata"]
    if options.uid is not None and options.uid != meta["uid"]:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({meta['uid']}). "
            "The object might have been deleted and then recreated"
        )
        raise conflict(resource.kind, resource.group, meta["name"], why)
    version = options.resource_version
    if version is not None and version != meta["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record "
            f"({meta['resourceVersion']}). The object might have been modified"
        )
        raise conflict(resource.kind, resource.group, meta["name"], why)


def _grace(resource: Resource, live: Obj, options: Delete) -> float:
    if resource.storage != "pods":
        return 0
    done = live.get("status", {}).get("phase") in ("Succeeded", "Failed")
    if not live["spec"].get("nodeName") or done:
        return 0
    if options.grace is not None:
        return options.grace
    return float(live["spec"].get("terminationGracePeriodSeconds") or 0)


def _finalizers(resource: Resource, meta: Obj, options: Delete, write: Write) -> None:
    policy = options.propagation
    if not policy and options.orphan is not None:
        policy = "Orphan" if options.orphan else "Background"
    if not policy and resource.storage in ORPHANS and not meta.get("deletionTimestamp"):
        policy = "Orphan"
        if resource.storage == "jobs.batch":
            write.warnings.append(JOB_WARNING)
    if not policy:
        return
    finalizers = [f for f in meta.get("finalizers") or () if f not in ("orphan", "foregroundDeletion")]
    wanted = {"Orphan": "orphan", "Foreground": "foregroundDeletion"}.get(policy)
    if wanted:
        finalizers.append(wanted)
    if finalizers:
        meta["finalizers"] = finalizers
    else:
        meta.pop("finalizers", None)
