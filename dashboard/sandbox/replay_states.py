"""Which part of an object's state a replay compares, per kind, and how strictly.

`exact` facets must go through the same values in the same order. `counts` may skip values on the way, as
status writes do when they are merged, but stay within what the other side or the rollout's own limits show.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox.replay_limits import limits_of
from dashboard.sandbox.replay_trace import Obj

State = dict[str, Any]
Label = Callable[[str], str]
"""uid → a name that is the same on both sides; "" when unknown."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one resource is compared."""

    state: Callable[[Obj, Label], State]
    exact: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()


def _status(obj: Obj) -> Mapping[str, Any]:
    return obj.get("status") or {}


def _spec(obj: Obj) -> Mapping[str, Any]:
    return obj.get("spec") or {}


def conditions(obj: Obj) -> State:
    """Each condition as `type: "status (reason)"`."""
    return {
        f"condition {entry['type']}": f"{entry['status']} ({entry.get('reason', '')})"
        for entry in _status(obj).get("conditions") or ()
    }


def deletion(obj: Obj) -> str:
    """How far the object's deletion has come: "", "asked for", "now"."""
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp"):
        return ""
    return "asked for" if meta.get("deletionGracePeriodSeconds") or meta.get("finalizers") else "now"


def controller(obj: Obj, label: Label) -> str:
    """The controlling owner, by label."""
    owners = obj["metadata"].get("ownerReferences") or ()
    return next((label(one["uid"]) or one["kind"] for one in owners if one.get("controller")), "")


def _counts(source: Mapping[str, Any], names: Mapping[str, str]) -> State:
    return {shown: source.get(name) or 0 for shown, name in names.items()}


DEPLOYMENT_COUNTS = {
    "observedGeneration": "observedGeneration",
    "replicas": "replicas",
    "updated": "updatedReplicas",
    "ready": "readyReplicas",
    "available": "availableReplicas",
    "unavailable": "unavailableReplicas",
}


def deployment(obj: Obj, label: Label) -> State:
    """Generation, counts, conditions."""
    del label
    return {
        "generation": obj["metadata"].get("generation", 0),
        "deletion": deletion(obj),
        **_counts(_status(obj), DEPLOYMENT_COUNTS),
        **conditions(obj),
        "_limits": limits_of(obj["spec"]),
    }


def replica_set(obj: Obj, label: Label) -> State:
    """Wanted and actual size, owner, failures."""
    return {
        "controller": controller(obj, label),
        "deletion": deletion(obj),
        "wanted": _spec(obj).get("replicas", 0),
        "replicas": _status(obj).get("replicas") or 0,
        **conditions(obj),
    }


def pod(obj: Obj, label: Label) -> State:
    """Phase, readiness, why containers wait, deletion, owner, finalizers."""
    status = _status(obj)
    containers = status.get("containerStatuses") or ()
    ready = [entry for entry in status.get("conditions") or () if entry["type"] == "Ready"]
    scheduled = [entry for entry in status.get("conditions") or () if entry["type"] == "PodScheduled"]
    waiting = sorted({(one.get("state") or {}).get("waiting", {}).get("reason", "") for one in containers} - {""})
    refused = [entry.get("reason", "") for entry in scheduled if entry["status"] == "False"]
    gist = {
        "phase": status.get("phase", ""),
        "ready": bool(ready) and ready[0]["status"] == "True",
        "waiting": ", ".join(waiting or refused),
        "restarts": sum(one.get("restartCount", 0) for one in containers),
        "deletion": deletion(obj),
        "controller": controller(obj, label),
        "finalizers": ", ".join(sorted(obj["metadata"].get("finalizers") or ())),
    }
    return {"pod": gist}


STATEFUL_COUNTS = {
    "observedGeneration": "observedGeneration",
    "replicas": "replicas",
    "ready": "readyReplicas",
    "available": "availableReplicas",
    "current": "currentReplicas",
    "updated": "updatedReplicas",
}


def stateful_set(obj: Obj, label: Label) -> State:
    """Generation, counts, whether the revisions agree."""
    del label
    status = _status(obj)
    revisions = status.get("currentRevision"), status.get("updateRevision")
    return {
        "generation": obj["metadata"].get("generation", 0),
        "deletion": deletion(obj),
        "revisions": "" if not any(revisions) else "one" if revisions[0] == revisions[1] else "two",
        **_counts(status, STATEFUL_COUNTS),
    }


DAEMON_COUNTS = {
    "observedGeneration": "observedGeneration",
    "desired": "desiredNumberScheduled",
    "current": "currentNumberScheduled",
    "misscheduled": "numberMisscheduled",
    "ready": "numberReady",
    "available": "numberAvailable",
    "unavailable": "numberUnavailable",
    "updated": "updatedNumberScheduled",
}


def daemon_set(obj: Obj, label: Label) -> State:
    """Generation and counts."""
    del label
    generation = obj["metadata"].get("generation", 0)
    return {"generation": generation, "deletion": deletion(obj), **_counts(_status(obj), DAEMON_COUNTS)}


