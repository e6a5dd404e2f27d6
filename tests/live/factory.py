"""Objects, small and believable, for tests of the board."""

from __future__ import annotations

from typing import Any

from dashboard.core.objects import ResourceType

NOW = 1_795_168_800.0
"""2026-11-20T10:00:00Z."""

CREATED = "2026-11-20T09:00:00Z"

DEPLOYMENT = ResourceType("apps", "v1", "Deployment", "deployments", True)
REPLICASET = ResourceType("apps", "v1", "ReplicaSet", "replicasets", True)
POD = ResourceType("", "v1", "Pod", "pods", True)
HPA = ResourceType("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", True)
EVENT = ResourceType("", "v1", "Event", "events", True)
NODE = ResourceType("", "v1", "Node", "nodes", False)
WIDGET = ResourceType("example.com", "v1", "Widget", "widgets", True)

Obj = dict[str, Any]


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def meta(name: str, namespace: str = "shop", *, version: int = 1, uid: str = "", owner: Obj | None = None) -> Obj:
    found: Obj = {
        "name": name,
        "namespace": namespace,
        "uid": uid or f"uid-{namespace}-{name}",
        "resourceVersion": str(version),
        "generation": 1,
        "creationTimestamp": CREATED,
    }
    if owner is not None:
        reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
        reference |= {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
        found["ownerReferences"] = [reference]
    return found


def template(image: str) -> Obj:
    return {"spec": {"containers": [{"name": "main", "image": image}]}}


def deployment(name: str = "web", *, want: int = 2, ready: int = 2, image: str = "nginx:1", **about: Any) -> Obj:
    done = ready >= want
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta(name, **about) | {"annotations": {"deployment.kubernetes.io/revision": "1"}},
        "spec": {"replicas": want, "template": template(image), "progressDeadlineSeconds": 600},
        "status": {
            "observedGeneration": 1,
            "replicas": want,
            "updatedReplicas": want,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "unavailableReplicas": want - ready,
            "conditions": [
                condition("Available", done, "MinimumReplicasAvailable" if done else "MinimumReplicasUnavailable"),
                condition("Progressing", True, "NewReplicaSetAvailable" if done else "ReplicaSetUpdated"),
            ],
        },
    }


def replicaset(
    name: str, owner: Obj | None = None, *, want: int = 2, ready: int = 2, revision: int = 1, **about: Any
) -> Obj:
    image = owner["spec"]["template"]["spec"]["containers"][0]["image"] if owner else "nginx:1"
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": meta(name, owner=owner, **about)
        | {
            "labels": {"pod-template-hash": name.rpartition("-")[2]},
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        },
        "spec": {"replicas": want, "template": template(image)},
        "status": {"observedGeneration": 1, "replicas": want, "readyReplicas": ready, "availableReplicas": ready},
    }


def pod(name: str, owner: Obj | None = None, *, state: str = "ready", image: str = "nginx:1", **about: Any) -> Obj:
    """`state`: ready, starting or bad-image."""
    ready = state == "ready"
    running = {"running": {"startedAt": CREATED}}
    waiting = {"waiting": {"reason": "ImagePullBackOff" if state == "bad-image" else "ContainerCreating"}}
    if state == "bad-image":
        waiting["waiting"]["message"] = f'Back-off pulling image "{image}"'
    status = {
        "phase": "Running" if ready else "Pending",
        "conditions": [condition("PodScheduled", True), condition("Ready", ready)],
        "containerStatuses": [
            {"name": "main", "image": image, "ready": ready, "restartCount": 0, "state": running if ready else waiting}
        ],
    }
    labels = {"pod-template-hash": owner["metadata"]["labels"]["pod-template-hash"]} if owner else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta(name, owner=owner, **about) | {"labels": labels},
        "spec": {"nodeName": "n1", "containers": [{"name": "main", "image": image}]},
        "status": status,
    }


def hpa(name: str, target: Obj, *, current: int = 2, desired: int = 2, **about: Any) -> Obj:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": meta(name, **({"uid": f"uid-hpa-{name}"} | about)),
        "spec": {
            "minReplicas": 1,
            "maxReplicas": 10,
            "scaleTargetRef": {
                "apiVersion": target["apiVersion"],
                "kind": target["kind"],
                "name": target["metadata"]["name"],
            },
        },
        "status": {"currentReplicas": current, "desiredReplicas": desired, "conditions": []},
    }


def event(name: str, about: Obj, reason: str = "Scheduled", *, last: str = CREATED, type: str = "Normal") -> Obj:
    of = about["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": of["namespace"], "uid": f"uid-{name}", "resourceVersion": "1"},
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "namespace": of["namespace"],
            "name": of["name"],
            "uid": of["uid"],
        },
        "reason": reason,
        "message": f"{reason} {of['name']}",
        "type": type,
        "count": 1,
        "firstTimestamp": last,
        "lastTimestamp": last,
        "source": {"component": "kubelet"},
    }


def widget(name: str, *, ready: bool | None = True, **about: Any) -> Obj:
    """A custom object; `ready` None has no status at all."""
    obj: Obj = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": meta(name, **about), "spec": {"size": 1}}
    if ready is not None:
        obj["status"] = {"observedGeneration": 1, "conditions": [condition("Ready", ready)]}
    return obj


def condition(type: str, true: bool, reason: str = "") -> Obj:
    return {
        "type": type,
        "status": "True" if true else "False",
        "reason": reason,
        "message": "",
        "lastTransitionTime": CREATED,
    }
