"""A Pod's status as a kubelet writes it, from what its containers are doing.

Pure functions. Shapes, reasons and texts are those of recordings of Kubernetes 1.36.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from dashboard.sandbox.controllers.meta import Obj, condition

LOST = "The container could not be located when the pod was terminated"


@dataclass(frozen=True, slots=True)
class Container:
    """What one container is doing: `state` and `last` as in the API, `image` as in the spec."""

    name: str
    image: str
    state: Obj = field(default_factory=lambda: {"waiting": {"reason": "ContainerCreating"}})
    last: Obj = field(default_factory=dict)
    ready: bool = False
    restarts: int = 0
    id: str = ""

    @property
    def is_running(self) -> bool:
        """Whether its process runs."""
        return "running" in self.state

    @property
    def exit_code(self) -> int | None:
        """Exit code of the process that has just ended, None while it runs or waits."""
        ended = self.state.get("terminated")
        return None if ended is None else int(ended["exitCode"])

    def started(self, stamp: str, ident: str, *, ready: bool) -> Container:
        """The same, running since `stamp` under a new container id."""
        return replace(self, state={"running": {"startedAt": stamp}}, ready=ready, id=f"containerd://{ident}")

    def waiting(self, reason: str, message: str) -> Container:
        """The same, waiting for the reason given; what has just ended becomes its last state."""
        last = self.state if "terminated" in self.state else self.last
        return replace(self, state={"waiting": {"reason": reason, "message": message}}, last=last, ready=False)

    def ended(self, stamp: str, code: int, reason: str = "") -> Container:
        """The same, ended with that exit code (for that reason, else the usual one)."""
        began = (self.state.get("running") or {}).get("startedAt")
        said: Obj = {"exitCode": code, "reason": reason or ("Completed" if code == 0 else "Error"), "startedAt": began}
        return replace(self, state={"terminated": said | {"finishedAt": stamp, "containerID": self.id}}, ready=False)

    def restarted(self, stamp: str, ident: str, *, ready: bool) -> Container:
        """The same, running again."""
        last = self.state if "terminated" in self.state else self.last
        return replace(self, last=last, restarts=self.restarts + 1).started(stamp, ident, ready=ready)

    def stopped(self, stamp: str) -> Container:
        """What becomes of it when its Pod is deleted: a running one exits 0, one that never ran is lost."""
        if self.is_running:
            return self.ended(stamp, 0)
        if "terminated" in self.state:
            return self
        if "terminated" in self.last:
            return replace(self, state=self.last, ready=False)
        lost: Obj = {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": LOST}
        return replace(self, state={"terminated": lost | {"startedAt": None, "finishedAt": None}}, ready=False)

    def status(self) -> Obj:
        """Its entry in containerStatuses."""
        known: Obj = (
            {"image": qualified(self.image), "imageID": image_id(self.image)}
            if self.id
            else {
                "image": self.image,
                "imageID": "",
            }
        )
        entry: Obj = {
            "name": self.name,
            "state": self.state,
            "lastState": self.last,
            "ready": self.ready,
            "restartCount": self.restarts,
            **known,
        }
        if self.id:
            entry["containerID"] = self.id
        return entry | {"started": self.is_running}


def containers_of(pod: Obj) -> list[Container]:
    """What the Pod's containers are doing according to its status."""
    known = {entry["name"]: entry for entry in (pod.get("status") or {}).get("containerStatuses") or ()}
    found = []
    for spec in pod["spec"]["containers"]:
        entry = known.get(spec["name"]) or {}
        seen = {"state": entry["state"]} if entry.get("state") else {}
        found.append(
            Container(
                spec["name"],
                spec["image"],
                last=entry.get("lastState") or {},
                ready=bool(entry.get("ready")),
                restarts=int(entry.get("restartCount") or 0),
                id=entry.get("containerID") or "",
                **seen,
            )
        )
    return found


