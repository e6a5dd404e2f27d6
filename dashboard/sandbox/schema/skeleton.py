"""What a new object of a kind contains before anything is set: Go's structs that are never left out.

Ownership of a new object is what differs from this, so `f:strategy` (a struct) has no member of its own while
`f:rollingUpdate` (a pointer) has one.
"""

from __future__ import annotations

from typing import Any

_POD_SPEC: dict[str, Any] = {"containers": None}
_TEMPLATE: dict[str, Any] = {"metadata": {}, "spec": _POD_SPEC}
_JOB: dict[str, Any] = {"template": _TEMPLATE}
_CLAIM: dict[str, Any] = {"resources": {}}
_OBJECT: dict[str, Any] = {"metadata": {}, "spec": {}, "status": {}}

_SPECS: dict[str, dict[str, Any]] = {
    "pods": _POD_SPEC,
    "deployments.apps": {"selector": None, "template": _TEMPLATE, "strategy": {}},
    "replicasets.apps": {"selector": None, "template": _TEMPLATE},
    "replicationcontrollers": {},
    "statefulsets.apps": {"selector": None, "template": _TEMPLATE, "updateStrategy": {}},
    "daemonsets.apps": {"selector": None, "template": _TEMPLATE, "updateStrategy": {}},
    "jobs.batch": _JOB,
    "cronjobs.batch": {"jobTemplate": {"metadata": {}, "spec": _JOB}},
    "services": {},
    "horizontalpodautoscalers.autoscaling": {"scaleTargetRef": {}},
    "persistentvolumeclaims": _CLAIM,
    "customresourcedefinitions.apiextensions.k8s.io": {"names": {}, "versions": None},
    "networkpolicies.networking.k8s.io": {"podSelector": {}},
    "leases.coordination.k8s.io": {},
}

_WHOLE: dict[str, dict[str, Any]] = {
    "events": {
        "metadata": {},
        "involvedObject": {},
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    },
    "endpointslices.discovery.k8s.io": {"metadata": {}, "endpoints": None, "ports": None},
    "nodes": {
        "metadata": {},
        "spec": {},
        "status": {"daemonEndpoints": {"kubeletEndpoint": {}}, "nodeInfo": {}},
    },
    "services": {"metadata": {}, "spec": {}, "status": {"loadBalancer": {}}},
    "ingresses.networking.k8s.io": {"metadata": {}, "spec": {}, "status": {"loadBalancer": {}}},
}


def skeleton(storage: str, custom: bool = False) -> dict[str, Any]:
    """The empty object of a kind. Shared: do not change it."""
    if custom:
        return {"metadata": {}}
    whole = _WHOLE.get(storage)
    if whole is not None:
        return whole
    return {**_OBJECT, "spec": _SPECS[storage]} if storage in _SPECS else _OBJECT
