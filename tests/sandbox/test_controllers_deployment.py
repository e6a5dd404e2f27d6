"""The Deployment loop: its arithmetic by tables, and what it publishes on the way."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.controllers import deployment_notes as notes
from dashboard.sandbox.controllers.deployment_rules import (
    active_or_latest,
    fenceposts,
    max_surge,
    max_unavailable,
    new_replicas,
    same_template,
)
from dashboard.sandbox.controllers.deployment_scaling import is_saturated, proportions, removable
from dashboard.sandbox.controllers.deployment_status import (
    has_progressed,
    is_complete,
    is_timed_out,
    new_condition,
    new_status,
    set_condition,
)
from tests.sandbox.loops import Obj, World, workload, world

STAMP = "2026-01-01T00:00:00Z"
APP = {"app": "web"}


def rolling(replicas: int, surge: Any = "25%", unavailable: Any = "25%", **spec: Any) -> Obj:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    found = workload("Deployment", "web", replicas=replicas, strategy=strategy, progressDeadlineSeconds=600, **spec)
    found["metadata"] |= {"namespace": "shop", "uid": "d", "generation": 1}
    return found


def a_set(name: str, size: int, *, available: int | None = None, made: int = 0, **annotations: str) -> Obj:
    ready = size if available is None else available
    meta = {"name": name, "uid": name, "creationTimestamp": f"2026-01-01T00:00:{made:02}Z"}
    found: Obj = {
        "metadata": meta,
        "spec": {"replicas": size},
        "status": {"replicas": size, "availableReplicas": ready},
    }
    long = {"desired": notes.DESIRED, "most": notes.MAX, "revision": notes.REVISION}
    found["metadata"]["annotations"] = {long[key]: value for key, value in annotations.items()}
    return found


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (4, "25%", "25%", (1, 1)),
        (3, "25%", "25%", (1, 0)),
        (1, "25%", "25%", (1, 0)),
        (10, "25%", "25%", (3, 2)),
        (10, 0, "25%", (0, 2)),
        (3, 0, "25%", (0, 1)),
        (0, "25%", "25%", (0, 1)),
        (5, 2, 1, (2, 1)),
        (5, 0, 0, (0, 1)),
        (7, "100%", "0%", (7, 0)),
    ],
)
def test_surge_is_rounded_up_and_unavailable_down(replicas: int, surge: Any, unavailable: Any, expected: Any) -> None:
    assert fenceposts(rolling(replicas, surge, unavailable)) == expected


def test_recreate_has_no_room_either_way() -> None:
    recreate = rolling(4) | {"spec": {"replicas": 4, "strategy": {"type": "Recreate"}}}
    assert (max_surge(recreate), max_unavailable(recreate)) == (0, 0)
    assert max_unavailable(rolling(0)) == 0
    assert max_unavailable(rolling(2, 0, 5)) == 2


@pytest.mark.parametrize(
    ("replicas", "old", "new", "expected"),
    [(4, 4, 0, 1), (4, 3, 1, 2), (4, 5, 0, 0), (4, 0, 2, 4), (10, 8, 3, 5), (10, 13, 0, 0), (10, 0, 12, 10)],
)
def test_the_new_set_gets_what_the_surge_leaves(replicas: int, old: int, new: int, expected: int) -> None:
    fresh = a_set("new", new)
    assert new_replicas(rolling(replicas), [a_set("old", old), fresh], fresh) == expected


def test_the_only_active_set_is_the_one_to_scale() -> None:
    old, new = a_set("old", 3), a_set("new", 0)
    assert active_or_latest(new, [old]) is old
    assert active_or_latest(None, [a_set("a", 0, made=1), a_set("b", 0, made=2)]) == a_set("b", 0, made=2)
    assert active_or_latest(a_set("new", 1), [old]) is None
    assert active_or_latest(None, []) is None


@pytest.mark.parametrize(
    ("replicas", "sizes", "before", "expected"),
    [
        # 4 → 8 with 3 old and 2 new of at most 5: five more, shared 3 to 2.
        (8, (3, 2), 5, {"old": 6, "new": 4}),
        # 10 → 15 with 8 and 5 of at most 13: 19 allowed.
        (15, (8, 5), 13, {"old": 12, "new": 7}),
        # 10 → 5: seven allowed of thirteen.
        (5, (8, 5), 13, {"old": 4, "new": 3}),
        (0, (3, 2), 5, {"old": 0, "new": 0}),
    ],
)
def test_a_scale_in_a_rollout_is_shared_in_proportion(replicas: int, sizes: Any, before: int, expected: Any) -> None:
    old = a_set("old", sizes[0], made=1, most=str(before))
    new = a_set("new", sizes[1], made=2, most=str(before))
    found = {one["metadata"]["name"]: size for one, size in proportions(rolling(replicas), new, [old])}
    assert found == expected


def test_saturated_needs_the_annotation_the_size_and_the_pods() -> None:
    assert is_saturated(rolling(3), a_set("new", 3, desired="3"))
    assert not is_saturated(rolling(3), a_set("new", 3, desired="2"))
    assert not is_saturated(rolling(3), a_set("new", 3, available=2, desired="3"))
    assert not is_saturated(rolling(3), None)


def test_history_beyond_the_limit_goes_lowest_revision_first() -> None:
    old = [a_set(name, size, revision=rev) for name, size, rev in (("a", 0, "3"), ("b", 0, "1"), ("c", 2, "2"))]
    assert [one["metadata"]["name"] for one in removable(rolling(3, revisionHistoryLimit=1), old)] == ["b"]
    assert removable(rolling(3), old) == []


def test_a_rollback_keeps_the_earlier_revision_in_the_history() -> None:
    one = a_set("a", 0, revision="1")
    assert notes.annotate_new(one, rolling(3), 3, exists=True)
    assert one["metadata"]["annotations"] == {notes.REVISION: "3", notes.HISTORY: "1"}
    assert notes.annotate_new(one, rolling(3), 5, exists=True)
    assert one["metadata"]["annotations"][notes.HISTORY] == "1,3"
    assert not notes.annotate_new(one, rolling(3), 5, exists=True)


def test_templates_are_equal_whatever_their_hash() -> None:
    left = {"metadata": {"labels": APP | {"pod-template-hash": "x"}}, "spec": {"containers": [{"name": "a"}]}}
    right = {"metadata": {"labels": dict(APP)}, "spec": {"containers": [{"name": "a", "env": []}]}}
    assert same_template(left, right)
    right["spec"]["containers"][0]["env"] = [{"name": "COLOR", "value": "blue"}]
    assert not same_template(left, right)


def test_conditions_move_to_the_end_and_keep_their_transition_while_the_status_stays() -> None:
    status: Obj = {}
    set_condition(status, new_condition("Progressing", "True", "NewReplicaSetCreated", "", "t1"))
    set_condition(status, new_condition("Available", "False", "MinimumReplicasUnavailable", "", "t1"))
    set_condition(status, new_condition("Progressing", "True", "ReplicaSetUpdated", "", "t2"))
    assert [(c["type"], c["reason"], c["lastTransitionTime"]) for c in status["conditions"]] == [
        ("Available", "MinimumReplicasUnavailable", "t1"),
        ("Progressing", "ReplicaSetUpdated", "t1"),
    ]
    set_condition(status, new_condition("Progressing", "True", "ReplicaSetUpdated", "", "t3"))
    assert status["conditions"][1]["lastUpdateTime"] == "t2"


def test_status_adds_up_the_sets_and_leaves_out_zeros() -> None:
    old, new = a_set("old", 3), a_set("new", 1, available=0)
    status = new_status(rolling(4), [old, new], new, STAMP)
    assert {key: value for key, value in status.items() if key != "conditions"} == {
        "observedGeneration": 1,
        "replicas": 4,
        "updatedReplicas": 1,
        "availableReplicas": 3,
        "unavailableReplicas": 1,
        "terminatingReplicas": 0,
    }
    assert status["conditions"][0]["reason"] == "MinimumReplicasAvailable"


def test_progress_completeness_and_the_deadline() -> None:
    deployment = rolling(2) | {"status": {"replicas": 3, "updatedReplicas": 1}}
    assert has_progressed(deployment, {"replicas": 2, "updatedReplicas": 1})
    assert not has_progressed(deployment, {"replicas": 3, "updatedReplicas": 1})
    done = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "observedGeneration": 1}
    assert is_complete(deployment, done)
    assert not is_complete(deployment, done | {"observedGeneration": 0})
    late: Obj = {"conditions": [new_condition("Progressing", "True", "ReplicaSetUpdated", "", STAMP)]}
    start = 1767225600.0
    assert not is_timed_out(deployment, late, start + 599)
    assert is_timed_out(deployment, late, start + 601)
    assert is_timed_out(deployment, late, start + 61, speed=10)
    late["conditions"][0]["reason"] = "NewReplicaSetAvailable"
    assert not is_timed_out(deployment, late, start + 601)


def image(tag: str) -> Obj:
    return {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": f"nginx:{tag}"}]}}}}


def sizes(cluster: World) -> dict[str, int]:
    found = cluster.client.list("ReplicaSet", "shop")
    return {one["metadata"]["annotations"][notes.REVISION]: one["spec"]["replicas"] for one in found}


def reason(cluster: World, kind: str = "Progressing", name: str = "web") -> str:
    conditions = cluster.get("Deployment", name)["status"]["conditions"]
    return next((str(entry["reason"]) for entry in conditions if entry["type"] == kind), "")


async def rolled(cluster: World, replicas: int = 3, **spec: Any) -> None:
    cluster.apply(workload("Deployment", "web", replicas=replicas, **spec))
    await cluster.until(lambda: reason(cluster) == "NewReplicaSetAvailable")


def recorded_sizes(cluster: World) -> list[tuple[str, int]]:
    """Every change of a ReplicaSet's size, in order."""
    seen: list[tuple[str, int]] = []

    def note(resource: Any, change: str, obj: Obj) -> None:
        if resource.kind == "ReplicaSet" and change != "DELETED":
            entry = (obj["metadata"]["annotations"][notes.REVISION], obj["spec"]["replicas"])
            if dict(seen).get(entry[0]) != entry[1]:
                seen.append(entry)

    cluster.api.after_write.append(note)
    return seen