def qualified(image: str) -> str:
    """The image with the registry that an unqualified name means (`nginx:1` → `docker.io/library/nginx:1`)."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def image_id(image: str) -> str:
    """A digest reference, the same for the same image."""
    repository = qualified(image).split("@")[0]
    name, _, tag = repository.rpartition(":")
    return f"{name if name and '/' not in tag else repository}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def pull_error(image: str) -> str:
    """containerd's words for an image that does not exist."""
    full = qualified(image)
    resolve = f"failed to resolve image: {full}: not found"
    return f'rpc error: code = NotFound desc = failed to pull and unpack image "{full}": {resolve}'


def refusal(image: str) -> str:
    """containerd's words for an image that the registry does not give to whoever asks."""
    full = qualified(image)
    why = "pull access denied, repository does not exist or may require authorization"
    resolve = f'failed to resolve reference "{full}": {why}: authorization failed: no basic auth credentials'
    return f'rpc error: code = Unknown desc = failed to pull and unpack image "{full}": {resolve}'


def phase_of(containers: Iterable[Container], restart_policy: str) -> str:
    """Pending until all have started once, then Running until none will ever run again."""
    containers = list(containers)
    codes = [container.exit_code for container in containers]
    if all(code is not None for code in codes) and restart_policy != "Always":
        if any(codes):
            return "Failed" if restart_policy == "Never" else "Running"
        return "Succeeded"
    return "Running" if any(container.id for container in containers) else "Pending"


def pod_status(pod: Obj, phase: str, containers: list[Container], stamp: str, network: Obj, *, sandbox: bool) -> Obj:
    """The whole status. `network` holds hostIP and, once there is a pod sandbox, podIP.

    Conditions that do not change keep their stamps.
    """
    old = pod.get("status") or {}
    generation = pod["metadata"].get("generation", 1)
    conditions = [
        {"observedGeneration": generation} | _since(old, entry, stamp)
        for entry in _conditions(phase, containers, sandbox=sandbox)
    ]
    scheduled = condition(old, "PodScheduled")
    if scheduled is not None:
        conditions.append(scheduled | {"observedGeneration": generation})
    status: Obj = {"observedGeneration": generation, "phase": phase, "conditions": conditions, **network}
    status["startTime"] = old.get("startTime") or stamp
    status["containerStatuses"] = [container.status() for container in containers]
    status["qosClass"] = old.get("qosClass", "BestEffort")
    if old.get("initContainerStatuses"):
        status["initContainerStatuses"] = old["initContainerStatuses"]
    return status


def _since(old: Obj, entry: Obj, stamp: str) -> Obj:
    before = condition(old, entry["type"])
    same = before is not None and before.get("status") == entry["status"]
    at = before["lastTransitionTime"] if same and before is not None else stamp
    return {"type": entry["type"], "status": entry["status"], "lastProbeTime": None, "lastTransitionTime": at} | entry


def _conditions(phase: str, containers: list[Container], *, sandbox: bool) -> list[Obj]:
    def entry(kind: str, *, true: bool, reason: str = "", message: str = "") -> Obj:
        extra = {"reason": reason} if reason else {}
        return {"type": kind, "status": "True" if true else "False"} | extra | ({"message": message} if message else {})

    if phase in ("Succeeded", "Failed"):
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        return [
            entry("PodReadyToStartContainers", true=False),
            entry("Initialized", true=True, reason=reason if phase == "Succeeded" else ""),
            entry("Ready", true=False, reason=reason),
            entry("ContainersReady", true=False, reason=reason),
        ]
    unready = [container.name for container in containers if not container.ready]
    said: dict[str, Any] = {"true": not unready}
    if unready:
        said |= {"reason": "ContainersNotReady", "message": f"containers with unready status: [{' '.join(unready)}]"}
    return [
        entry("PodReadyToStartContainers", true=sandbox),
        entry("Initialized", true=True),
        entry("Ready", **said),
        entry("ContainersReady", **said),
    ]
