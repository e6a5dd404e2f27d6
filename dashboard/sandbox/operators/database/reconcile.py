"""One look at one Database: make its children so, then say what is there.

Level-triggered: it reads everything anew, so that it may run at any time, twice, or after being killed half way.
"""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.operators.conditions import Condition, merged
from dashboard.sandbox.operators.database import children
from dashboard.sandbox.operators.kube import Kube, KubeError, KubeUnreachableError

Obj = dict[str, Any]

LONGEST_NAME = 52
"""A StatefulSet's Pods carry its name and a hash in a label of at most 63 characters."""


class NotDoneError(Exception):
    """This look did not get through; the status says why, and another look may help."""


async def reconcile(kube: Kube, namespace: str, name: str) -> None:
    """Bring the children in line and report. Raises NotDoneError, KubeUnreachableError."""
    database = await kube.get("Database", namespace, name)
    if database is None or "deletionTimestamp" in database["metadata"]:
        return  # the garbage collector follows the ownerReferences
    try:
        workload = await _make(kube, database)
    except KubeUnreachableError:
        raise
    except KubeError as error:
        failed = Condition("Ready", False, error.reason or "Failed", str(error))
        await kube.set_status(database, _status(database, None, failed))
        raise NotDoneError(str(error)) from error
    await kube.set_status(database, _status(database, workload, readiness(database, workload)))


async def _make(kube: Kube, database: Obj) -> Obj:
    """All children; the StatefulSet as the API has it now. Raises KubeError, before anything is made for a name."""
    name, secret_name = database["metadata"]["name"], children.secret_name(database)
    if len(name) > LONGEST_NAME:
        raise KubeError(422, "InvalidName", f"the name has {len(name)} characters, a database's at most {LONGEST_NAME}")
    for kind in ("Service", "StatefulSet"):
        await _ours(kube, database, kind, name)
    credentials = await _secret(kube, database, await _ours(kube, database, "Secret", secret_name))
    await kube.apply(children.service(database))
    return await kube.apply(children.stateful_set(database, credentials["metadata"]["uid"]))


async def _secret(kube: Kube, database: Obj, there: Obj | None) -> Obj:
    """The Secret, with a password that is made once and from then on left alone."""
    if there is None:
        return await kube.create(children.secret(database))
    if "password" not in (there.get("data") or {}):
        return await kube.apply(children.secret(database))
    return there


async def _ours(kube: Kube, database: Obj, kind: str, name: str) -> Obj | None:
    """The child of that name, None where there is none. Raises KubeError for an object of somebody else."""
    there = await kube.get(kind, database["metadata"]["namespace"], name)
    if there is None:
        return None
    owners = there["metadata"].get("ownerReferences") or []
    if not any(owner["uid"] == database["metadata"]["uid"] for owner in owners):
        raise KubeError(409, "NameTaken", f"a {kind} {name} exists that is not this Database's; it is left alone")
    return there


def readiness(database: Obj, workload: Obj) -> Condition:
    """Whether every replica serves the declared version, by the StatefulSet's own status."""
    status, wanted = workload.get("status") or {}, database["spec"].get("replicas", 1)
    version = database["spec"]["version"]
    if status.get("observedGeneration") != workload["metadata"]["generation"]:
        return Condition("Ready", False, "Progressing", f"the StatefulSet has not been looked at yet, {wanted} wanted")
    there, ready, updated = status.get("replicas", 0), status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if there == wanted and updated == wanted and ready == wanted:
        return Condition("Ready", True, "AllReplicasReady", f"Ready: {ready}/{wanted} on version {version}")
    message = f"Ready: {ready}/{wanted}, on version {version}: {updated}/{wanted}"
    return Condition("Ready", False, "Progressing", message)


def _status(database: Obj, workload: Obj | None, ready: Condition) -> Obj:
    """The whole status; counts are left as they were where the StatefulSet could not be read."""
    said: Obj = {
        "observedGeneration": database["metadata"]["generation"],
        "conditions": merged(database, ready),
    }
    if workload is not None:
        counts = workload.get("status") or {}
        said |= {field: counts.get(field, 0) for field in ("replicas", "readyReplicas", "updatedReplicas")}
        said |= {"endpoint": children.endpoint(database), "secretName": children.secret_name(database)}
    return said
