"""What a Deployment's status says: counts, conditions, progress and its deadline.

Pure functions. Source: `pkg/controller/deployment/sync.go` (calculateStatus), `progress.go` and
`util/deployment_util.go`, Kubernetes 1.36. Texts are the real ones.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from dashboard.sandbox.controllers.deployment_rules import has_deadline, max_unavailable, replicas, total, wanted
from dashboard.sandbox.controllers.meta import Obj, condition, seconds


def new_condition(kind: str, status: str, reason: str, message: str, now: str) -> Obj:
    """A Deployment condition; `now` is an RFC 3339 stamp."""
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }


def set_condition(status: Obj, new: Obj) -> None:
    """Put a condition at the end, unless one of the same status and reason is there already."""
    current = condition(status, new["type"])
    if current is not None:
        if (current["status"], current.get("reason")) == (new["status"], new["reason"]):
            return
        if current["status"] == new["status"]:
            new = {**new, "lastTransitionTime": current["lastTransitionTime"]}
    status["conditions"] = [*remove_condition(status, new["type"]), new]


def remove_condition(status: Obj, kind: str) -> list[Obj]:
    """Take the condition of that type out of the status; the others are returned too."""
    others = [entry for entry in status.get("conditions") or () if entry["type"] != kind]
    if others:
        status["conditions"] = others
    else:
        status.pop("conditions", None)
    return others


def new_status(deployment: Obj, sets: Sequence[Obj | None], new: Obj | None, now: str) -> Obj:
    """The status that the ReplicaSets' own status adds up to, with the Available condition (calculateStatus)."""
    available = total(sets, "availableReplicas")
    old = deployment.get("status") or {}
    figures = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": total(sets, "replicas"),
        "updatedReplicas": total([new], "replicas"),
        "readyReplicas": total(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, wanted(sets) - available),
    }
    status: Obj = {name: value for name, value in figures.items() if value}
    status["terminatingReplicas"] = total(sets, "terminatingReplicas")
    if old.get("conditions"):
        status["conditions"] = copy.deepcopy(old["conditions"])
    if old.get("collisionCount") is not None:
        status["collisionCount"] = old["collisionCount"]
    enough = available >= replicas(deployment) - max_unavailable(deployment)
    set_condition(
        status,
        new_condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
        if enough
        else new_condition(
            "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now
        ),
    )
    return status


def is_complete(deployment: Obj, status: Obj) -> bool:
    """All Pods updated and available, and the newest spec observed (DeploymentComplete)."""
    size = replicas(deployment)
    figures = ("updatedReplicas", "replicas", "availableReplicas")
    return all((status.get(name) or 0) == size for name in figures) and (
        (status.get("observedGeneration") or 0) >= deployment["metadata"].get("generation", 0)
    )


def has_progressed(deployment: Obj, status: Obj) -> bool:
    """More updated, ready or available Pods than before, or fewer old ones (DeploymentProgressing)."""
    old = deployment.get("status") or {}

    def grown(name: str) -> bool:
        return (status.get(name) or 0) > (old.get(name) or 0)

    def outdated(one: Obj) -> int:
        return (one.get("replicas") or 0) - (one.get("updatedReplicas") or 0)

    fewer_old = outdated(status) < outdated(old)
    return fewer_old or any(grown(name) for name in ("updatedReplicas", "readyReplicas", "availableReplicas"))


def is_timed_out(deployment: Obj, status: Obj, now: float, speed: float = 1.0) -> bool:
    """No progress for progressDeadlineSeconds (DeploymentTimedOut). `now` in Unix seconds."""
    progressing = condition(status, "Progressing")
    if not has_deadline(deployment) or progressing is None or progressing.get("reason") == "NewReplicaSetAvailable":
        return False
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return True
    return until_deadline(deployment, progressing, now, speed) < 0


def until_deadline(deployment: Obj, progressing: Obj, now: float, speed: float = 1.0) -> float:
    """Seconds of the imitated world until the progress deadline of that condition; negative when past."""
    waited = (now - seconds(progressing["lastUpdateTime"])) * speed
    return float(deployment["spec"]["progressDeadlineSeconds"]) - waited


def judge_progress(
    deployment: Obj, status: Obj, new: Obj | None, now: float, stamp: str, *, speed: float = 1.0
) -> None:
    """Write the Progressing condition of a status that is about to be published (syncRolloutStatus)."""
    if not has_deadline(deployment):
        remove_condition(status, "Progressing")
        return
    current = condition(deployment.get("status") or {}, "Progressing")
    settled = (status.get("replicas") or 0) == (status.get("updatedReplicas") or 0)
    if settled and current is not None and current.get("reason") == "NewReplicaSetAvailable":
        return
    who = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if is_complete(deployment, status):
        said = new_condition(
            "Progressing", "True", "NewReplicaSetAvailable", f"{who} has successfully progressed.", stamp
        )
        set_condition(status, said)
    elif has_progressed(deployment, status):
        said = new_condition("Progressing", "True", "ReplicaSetUpdated", f"{who} is progressing.", stamp)
        if current is not None:
            if current["status"] == "True":
                said["lastTransitionTime"] = current["lastTransitionTime"]
            remove_condition(status, "Progressing")
        set_condition(status, said)
    elif is_timed_out(deployment, status, now, speed):
        said = new_condition(
            "Progressing", "False", "ProgressDeadlineExceeded", f"{who} has timed out progressing.", stamp
        )
        set_condition(status, said)


def copy_failure(status: Obj, sets: Sequence[Obj | None], new: Obj | None) -> None:
    """Carry a ReplicaSet's ReplicaFailure over to the Deployment, the new one's first; drop it when none has one."""
    for one in (new, *sets):
        failure = condition((one or {}).get("status") or {}, "ReplicaFailure")
        if failure is not None:
            stamp = failure.get("lastTransitionTime", "")
            said = new_condition(
                "ReplicaFailure", failure["status"], failure.get("reason", ""), failure.get("message", ""), stamp
            )
            set_condition(status, said)
            return
    remove_condition(status, "ReplicaFailure")