def job(obj: Obj, label: Label) -> State:
    """Active, succeeded, failed; conditions; finalizers."""
    del label
    counts = {name: name for name in ("active", "ready", "succeeded", "failed", "terminating")}
    held = sorted(obj["metadata"].get("finalizers") or ())
    return {"deletion": deletion(obj), "finalizers": held, **_counts(_status(obj), counts), **conditions(obj)}


def revision(obj: Obj, label: Label) -> State:
    """A ControllerRevision: its number and owner."""
    return {"revision": obj.get("revision"), "controller": controller(obj, label)}


def service(obj: Obj, label: Label) -> State:
    """Type, whether it has an address of its own, deletion."""
    del label
    headless = _spec(obj).get("clusterIP") == "None"
    return {"type": _spec(obj).get("type", ""), "headless": headless, "deletion": deletion(obj)}


def endpoint_slice(obj: Obj, label: Label) -> State:
    """How many endpoints, how many of them ready."""
    ends = obj.get("endpoints") or ()
    ready = sum(1 for end in ends if (end.get("conditions") or {}).get("ready"))
    return {"endpoints": len(ends), "ready": ready, "controller": controller(obj, label)}


def claim(obj: Obj, label: Label) -> State:
    """Phase, finalizers."""
    del label
    held = sorted(obj["metadata"].get("finalizers") or ())
    return {"phase": _status(obj).get("phase", ""), "finalizers": held, "deletion": deletion(obj)}


def budget(obj: Obj, label: Label) -> State:
    """Counts and what they allow."""
    del label
    names = ("observedGeneration", "currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed")
    return {"deletion": deletion(obj), **_counts(_status(obj), {name: name for name in names}), **conditions(obj)}


def autoscaler(obj: Obj, label: Label) -> State:
    """Current and desired replicas, conditions."""
    del label
    names = ("currentReplicas", "desiredReplicas")
    return {"deletion": deletion(obj), **_counts(_status(obj), {name: name for name in names}), **conditions(obj)}


def namespace(obj: Obj, label: Label) -> State:
    """Phase, what holds it, conditions."""
    del label
    held = sorted(_spec(obj).get("finalizers") or ())
    return {"phase": _status(obj).get("phase", ""), "held": held, "deletion": deletion(obj), **conditions(obj)}


def config_map(obj: Obj, label: Label) -> State:
    """Keys, finalizers, deletion."""
    del label
    held = sorted(obj["metadata"].get("finalizers") or ())
    return {"keys": sorted(obj.get("data") or ()), "finalizers": held, "deletion": deletion(obj)}


def definition(obj: Obj, label: Label) -> State:
    """A CustomResourceDefinition: conditions, finalizers."""
    del label
    held = sorted(obj["metadata"].get("finalizers") or ())
    return {"finalizers": held, "deletion": deletion(obj), **conditions(obj)}


def custom(obj: Obj, label: Label) -> State:
    """A custom resource: everything its author and operator wrote, as a digest, and its generation."""
    del label
    content = {key: value for key, value in obj.items() if key not in ("metadata", "kind", "apiVersion")}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    held = sorted(obj["metadata"].get("finalizers") or ())
    generation = obj["metadata"].get("generation", 0)
    return {"generation": generation, "content": digest, "finalizers": held, "deletion": deletion(obj)}


COUNTED = tuple(DEPLOYMENT_COUNTS)

KINDS: dict[str, Kind] = {
    "deployments": Kind(deployment, ("generation", "deletion"), COUNTED),
    "replicasets": Kind(replica_set, ("controller", "deletion"), ("wanted", "replicas")),
    "pods": Kind(pod, ("pod",)),
    "statefulsets": Kind(stateful_set, ("generation", "deletion", "revisions"), tuple(STATEFUL_COUNTS)),
    "daemonsets": Kind(daemon_set, ("generation", "deletion"), tuple(DAEMON_COUNTS)),
    "jobs": Kind(job, ("finalizers", "deletion"), ("active", "ready", "succeeded", "failed", "terminating")),
    "controllerrevisions": Kind(revision, ("revision", "controller")),
    "services": Kind(service, ("type", "headless", "deletion")),
    "endpointslices": Kind(endpoint_slice, ("controller",), ("endpoints", "ready")),
    "persistentvolumeclaims": Kind(claim, ("phase", "finalizers", "deletion")),
    "poddisruptionbudgets": Kind(
        budget,
        ("deletion",),
        ("observedGeneration", "currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed"),
    ),
    "horizontalpodautoscalers": Kind(autoscaler, ("deletion",), ("currentReplicas", "desiredReplicas")),
    "namespaces": Kind(namespace, ("phase", "held", "deletion")),
    "configmaps": Kind(config_map, ("keys", "finalizers", "deletion")),
    "customresourcedefinitions": Kind(definition, ("finalizers", "deletion")),
}
"""Conditions are exact facets of every kind that has them."""

CUSTOM = Kind(custom, ("generation", "content", "finalizers", "deletion"))


def kind_of(resource: str, customs: frozenset[str]) -> Kind | None:
    """How a resource is compared; `customs` are the plurals that the recording's own CRDs define. None: it is not."""
    return KINDS.get(resource) or (CUSTOM if resource in customs else None)
