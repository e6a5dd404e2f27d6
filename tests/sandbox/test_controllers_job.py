"""Job: completions, failures and their delays, deadline, suspend, indexes, finalizers, time to live."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.controllers import job_rules as rules
from tests.sandbox.loops import Obj, pod, world

FINALIZER = rules.FINALIZER


def job(name: str = "work", image: str = "busybox:1.36", **spec: Any) -> Obj:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]}}
    meta = {"name": name, "namespace": "shop"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": {"template": template} | spec}


def member(name: str, phase: str = "Running", index: int | None = None, **how: Any) -> Obj:
    found = pod(name, phase=phase, ready=phase == "Running", **how)
    found["metadata"]["finalizers"] = [FINALIZER]
    if index is not None:
        found["metadata"]["annotations"] = {rules.INDEX: str(index)}
    return found


def reasons(obj: Obj) -> list[tuple[str, str]]:
    return [(c["type"], c["reason"]) for c in obj["status"].get("conditions") or () if c["status"] == "True"]


@pytest.mark.parametrize(
    ("spec", "status", "pods", "lacking"),
    [
        ({"completions": 3, "parallelism": 2}, {}, [], 2),
        ({"completions": 3, "parallelism": 2}, {"succeeded": 2}, [], 1),
        ({"completions": 3, "parallelism": 2}, {"succeeded": 2}, [member("a"), member("b")], -1),
        ({"completions": 3, "parallelism": 0}, {}, [member("a")], -1),
        ({"parallelism": 2}, {}, [member("a")], 1),
        ({"parallelism": 2}, {"succeeded": 1}, [member("a")], 0),
        ({"completions": 1}, {}, [member("a", leaving=True)], 1),
        ({"completions": 1, "podReplacementPolicy": "Failed"}, {}, [member("a", leaving=True)], 0),
    ],
)
def test_lacking(spec: Obj, status: Obj, pods: list[Obj], lacking: int) -> None:
    obj = job(**spec) | {"status": status}
    assert rules.lacking(obj, rules.tally(obj, pods)) == lacking


def test_what_ended_counts_once() -> None:
    listed, fresh, freed = member("listed", "Succeeded"), member("fresh", "Succeeded"), member("freed", "Succeeded")
    freed["metadata"]["finalizers"] = []
    status = {"succeeded": 1, "uncountedTerminatedPods": {"succeeded": ["uid-listed"]}}
    obj = job(completions=5) | {"status": status}
    count = rules.tally(obj, [listed, fresh, freed, member("lost", leaving=True)])
    assert [one["metadata"]["name"] for one in count.new_succeeded] == ["fresh"]
    assert [one["metadata"]["name"] for one in count.new_failed] == ["lost"]
    assert (count.succeeded, count.failed, count.terminating) == (3, 1, 1)


@pytest.mark.parametrize(
    ("spec", "status", "active_for", "reason"),
    [
        ({"backoffLimit": 1}, {"failed": 1}, 0.0, ""),
        ({"backoffLimit": 1}, {"failed": 2}, 0.0, "BackoffLimitExceeded"),
        ({"backoffLimit": 0}, {"failed": 1}, 0.0, "BackoffLimitExceeded"),
        ({"activeDeadlineSeconds": 30}, {}, 29.9, ""),
        ({"activeDeadlineSeconds": 30}, {}, 30.0, "DeadlineExceeded"),
        ({"activeDeadlineSeconds": 30, "suspend": True}, {}, 30.0, ""),
    ],
)
def test_failure(spec: Obj, status: Obj, active_for: float, reason: str) -> None:
    obj = job(**spec) | {"status": status}
    found = rules.failure(obj, rules.tally(obj, []), active_for)
    assert (found[0] if found else "") == reason


def test_restarts_in_place_count_against_the_limit() -> None:
    obj = job(backoffLimit=2) | {"status": {}}
    obj["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    running = member("a")
    running["status"]["containerStatuses"] = [{"restartCount": 1}]
    assert rules.failure(obj, rules.tally(obj, [running]), 0.0) is None
    running["status"]["containerStatuses"] = [{"restartCount": 2}]
    assert rules.failure(obj, rules.tally(obj, [running]), 0.0) == rules.LIMIT


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0.0), (1, 10.0), (2, 20.0), (4, 80.0), (7, 600.0), (60, 600.0)])
def test_delay(failures: int, seconds: float) -> None:
    assert rules.delay(failures) == seconds


@pytest.mark.parametrize(
    ("indexes", "text"), [(set(), ""), ({0}, "0"), ({0, 1}, "0,1"), ({0, 1, 2, 5}, "0-2,5"), ({1, 3, 4, 5, 6}, "1,3-6")]
)
def test_indexes_are_written_in_runs_and_read_again(indexes: set[int], text: str) -> None:
    assert rules.format_indexes(indexes) == text
    assert rules.parse_indexes(text) == indexes


def test_free_indexes_are_the_lowest() -> None:
    obj = job(completions=5, completionMode="Indexed") | {"status": {"completedIndexes": "0"}}
    count = rules.tally(obj, [member("w-2", index=2), member("w-1", "Succeeded", index=1)])
    assert count.succeeded == 2
    assert rules.free_indexes(obj, count, 5) == [3, 4]


async def test_three_completions_two_at_a_time() -> None:
    async with world() as w:
        w.apply(job(completions=3, parallelism=2))
        done = await w.status("Job", "work", succeeded=3)
        done = await w.until(
            lambda: w.get("Job", "work") if "completionTime" in w.get("Job", "work")["status"] else None
        )
        assert done is not None
        assert reasons(done) == [("SuccessCriteriaMet", "CompletionsReached"), ("Complete", "CompletionsReached")]
        assert done["status"]["uncountedTerminatedPods"] == {}
        assert "active" not in done["status"]
        assert len(w.pods()) == 3
        assert not any(one["metadata"].get("finalizers") for one in w.pods())
        await w.until(lambda: w.said("work", "Completed") == ["Job completed"])


async def test_a_job_that_fails_is_tried_again_and_given_up() -> None:
    async with world() as w:
        w.apply(job("bad", "busybox:crash", backoffLimit=1))
        await w.status("Job", "bad", failed=2)
        await w.until(lambda: w.said("bad", "BackoffLimitExceeded"))
        assert reasons(w.get("Job", "bad")) == [
            ("FailureTarget", "BackoffLimitExceeded"),
            ("Failed", "BackoffLimitExceeded"),
        ]
        assert w.said("bad", "BackoffLimitExceeded") == ["Job has reached the specified backoff limit"]
        assert len(w.pods()) == 2


async def test_the_deadline_ends_a_job_and_its_pods() -> None:
    async with world() as w:
        # The image never comes: the Pod would wait for ever.
        w.apply(job("slow", "busybox:missing", activeDeadlineSeconds=20))
        await w.until(lambda: ("Failed", "DeadlineExceeded") in reasons(w.get("Job", "slow")))
        await w.until(lambda: not w.pods())
        assert w.get("Job", "slow")["status"]["failed"] == 1


async def test_suspend_and_resume() -> None:
    async with world() as w:
        w.apply(job(suspend=True))
        held = await w.until(lambda: reasons(w.get("Job", "work")))
        assert held == [("Suspended", "JobSuspended")]
        assert w.pods() == []
        assert "startTime" not in w.get("Job", "work")["status"]
        w.patch("Job", "work", {"spec": {"suspend": False}})
        await w.status("Job", "work", succeeded=1)
        assert w.said("work", "Resumed") == ["Job resumed"]


async def test_suspending_a_running_job_removes_its_pods_without_counting_them() -> None:
    async with world() as w:
        w.apply(job("slow", "busybox:missing"))
        await w.status("Job", "slow", active=1)
        w.patch("Job", "slow", {"spec": {"suspend": True}})
        await w.until(lambda: not w.pods())
        assert (await w.status("Job", "slow", active=0))["status"].get("failed", 0) == 0


async def test_indexed_pods_carry_their_index() -> None:
    async with world() as w:
        w.apply(job(completions=3, parallelism=3, completionMode="Indexed"))
        await w.status("Job", "work", succeeded=3, completedIndexes="0-2")
        pods = w.pods()
        assert sorted(one["metadata"]["labels"][rules.INDEX] for one in pods) == ["0", "1", "2"]
        assert sorted(one["spec"]["hostname"] for one in pods) == ["work-0", "work-1", "work-2"]


async def test_pods_of_a_deleted_job_are_let_go() -> None:
    async with world() as w:
        w.apply(job("slow", "busybox:missing"))
        await w.until(w.pods)
        w.client.delete("Job", "shop", "slow", propagation="Background")
        await w.until(lambda: not w.pods())


async def test_time_to_live() -> None:
    async with world() as w:
        w.apply(job(ttlSecondsAfterFinished=5))
        await w.until(lambda: w.said("work", "Completed"))
        await w.until(lambda: w.gone("Job", "work"))
        await w.until(lambda: not w.pods())