async def test_fewer_replicas_and_a_new_image_shrink_the_old_set_before_the_new_one_exists() -> None:
    async with world() as cluster:
        await rolled(cluster, 5)
        seen = recorded_sizes(cluster)
        cluster.patch("Deployment", "web", image("2") | {"spec": {"replicas": 1, **image("2")["spec"]}})
        await cluster.status("Deployment", "web", updatedReplicas=1, replicas=1, unavailableReplicas=0)
        assert seen == [("1", 1), ("2", 1), ("1", 0)]


async def test_recreate_waits_for_the_last_old_pod() -> None:
    async with world() as cluster:
        await rolled(cluster, 2, strategy={"type": "Recreate"})
        seen = recorded_sizes(cluster)
        cluster.patch("Deployment", "web", image("2"))
        await cluster.until(lambda: "2" in sizes(cluster))
        old = [pod for pod in cluster.pods(app="web") if pod["spec"]["containers"][0]["image"] != "nginx:2"]
        assert all(pod["status"]["phase"] in ("Succeeded", "Failed") for pod in old)
        await cluster.until(lambda: reason(cluster) == "NewReplicaSetAvailable" and sizes(cluster)["2"] == 2)
        assert seen == [("1", 0), ("2", 2)]


async def test_without_surge_the_old_set_shrinks_first_and_availability_keeps_its_floor() -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    async with world() as cluster:
        await rolled(cluster, 3, strategy=strategy)
        least: list[int] = []

        def note(resource: Any, change: str, obj: Obj) -> None:
            if resource.kind == "Deployment":
                least.append(obj["status"].get("availableReplicas", 0))
                assert obj["status"].get("replicas", 0) <= 3

        seen = recorded_sizes(cluster)
        cluster.api.after_write.append(note)
        cluster.patch("Deployment", "web", image("2"))
        await cluster.until(lambda: sizes(cluster) == {"1": 0, "2": 3} and reason(cluster) == "NewReplicaSetAvailable")
        assert seen[:3] == [("2", 0), ("1", 2), ("2", 1)]
        assert min(least) == 2


