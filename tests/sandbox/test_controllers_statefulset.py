"""StatefulSet: order, partition, revisions, claims."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.controllers.revisions import patch_hash, surplus, template_patch
from dashboard.sandbox.controllers.statefulset_rules import (
    Step,
    availability,
    counts,
    ordinal_of,
    plan,
    status_of,
    uses_current,
    wanted,
)
from tests.sandbox.loops import Obj, pod, workload, world

HASH = "controller-revision-hash"
READY = availability(0.0, 10.0)


def db(replicas: int = 3, **spec: Any) -> Obj:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    obj = workload("StatefulSet", "db", **{"replicas": replicas, "serviceName": "db", "updateStrategy": rolling} | spec)
    obj["metadata"] |= {"namespace": "shop", "uid": "u", "generation": 1}
    return obj


def member(ordinal: int, revision: str = "new", **how: Any) -> Obj:
    found = pod(f"db-{ordinal}", **how)
    found["metadata"]["labels"] = {HASH: revision}
    return found


def parallel(replicas: int = 3, **spec: Any) -> Obj:
    return db(replicas, podManagementPolicy="Parallel", **spec)


CASES: list[tuple[str, Obj, list[Obj], list[tuple[str, int, str]]]] = [
    ("nothing there: the first", db(), [], [("create", 0, "missing")]),
    ("the first not ready: wait", db(), [member(0, ready=False)], []),
    ("the first ready: the second", db(), [member(0)], [("create", 1, "missing")]),
    ("a hole is filled first", db(), [member(0), member(2)], [("create", 1, "missing")]),
    ("one leaving: wait", db(), [member(0, leaving=True), member(1)], []),
    ("one failed: away with it", db(), [member(0, phase="Failed", ready=False)], [("delete", 0, "finished")]),
    ("all there", db(), [member(0), member(1), member(2)], []),
    ("too many: from the top", db(1), [member(0), member(1), member(2)], [("delete", 2, "surplus")]),
    ("one surplus leaving: wait", db(1), [member(0), member(1), member(2, leaving=True)], []),
    ("surplus waits for a lower unready", db(1), [member(0), member(1, ready=False), member(2, ready=False)], []),
    ("outdated: from the top", db(2), [member(0, "old"), member(1, "old")], [("delete", 1, "outdated")]),
    ("outdated: next when ready", db(2), [member(0, "old"), member(1)], [("delete", 0, "outdated")]),
    ("outdated: wait while unready", db(2), [member(0, "old"), member(1, ready=False)], []),
    (
        "partition holds the lower ones",
        db(2, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}),
        [member(0, "old"), member(1)],
        [],
    ),
    ("on delete: nothing by itself", db(2, updateStrategy={"type": "OnDelete"}), [member(0, "old"), member(1)], []),
    (
        "several unavailable at once",
        parallel(4, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}}),
        [member(n, "old") for n in range(4)],
        [("delete", 3, "outdated"), ("delete", 2, "outdated")],
    ),
    ("parallel: all at once", parallel(2), [], [("create", 0, "missing"), ("create", 1, "missing")]),
    (
        "parallel: all surplus at once",
        parallel(1),
        [member(0), member(1), member(2)],
        [("delete", 2, "surplus"), ("delete", 1, "surplus")],
    ),
    ("ordinals may start elsewhere", db(1, ordinals={"start": 5}), [], [("create", 5, "missing")]),
]


@pytest.mark.parametrize(("why", "obj", "pods", "steps"), CASES, ids=[case[0] for case in CASES])
def test_plan(why: str, obj: Obj, pods: list[Obj], steps: list[tuple[str, int, str]]) -> None:
    numbered = {int(one["metadata"]["name"].rsplit("-", 1)[1]): one for one in pods}
    assert plan(obj, numbered, "new", READY) == [Step(*step) for step in steps], why


@pytest.mark.parametrize(
    ("name", "ordinal"), [("db-0", 0), ("db-12", 12), ("db", None), ("other-1", None), ("db-x", None), ("db-1-2", None)]
)
def test_ordinal_in_a_name(name: str, ordinal: int | None) -> None:
    assert ordinal_of(db(), name) == ordinal


def test_minimum_ready_seconds_delay_availability() -> None:
    started = 1767225600.0
    one = member(0)
    assert not availability(5.0, started + 4.9)(one)
    assert availability(5.0, started + 5.0)(one)


def test_counts_leave_out_what_leaves() -> None:
    pods = [member(0, "old"), member(1, "new", ready=False), member(2, "new", leaving=True)]
    assert counts(pods, "old", "new", READY) == {
        "replicas": 3,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "currentReplicas": 1,
        "updatedReplicas": 1,
    }


def test_the_newest_revision_becomes_current_when_all_are_ready() -> None:
    done = {"replicas": 2, "readyReplicas": 2, "availableReplicas": 2, "currentReplicas": 0, "updatedReplicas": 2}
    assert status_of(db(2), done, "old", "new", 0)["currentRevision"] == "new"
    assert status_of(db(2), done, "old", "new", 0)["currentReplicas"] == 2
    assert status_of(db(3), done, "old", "new", 0)["currentRevision"] == "old"


def test_below_the_partition_new_pods_are_of_the_current_revision() -> None:
    held = db(3, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
    assert [uses_current(held, ordinal) for ordinal in wanted(held)] == [True, True, False]
    assert not uses_current(db(3, updateStrategy={"type": "OnDelete"}), 0)


def test_a_revision_has_the_name_that_a_real_cluster_gives_it() -> None:
    # Recorded from kube-controller-manager 1.36.2: ControllerRevision db-5cdc5cb87.
    container = {
        "image": "nginx:1.18.0-alpine",
        "imagePullPolicy": "IfNotPresent",
        "name": "nginx",
        "ports": [{"containerPort": 80, "name": "web", "protocol": "TCP"}],
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    spec = {
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    patch = template_patch({"metadata": {"labels": {"app": "db"}}, "spec": spec})
    assert patch_hash(patch) == "5cdc5cb87"
    assert patch_hash(patch, 1) != "5cdc5cb87"


def test_old_revisions_beyond_the_limit_go_oldest_first() -> None:
    history = [{"metadata": {"name": f"r{n}"}} for n in range(5)]
    assert [one["metadata"]["name"] for one in surplus(history, {"r0", "r4"}, 1)] == ["r1", "r2"]


async def test_comes_up_in_order_and_goes_down_from_the_top() -> None:
    async with world() as w:
        w.apply(db())
        await w.status("StatefulSet", "db", readyReplicas=3, availableReplicas=3, updatedReplicas=3)
        made = w.client.list("Event", "shop")
        created = [e["message"] for e in made if e["reason"] == "SuccessfulCreate"]
        assert sorted(created) == [f"Create Pod db-{n} in StatefulSet db successful" for n in range(3)]
        scheduled = sorted(w.pods(app="db"), key=lambda one: int(one["metadata"]["resourceVersion"]))
        assert [one["metadata"]["name"] for one in scheduled] == ["db-0", "db-1", "db-2"]
        labels = w.get("Pod", "db-1")["metadata"]["labels"]
        assert labels["apps.kubernetes.io/pod-index"] == "1"
        assert labels["statefulset.kubernetes.io/pod-name"] == "db-1"
        w.patch("StatefulSet", "db", {"spec": {"replicas": 1}})
        await w.status("StatefulSet", "db", replicas=1, observedGeneration=2)
        assert w.names(app="db") == ["db-0"]
        assert set(w.said("db", "SuccessfulDelete")) == {
            "Delete Pod db-2 in StatefulSet db successful",
            "Delete Pod db-1 in StatefulSet db successful",
        }


async def test_a_new_image_waits_at_the_partition_then_goes_on() -> None:
    async with world() as w:
        w.apply(db(2))
        first = await w.status("StatefulSet", "db", readyReplicas=2)
        strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
        container = {"name": "main", "image": "nginx:1.19.5-alpine"}
        change = {"updateStrategy": strategy, "template": {"spec": {"containers": [container]}}}
        w.patch("StatefulSet", "db", {"spec": change})
        held = await w.status("StatefulSet", "db", updatedReplicas=1, readyReplicas=2, currentReplicas=1)
        assert held["status"]["currentRevision"] == first["status"]["currentRevision"]
        assert held["status"]["updateRevision"] != held["status"]["currentRevision"]
        w.patch("StatefulSet", "db", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
        done = await w.status("StatefulSet", "db", updatedReplicas=2, readyReplicas=2, currentReplicas=2)
        assert done["status"]["currentRevision"] == done["status"]["updateRevision"]
        numbers = sorted(r["revision"] for r in w.client.list("ControllerRevision", "shop"))
        assert numbers == [1, 2]


async def test_an_unready_pod_holds_the_ones_after_it() -> None:
    async with world() as w:
        w.apply(workload("StatefulSet", "db", "nginx:missing", replicas=2, serviceName="db"))
        await w.until(lambda: w.said("db-0", "BackOff"))
        assert w.names(app="db") == ["db-0"]
        stuck = await w.status("StatefulSet", "db", replicas=1, readyReplicas=0)
        assert stuck["status"]["observedGeneration"] == 1


async def test_claims_are_made_and_stay() -> None:
    async with world() as w:
        meta = {"name": "std"}
        w.client.create("StorageClass", {"metadata": meta, "provisioner": "sandbox.reconcilerviz/disk"})
        ask = {
            "storageClassName": "std",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        }
        w.apply(db(1, volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": ask}]))
        await w.status("StatefulSet", "db", readyReplicas=1)
        assert w.get("PersistentVolumeClaim", "data-db-0")["status"]["phase"] == "Bound"
        volumes = w.get("Pod", "db-0")["spec"]["volumes"]
        assert {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}} in volumes
        w.patch("StatefulSet", "db", {"spec": {"replicas": 0}})
        await w.until(lambda: not w.names(app="db"))
        assert not w.gone("PersistentVolumeClaim", "data-db-0")
