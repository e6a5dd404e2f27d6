"""Pods and Deployments to measure with: recorded ones where there are any, otherwise made ones of the same shape."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

PER_FILE = 2000
RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "kubernetes"
"""Recordings of a real control plane lie beside the checkout, if anywhere."""

KINDS = ("Pod", "Deployment")


@dataclass(frozen=True, slots=True)
class Sample:
    """Objects as bytes, as a watch brings them, and where they come from."""

    source: str
    bodies: tuple[bytes, ...]


def samples(folder: Path = RECORDED) -> tuple[Sample, ...]:
    """The samples to measure with, never none: each source and kind by itself."""
    found = [
        *_of("traces", (event for path in sorted(folder.glob("traces/*.jsonl")) for event in _events(path))),
        *_of(
            "data", (event for name in ("pods", "deployments") for event in _events(folder / f"data/{name}.jsonl.gz"))
        ),
    ]
    return tuple(found) or tuple(_of("made", _made()))


def _of(source: str, objects: Iterable[Any]) -> Iterator[Sample]:
    by_kind: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    for obj in objects:
        kind = obj.get("kind") if isinstance(obj, dict) else None
        if kind in by_kind and len(by_kind[kind]) < PER_FILE:
            by_kind[kind].append(orjson.dumps(obj))
    for kind, bodies in by_kind.items():
        if bodies:
            yield Sample(f"{source}: {kind}", tuple(bodies))


def _events(path: Path) -> Iterator[Any]:
    """The objects of watch events in a recording; nothing where it does not exist."""
    if not path.is_file():
        return
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for at, line in enumerate(lines):
            if at >= 5 * PER_FILE:
                return
            entry = orjson.loads(line)
            yield (entry.get("event") or entry).get("object")


def _made() -> Iterator[dict[str, Any]]:
    for at in range(500):
        yield pod(at)
        yield deployment(at)


STAMP = "2026-11-23T06:23:36Z"


def deployment(at: int) -> dict[str, Any]:
    """A Deployment on its way, with the fields that a real one carries."""
    name = f"web-{at}"
    container = _container()
    fields: dict[str, Any] = {
        "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {}}}}}
    }
    status: dict[str, Any] = {"f:status": {"f:replicas": {}, "f:readyReplicas": {}, "f:conditions": {".": {}}}}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": str(at), "generation": 2,
            "creationTimestamp": STAMP, "labels": {"app": name},
            "annotations": {"deployment.kubernetes.io/revision": "2", "note": "x" * 600},
            "managedFields": [_managed("kubectl", fields), _managed("kube-controller-manager", status)],
        },
        "spec": {
            "replicas": 3, "selector": {"matchLabels": {"app": name}}, "revisionHistoryLimit": 10,
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        },
        "status": {
            "observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "readyReplicas": at % 4,
            "availableReplicas": at % 4, "unavailableReplicas": 3,
            "conditions": [_condition("Available", at % 4 == 3), _condition("Progressing", True)],
        },
    }  # fmt: skip


def pod(at: int) -> dict[str, Any]:
    """A running Pod, with the fields that a real one carries."""
    name = f"web-{at}"
    ready = at % 2 == 0
    container = _container()
    shown = {
        "name": "web", "image": container["image"], "imageID": "docker.io/library/nginx@sha256:" + "0" * 64,
        "ready": ready, "started": ready, "restartCount": 0, "state": {"running": {"startedAt": STAMP}},
        "lastState": {}, "containerID": "containerd://" + "0" * 64,
    }  # fmt: skip
    spec = {
        "f:metadata": {"f:labels": {"f:app": {}}},
        "f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}},
    }
    status: dict[str, Any] = {
        "f:status": {"f:conditions": {".": {}}, "f:containerStatuses": {}, "f:phase": {}, "f:podIP": {}}
    }
    conditions = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": str(at), "generation": 1,
            "creationTimestamp": STAMP, "labels": {"app": "web", "pod-template-hash": "78d77876d5"},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "uid-web", "controller": True}
            ],
            "managedFields": [_managed("kube-controller-manager", spec), _managed("kubelet", status)],
        },
        "spec": {
            "containers": [container], "restartPolicy": "Always", "nodeName": "node-1", "schedulerName": "default",
            "volumes": [{"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}],
            "tolerations": [{"key": f"node.kubernetes.io/{each}", "operator": "Exists"} for each in conditions],
        },
        "status": {
            "phase": "Running", "podIP": "10.0.0.1", "startTime": STAMP, "containerStatuses": [shown],
            "conditions": [_condition(each, ready or each == "PodScheduled") for each in conditions],
        },
    }  # fmt: skip


def _container() -> dict[str, Any]:
    return {
        "name": "web", "image": "nginx:1.27", "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}, "terminationMessagePath": "/dev/termination-log",
        "env": [{"name": f"SETTING_{at}", "value": "v" * 40} for at in range(20)],
    }  # fmt: skip


def _condition(type_: str, holds: bool) -> dict[str, Any]:
    status = "True" if holds else "False"
    return {"type": type_, "status": status, "lastTransitionTime": STAMP, "reason": f"Is{status}", "message": "made"}


def _managed(manager: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": STAMP, "fieldsType": "FieldsV1", "fieldsV1": fields}