async def test_paused_scales_but_does_not_roll_out_and_says_so() -> None:
    async with world() as cluster:
        await rolled(cluster, 2)
        cluster.patch("Deployment", "web", {"spec": {"paused": True, **image("2")["spec"]}})
        await cluster.until(lambda: reason(cluster) == "DeploymentPaused")
        cluster.patch("Deployment", "web", {"spec": {"replicas": 4}})
        await cluster.status("Deployment", "web", replicas=4, availableReplicas=4, updatedReplicas=0)
        assert sizes(cluster) == {"1": 4}
        cluster.patch("Deployment", "web", {"spec": {"paused": False}})
        await cluster.until(lambda: sizes(cluster) == {"1": 0, "2": 4} and reason(cluster) == "NewReplicaSetAvailable")


async def test_a_missing_image_exceeds_the_deadline_and_an_undo_reuses_the_old_set() -> None:
    async with world() as cluster:
        await rolled(cluster, 3, progressDeadlineSeconds=10)
        before = cluster.get("Deployment", "web")["spec"]["template"]
        cluster.patch("Deployment", "web", image("2-missing"))
        await cluster.until(lambda: reason(cluster) == "ProgressDeadlineExceeded")
        assert sizes(cluster) == {"1": 3, "2": 1}
        assert reason(cluster, "Available") == "MinimumReplicasAvailable"
        cluster.patch("Deployment", "web", {"spec": {"template": before}})
        await cluster.until(lambda: reason(cluster) == "NewReplicaSetAvailable")
        assert sizes(cluster) == {"3": 3, "2": 0}
        assert len(cluster.client.list("ReplicaSet", "shop")) == 2


