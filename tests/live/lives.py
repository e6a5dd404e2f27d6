"""Lives: objects as a cluster would tell them second by second, and the episodes that a board tells of them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dashboard.core.model import Episode
from dashboard.live.board import Board
from tests.live.factory import Clock, Obj
from tests.live.test_traces import type_of

T0 = 1_794_997_600.0
"""When every life begins; times in these tests are seconds since then."""

TICK = 0.5


class Life:
    """A board whose clock a test moves on. `episodes` are the newest word on each, in order of opening; `told` all
    that was told, with when."""

    def __init__(self, began: float = 0.0) -> None:
        self.clock = Clock(T0 + began)
        self.board = Board(self.clock)
        self.told: list[tuple[float, Episode]] = []
        self._versions = 0
        assert self.board.recorder is not None
        self.recorder = self.board.recorder
        self.recorder.on_episode = lambda episode, row: self.told.append((self.clock.now - T0, episode))

    def at(self, second: float, *objects: Obj, type: str = "MODIFIED") -> None:
        """Let time go on until then, and tell of these objects."""
        while self.clock.now < T0 + second:
            self.clock.now = min(T0 + second, self.clock.now + TICK)
            self.board.tick(self.clock.now)
        for obj in objects:
            self._versions += 1
            version = copy.deepcopy(obj)
            version["metadata"]["resourceVersion"] = str(self._versions)
            self.board.apply(type_of(version), type, version)
        self.board.tick(self.clock.now)

    @property
    def episodes(self) -> list[Episode]:
        newest = {episode.key: episode for _, episode in self.told}
        return sorted(newest.values(), key=lambda each: (each.opened, each.object))

    def lines(self) -> list[str]:
        """`change 30 converged 40: accepted+0 resized+10` for each, in seconds of this life."""
        return [_line(each) for each in self.episodes]


def _line(episode: Episode) -> str:
    closed = "" if episode.closed is None else f" {episode.closed - T0:g}"
    hops = " ".join(f"{hop.name}+{hop.at - episode.opened:g}" for hop in episode.hops)
    return f"{episode.kind} {episode.opened - T0:g} {episode.ended or 'open'}{closed}: {hops}"


def stamp(second: float) -> str:
    """An API time: whole seconds."""
    return datetime.fromtimestamp(T0 + int(second), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def managed(manager: str, second: float, part: str) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": stamp(second), "fieldsV1": {part: {}}}


def condition(type: str, true: bool, second: float, reason: str = "R") -> dict[str, Any]:
    return {"type": type, "status": str(true), "reason": reason, "lastTransitionTime": stamp(second)}


def thing(version: str, kind: str, name: str, *, made: float = 0, spec_at: float = 0, status_at: float = 0) -> Obj:
    """An object without a generation, its spec set and its status written at these seconds."""
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{kind}-{name}",
            "creationTimestamp": stamp(made),
            "managedFields": [managed("kubectl", spec_at, "f:spec"), managed("controller", status_at, "f:status")],
        },
    }


def claim(asked: str, there: str | None, *, spec_at: float = 0, status_at: float = 0) -> Obj:
    obj = thing("v1", "PersistentVolumeClaim", "data", spec_at=spec_at, status_at=status_at)
    obj["spec"] = {"resources": {"requests": {"storage": asked}}}
    obj["status"] = {"phase": "Pending" if there is None else "Bound"}
    if there is not None:
        obj["spec"]["volumeName"] = "pv-1"
        obj["status"]["capacity"] = {"storage": there}
    return obj


def autoscaler(current: int, desired: int, *, decided: float | None = None, status_at: float = 0) -> Obj:
    obj = thing("autoscaling/v2", "HorizontalPodAutoscaler", "web", status_at=status_at)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    obj["spec"] = {"minReplicas": 2, "maxReplicas": 10, "scaleTargetRef": target, "metrics": []}
    obj["status"] = {
        "currentReplicas": current,
        "desiredReplicas": desired,
        "conditions": [condition("AbleToScale", True, 15), condition("ScalingActive", True, 15)],
    }
    if decided is not None:
        obj["status"]["lastScaleTime"] = stamp(decided)
    return obj


def pod(
    name: str, owner: Obj | None, made: float, *, ready: float | None = None, started: float | None = None,
    crashed: Sequence[float] = (), failed: float | None = None, waits: str = "",
) -> Obj:  # fmt: skip
    """A Pod at some moment: ready since, unready since its newest crash, failed for good, or waiting for a reason."""
    obj = thing("v1", "Pod", name, made=made)
    obj["metadata"]["labels"] = {}
    if owner is not None:
        about = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
        obj["metadata"]["ownerReferences"] = [
            about | {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
        ]
    turned = ready if ready is not None else crashed[-1] if crashed else failed if failed is not None else made
    container: dict[str, Any] = {"name": "c", "image": "i:1", "ready": ready is not None, "restartCount": len(crashed)}
    container["state"] = _state(started, crashed, failed, waits)
    if crashed:
        run = {"startedAt": stamp(crashed[-1] - 2), "finishedAt": stamp(crashed[-1]), "exitCode": 1, "reason": "Error"}
        container["lastState"] = {"terminated": run}
    obj["spec"] = {"nodeName": "n1", "containers": [{"name": "c", "image": "i:1"}]}
    obj["status"] = {
        "phase": "Failed" if failed is not None else "Running" if started is not None else "Pending",
        "conditions": [condition("PodScheduled", True, made), condition("Ready", ready is not None, turned)],
        "containerStatuses": [container],
    }
    return obj


def _state(started: float | None, crashed: Sequence[float], failed: float | None, waits: str) -> dict[str, Any]:
    if failed is not None:
        began = stamp(started if started is not None else failed)
        return {"terminated": {"startedAt": began, "finishedAt": stamp(failed), "exitCode": 1, "reason": "Error"}}
    if waits:
        return {"waiting": {"reason": waits, "message": "back-off 10s restarting failed container"}}
    if started is not None:
        return {"running": {"startedAt": stamp(started)}}
    return {"waiting": {"reason": "ContainerCreating"}}


def replicas(
    kind: str, name: str, want: int, ready: int, *, generation: int = 1, observed: int | None = None,
    made: float = 0, spec_at: float = 0, status_at: float = 0, turned: float = 0, owner: Obj | None = None,
) -> Obj:  # fmt: skip
    """A Deployment or a ReplicaSet; `turned` is when it last became available, or ceased to be."""
    obj = thing("apps/v1", kind, name, made=made, spec_at=spec_at, status_at=status_at)
    obj["metadata"]["generation"] = generation
    if owner is not None:
        about = {"apiVersion": "apps/v1", "kind": owner["kind"], "controller": True}
        obj["metadata"]["ownerReferences"] = [
            about | {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
        ]
    obj["spec"] = {"replicas": want, "template": {"spec": {"containers": [{"name": "c", "image": "i:1"}]}}}
    obj["status"] = {
        "observedGeneration": generation if observed is None else observed,
        "replicas": want, "updatedReplicas": want, "readyReplicas": ready, "availableReplicas": ready,
        "unavailableReplicas": want - ready,
        "conditions": [
            condition("Available", ready >= want, turned, "MinimumReplicasAvailable"),
            condition("Progressing", True, made, "NewReplicaSetAvailable" if ready >= want else "ReplicaSetUpdated"),
        ],
    }  # fmt: skip
    return obj
