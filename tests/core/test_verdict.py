"""The rules that one object alone does not show: time, relatives, and what a schema says."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.core.model import Relative, Verdict
from dashboard.core.objects import timestamp
from dashboard.core.relatives import digest, event_note
from dashboard.core.verdict import assess

from .casebook import Fixture, fixtures

BOOK = {fixture.name: fixture for fixture in fixtures()}


def fixture(name: str) -> Fixture:
    return BOOK[name]


def child(name: str, owner: str, **changes: Any) -> Relative:
    """A fixture's digest, as a child of another fixture's object."""
    found = fixture(name)
    obj = copy.deepcopy(found.obj)
    obj["metadata"]["ownerReferences"] = [{"uid": fixture(owner).obj["metadata"]["uid"], "controller": True}]
    for path, value in changes.items():
        obj["metadata"][path] = value
    return digest(obj, assess(obj, found.now))


def test_a_stalled_child_of_the_current_revision_stalls_its_owner() -> None:
    owner = fixture("deployment-rolling")
    stuck = child("replicaset-limitrange", owner.name, annotations={"deployment.kubernetes.io/revision": "2"})
    said = assess(owner.obj, owner.now, [stuck])
    assert said.verdict is Verdict.STALLED
    assert said.cause is not None
    assert said.cause.at == stuck.key
    assert said.cause.reason == "FailedCreate"


def test_a_stalled_child_of_an_old_revision_is_history() -> None:
    owner = fixture("deployment-rolling")
    old = child("replicaset-limitrange", owner.name, annotations={"deployment.kubernetes.io/revision": "1"})
    new = child("replicaset-creating", owner.name, annotations={"deployment.kubernetes.io/revision": "2"})
    assert assess(owner.obj, owner.now, [old, new]).verdict is Verdict.CONVERGING


@pytest.mark.parametrize("gone", ["pod-evicted", "pod-deleted"])
def test_pods_that_are_over_are_history(gone: str) -> None:
    owner = fixture("replicaset-available")
    assert assess(owner.obj, owner.now, [child(gone, owner.name)]).verdict is Verdict.CONVERGED


def test_the_cause_points_at_the_pod_through_every_level() -> None:
    pod = child("pod-pull-fails", "replicaset-available")
    middle = fixture("replicaset-available")
    replica_set = digest(middle.obj, assess(middle.obj, middle.now, [pod]))
    owner = fixture("deployment-available")
    said = assess(owner.obj, owner.now, [replica_set])
    assert said.cause is not None
    assert said.cause.at == pod.key
    assert said.cause.sentence.startswith("nginx:1.19.5-missing")


def test_a_starting_owner_says_what_its_child_waits_for() -> None:
    found = fixture("pod-probe-fails")
    owner = fixture("replicaset-history-ignored")
    pod = copy.deepcopy(found.obj)
    pod["metadata"]["ownerReferences"] = [{"uid": owner.obj["metadata"]["uid"], "controller": True}]
    said = assess(owner.obj, owner.now, [digest(pod, assess(pod, found.now, found.related))])
    assert said.verdict is Verdict.CONVERGING
    assert said.cause is not None
    assert said.cause.sentence.startswith("readiness probe fails")
    assert said.cause.at is not None
    assert said.cause.at.kind == "Pod"


def test_somebody_elses_child_changes_nothing() -> None:
    owner = fixture("deployment-available")
    stranger = child("pod-pull-fails", "statefulset-ready")
    assert assess(owner.obj, owner.now, [stranger]).verdict is Verdict.CONVERGED


def test_a_custom_owner_that_calls_itself_ready_is_believed() -> None:
    owner = fixture("crossplane-composite-ready")
    stuck = child("crossplane-managed-refused", owner.name)
    assert assess(owner.obj, owner.now, [stuck]).verdict is Verdict.CONVERGED


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("pod-restarted", "stalled", "converged"),
        ("pod-unschedulable-at-first", "converging", "stalled"),
        ("pod-probe-fails", "converging", "stalled"),
        ("hoge-unanswered", "converging", "stalled"),
        ("node-joining", "converging", "stalled"),
        ("apiservice-missing-endpoints", "converging", "stalled"),
    ],
)
def test_time_alone_changes_the_answer_when_it_said_so(name: str, before: str, after: str) -> None:
    found = fixture(name)
    said = found.assess()
    assert said.verdict.value == before
    assert said.recheck_at is not None
    has_status = found.expected.get("has_status")
    early = assess(found.obj, said.recheck_at - 0.01, found.related, has_status=has_status)
    late = assess(found.obj, said.recheck_at, found.related, has_status=has_status)
    assert (early.verdict.value, late.verdict.value) == (before, after)


def test_a_restarted_container_waits_as_long_as_its_last_back_off() -> None:
    found = fixture("pod-restarted")
    obj = copy.deepcopy(found.obj)
    status = obj["status"]["containerStatuses"][0]
    status["lastState"]["terminated"]["finishedAt"] = "2026-11-20T09:58:50Z"
    said = assess(obj, found.now)
    assert said.recheck_at == timestamp("2026-11-20T10:00:10Z"), "40 s of back-off before it started at 09:59:30"


def test_now_may_be_a_datetime() -> None:
    found = fixture("pod-restarted")
    assert assess(found.obj, datetime.fromtimestamp(found.now, UTC)) == assess(found.obj, found.now)


def test_objects_among_the_related_are_digested() -> None:
    found = fixture("replicaset-pull-fails")
    digested = [digest(each, assess(each, found.now)) for each in found.related]
    assert assess(found.obj, found.now, digested) == assess(found.obj, found.now, found.related)


def test_a_schedulers_event_has_only_its_event_time() -> None:
    note = event_note(
        {
            "kind": "Event",
            "regarding": {"kind": "Pod", "namespace": "shop", "name": "web"},
            "eventTime": "2026-11-20T10:00:00.000000Z",
            "count": None,
            "firstTimestamp": None,
            "source": {},
            "reportingController": "default-scheduler",
            "reason": "FailedScheduling",
            "type": "Warning",
            "note": "0/3 nodes are available",
        }
    )
    assert note is not None
    assert (note.count, note.first, note.last, note.source) == (1, 1795168800.0, 1795168800.0, "default-scheduler")