async def test_a_rollover_drops_what_never_became_ready_first() -> None:
    async with world() as cluster:
        await rolled(cluster, 3)
        cluster.patch("Deployment", "web", image("2-missing"))
        await cluster.until(lambda: sizes(cluster).get("2") == 1)
        seen = recorded_sizes(cluster)
        cluster.patch("Deployment", "web", image("3"))
        await cluster.until(lambda: sizes(cluster) == {"1": 0, "2": 0, "3": 3})
        assert seen.index(("2", 0)) < seen.index(("3", 1))


async def test_min_ready_seconds_holds_availability_back() -> None:
    async with world() as cluster:
        cluster.apply(workload("Deployment", "web", replicas=1, minReadySeconds=20))
        ready = await cluster.status("Deployment", "web", readyReplicas=1, availableReplicas=0)
        assert ready["status"]["unavailableReplicas"] == 1
        await cluster.status("Deployment", "web", readyReplicas=1, availableReplicas=1)


async def test_to_zero_and_back_keeps_the_set() -> None:
    async with world() as cluster:
        await rolled(cluster, 3)
        cluster.patch("Deployment", "web", {"spec": {"replicas": 0}})
        await cluster.status("Deployment", "web", replicas=0, observedGeneration=2)
        cluster.patch("Deployment", "web", {"spec": {"replicas": 3}})
        await cluster.status("Deployment", "web", availableReplicas=3)
        assert sizes(cluster) == {"1": 3}
        assert reason(cluster) == "NewReplicaSetAvailable"


async def test_a_deleted_replica_set_is_made_again_and_its_pods_are_collected() -> None:
    async with world() as cluster:
        await rolled(cluster, 2)
        (old,) = cluster.client.list("ReplicaSet", "shop")
        cluster.client.delete("ReplicaSet", "shop", old["metadata"]["name"])
        fresh = await cluster.until(lambda: cluster.client.list("ReplicaSet", "shop"))
        assert fresh[0]["metadata"]["name"] == old["metadata"]["name"]
        assert fresh[0]["metadata"]["uid"] != old["metadata"]["uid"]
        await cluster.until(lambda: len(cluster.pods(app="web")) == 2 and reason(cluster) == "NewReplicaSetAvailable")


async def test_a_quota_that_refuses_pods_becomes_replica_failure() -> None:
    async with world() as cluster:
        quota = {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "q"},
            "spec": {"hard": {"pods": "1"}},
        }
        cluster.apply(quota)
        await cluster.until(lambda: cluster.get("ResourceQuota", "q").get("status", {}).get("hard"))
        cluster.apply(workload("Deployment", "web", replicas=2))
        await cluster.until(lambda: reason(cluster, "ReplicaFailure") == "FailedCreate")
        (one,) = cluster.client.list("ReplicaSet", "shop")
        assert cluster.said(one["metadata"]["name"], "FailedCreate")
