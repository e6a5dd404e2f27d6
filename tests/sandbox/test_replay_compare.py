"""What a replay calls a difference, and what it takes for chance: on a small recording made here."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from dashboard.sandbox.replay_compare import Story, compare, tell
from dashboard.sandbox.replay_kubectl import Finished
from dashboard.sandbox.replay_report import Judge, Report, plain
from dashboard.sandbox.replay_run import Outcome, images_at_hand
from dashboard.sandbox.replay_states import KINDS
from dashboard.sandbox.replay_trace import Obj, Recording, TraceError, Track, parse

Line = dict[str, Any]
Change = Callable[[list[Line]], None]
SPEC = {
    "replicas": 2,
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
}


class Script:
    """Writes a recording: a Deployment of two Pods, one of which is deleted."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._version = 10

    def listed(self, *resources: str) -> None:
        for resource in resources:
            self.lines.append({"t": 0, "resource": resource, "list": {"items": []}})

    def event(self, at: float, resource: str, kind: str, name: str, owner: str = "", **parts: Any) -> None:
        self._version += 1
        meta = {"name": name, "namespace": "n", "uid": f"uid-{name}", "resourceVersion": str(self._version)}
        if owner:
            meta["ownerReferences"] = [{"kind": "X", "uid": f"uid-{owner}", "controller": True}]
        if resource == "pods":
            meta["generateName"] = "web-a-"
        meta |= parts.pop("meta", {})
        obj = {"metadata": meta, **parts}
        self.lines.append({"t": at, "resource": resource, "event": {"type": kind, "object": obj}})

    def pod(self, at: float, kind: str, name: str, phase: str, *, ready: bool = False, leaving: bool = False) -> None:
        meta = {"deletionTimestamp": "2026", "deletionGracePeriodSeconds": 30} if leaving else {}
        conditions = [{"type": "Ready", "status": str(ready)}]
        self.event(at, "pods", kind, name, "web-a", meta=meta, status={"phase": phase, "conditions": conditions})

    def deployment(self, at: float, kind: str, ready: int, reason: str, available: bool) -> None:
        conditions = [
            {"type": "Progressing", "status": "True", "reason": reason},
            {"type": "Available", "status": str(available), "reason": "R"},
        ]
        counts = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": ready, "availableReplicas": ready}
        status = {"observedGeneration": 1, **counts, "unavailableReplicas": 2 - ready, "conditions": conditions}
        self.event(at, "deployments", kind, "web", meta={"generation": 1}, spec=SPEC, status=status)

    def replica_set(self, at: float, kind: str, size: int) -> None:
        self.event(at, "replicasets", kind, "web-a", "web", spec={"replicas": 2}, status={"replicas": size})

    def said(self, at: float, about: str, reason: str, message: str) -> None:
        involved = {"kind": "Pod", "name": about, "uid": f"uid-{about}"}
        self.event(
            at,
            "events",
            "ADDED",
            f"{about}.{self._version}",
            involvedObject=involved,
            reason=reason,
            message=message,
            type="Normal",
            reportingComponent="kubelet",
            source={"component": "kubelet", "host": "node-1"},
        )


def script() -> list[Line]:
    s = Script()
    s.listed("pods", "replicasets", "deployments", "events")
    s.lines.append({"t": 0.3, "action": "kubectl -n n apply -f -", "stdin": "…"})
    s.deployment(0.4, "ADDED", 0, "NewReplicaSetCreated", False)
    s.replica_set(0.41, "ADDED", 0)
    s.lines.append({"t": 0.42, "done": "kubectl -n n apply -f -", "rc": 0, "output": ""})
    for name in ("web-a-1", "web-a-2"):
        s.pod(0.43, "ADDED", name, "Pending")
        s.said(0.44, name, "Pulled", 'Container image "nginx:1" already present on machine')
    s.replica_set(0.45, "MODIFIED", 2)
    s.pod(1.0, "MODIFIED", "web-a-1", "Running", ready=True)
    s.deployment(1.01, "MODIFIED", 1, "ReplicaSetUpdated", False)
    s.pod(1.02, "MODIFIED", "web-a-2", "Running", ready=True)
    s.deployment(1.03, "MODIFIED", 2, "NewReplicaSetAvailable", True)
    s.lines.append({"t": 4.0, "action": "kubectl -n n delete pod web-a-2 --wait=false", "stdin": ""})
    s.pod(4.1, "MODIFIED", "web-a-2", "Running", ready=True, leaving=True)
    s.lines.append({"t": 4.11, "done": "", "rc": 0, "output": ""})
    s.deployment(4.12, "MODIFIED", 1, "NewReplicaSetAvailable", False)
    s.pod(4.13, "ADDED", "web-a-3", "Pending")
    s.pod(4.7, "MODIFIED", "web-a-3", "Running", ready=True)
    s.deployment(4.71, "MODIFIED", 2, "NewReplicaSetAvailable", True)
    s.pod(5.2, "DELETED", "web-a-2", "Succeeded", leaving=True)
    return s.lines


def recording(lines: list[Line]) -> Recording:
    return parse([json.dumps(line) for line in lines], "test")


def judge(change: Change | None = None, codes: tuple[int, ...] = (0, 0)) -> Report:
    """The report on a replay that did what the script says, changed by `change`."""
    lines = copy.deepcopy(script())
    if change:
        change(lines)
    replayed = recording(lines)
    finished = [Finished(code, "") for code in codes]
    return Judge("test", recording(script()), Outcome(replayed, finished, [])).report()


def objects(lines: list[Line], resource: str, name: str = "") -> list[Obj]:
    events = [line["event"]["object"] for line in lines if line.get("resource") == resource and "event" in line]
    return [obj for obj in events if name in obj["metadata"]["name"]]


def without(lines: list[Line], index: int, resource: str, name: str = "") -> None:
    """Drop the index-th event of the object."""
    doomed = objects(lines, resource, name)[index]
    lines[:] = [line for line in lines if not ("event" in line and line["event"]["object"] is doomed)]


def test_the_same_again_is_as_recorded() -> None:
    report = judge()
    assert report.ok, report.text()
    assert {one.label for one in report.objects} >= {"deployments/web", "replicasets/deployments/web[0]"}


def later(lines: list[Line]) -> None:
    for line in lines:
        line["t"] = line["t"] * 1.3 + 1


def merged(lines: list[Line]) -> None:
    without(lines, 1, "deployments")
    # The reason of the write that was merged away still has to appear: it comes with the next count.
    objects(lines, "deployments")[0]["status"]["conditions"][0]["reason"] = "NewReplicaSetCreated"
    first = copy.deepcopy(next(line for line in lines if line.get("resource") == "deployments" and "event" in line))
    first["event"]["object"]["status"]["conditions"][0]["reason"] = "ReplicaSetUpdated"
    first["t"] = 0.5
    lines.insert(8, first)


def other_sibling_first(lines: list[Line]) -> None:
    names = {"web-a-1": "web-a-2", "web-a-2": "web-a-1"}
    for obj in objects(lines, "pods", "web-a-"):
        if obj["status"]["phase"] == "Running" and not obj["metadata"].get("deletionTimestamp"):
            name = obj["metadata"]["name"]
            obj["metadata"]["name"] = names.get(name, name)
            obj["metadata"]["uid"] = "uid-" + obj["metadata"]["name"]


def pulled(lines: list[Line]) -> None:
    said = objects(lines, "events")[0]
    said["message"] = 'Successfully pulled image "nginx:1" in 1s (1s including waiting). Image size: 10000000 bytes.'


@pytest.mark.parametrize("change", [later, merged, other_sibling_first, pulled])
def test_chance_is_no_difference(change: Change) -> None:
    report = judge(change)
    assert report.ok, report.text()


def wrong_reason(lines: list[Line]) -> None:
    objects(lines, "deployments")[1]["status"]["conditions"][0]["reason"] = "Other"


def flapping(lines: list[Line]) -> None:
    objects(lines, "deployments")[3]["status"]["conditions"][1]["status"] = "True"


def wrong_end(lines: list[Line]) -> None:
    objects(lines, "deployments")[-1]["status"]["readyReplicas"] = 1


def out_of_range(lines: list[Line]) -> None:
    objects(lines, "deployments")[1]["status"]["replicas"] = 4


def another_generation(lines: list[Line]) -> None:
    objects(lines, "deployments")[2]["metadata"]["generation"] = 2


def never_settled(lines: list[Line]) -> None:
    for obj in objects(lines, "deployments")[2:3]:
        obj["status"]["updatedReplicas"] = 1


def pod_missing(lines: list[Line]) -> None:
    for _ in range(2):
        without(lines, 0, "pods", "web-a-3")


def pod_too_many(lines: list[Line]) -> None:
    s = Script()
    s._version = 90
    s.pod(4.2, "ADDED", "web-a-4", "Pending")
    lines.append(s.lines[0])


def never_deleted(lines: list[Line]) -> None:
    without(lines, -1, "pods", "web-a-2")


def never_ready(lines: list[Line]) -> None:
    without(lines, 1, "pods", "web-a-1")


def wrong_phase(lines: list[Line]) -> None:
    objects(lines, "pods", "web-a-1")[0]["status"]["phase"] = "Unknown"


def waits(lines: list[Line]) -> None:
    state = {"state": {"waiting": {"reason": "ErrImagePull"}}}
    objects(lines, "pods", "web-a-1")[0]["status"]["containerStatuses"] = [state]


def set_too_small(lines: list[Line]) -> None:
    objects(lines, "replicasets")[-1]["status"]["replicas"] = 1


def set_disowned(lines: list[Line]) -> None:
    objects(lines, "replicasets")[-1]["metadata"].pop("ownerReferences")


def event_missing(lines: list[Line]) -> None:
    for _ in range(2):
        without(lines, 0, "events")


def event_differs(lines: list[Line]) -> None:
    objects(lines, "events")[0]["reason"] = "Failed"


@pytest.mark.parametrize(
    "change",
    [
        wrong_reason,
        flapping,
        wrong_end,
        out_of_range,
        another_generation,
        never_settled,
        pod_missing,
        pod_too_many,
        never_deleted,
        never_ready,
        wrong_phase,
        waits,
        set_too_small,
        set_disowned,
        event_missing,
        event_differs,
    ],
)
def test_what_matters_is_a_difference(change: Change) -> None:
    report = judge(change)
    assert not report.ok
    assert any(one.differences for one in report.objects)
    assert "differs" in report.text()


def test_another_exit_code_is_a_difference() -> None:
    assert "exit code 1 instead of 0" in judge(codes=(0, 1)).text()


def test_a_recorded_kind_that_is_not_compared_is_a_difference() -> None:
    s = Script()
    s.listed("leases")
    s.event(0.5, "leases", "ADDED", "one")
    lines = [*script(), *s.lines]
    both = recording(lines), recording(copy.deepcopy(lines))
    report = Judge("test", both[0], Outcome(both[1], [Finished(0, "")] * 2, [])).report()
    assert report.problems == ["leases were recorded and are not compared"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["not json"], "line 1 is not JSON"),
        (["[]"], "line 1 is not a JSON object"),
        (['{"t": 0, "resource": "pods", "event": {}}'], "line 1 is not a line of a recording"),
        (['{"t": 0, "resource": "pods", "list": {}}'], "has no lists or no actions"),
    ],
)
def test_what_is_no_recording_is_refused(lines: list[str], said: str) -> None:
    with pytest.raises(TraceError, match=said):
        parse(lines, "file")


def test_images_that_were_there_before_are_found() -> None:
    image = "docker.io/library/nginx:1"
    nodes = ["node-1", "node-2"]
    assert images_at_hand(recording(script()), nodes) == {"node-1": [image], "node-2": [image]}
    s = Script()
    s.said(3, "web-a-9", "Pulling", 'Pulling image "nginx:1"')
    s.lines[0]["event"]["object"]["source"]["host"] = "node-2"
    assert images_at_hand(recording([*script(), *s.lines]), nodes) == {"node-1": [image]}


@pytest.mark.parametrize(
    ("reason", "message", "expected"),
    [
        ("ScalingReplicaSet", "Scaled up replica set web-a from 0 to 3", "Scaled up replica set web-a"),
        ("Scheduled", "Successfully assigned n/web-a-x to node-1", "Successfully assigned"),
        ("SuccessfulCreate", "Created pod: web-a-x2x4z", "Created pod: web-a-…"),
        ("Failed", "Error: ErrImagePull", "Error: ErrImagePull"),
    ],
)
def test_chance_is_left_out_of_messages(reason: str, message: str, expected: str) -> None:
    assert plain(reason, message) == expected


def story(name: str, *steps: tuple[float, str, str]) -> Story:
    """A Pod's story of (seconds, phase, deletion)."""
    states = [(at, {"pod": {"phase": phase, "deletion": deletion}}) for at, phase, deletion in steps]
    return tell(Track("pods", name, name, gone=steps[-1][0] + 0.1), states, name, 9.0)


def test_a_pod_deleted_while_it_starts_may_have_come_further() -> None:
    early = story("a", (1.0, "Pending", ""), (1.4, "Pending", "asked for"), (2.4, "Failed", "now"))
    late = story(
        "b", (1.0, "Pending", ""), (1.5, "Running", ""), (1.6, "Running", "asked for"), (2.6, "Succeeded", "now")
    )
    grown = story(
        "c", (1.0, "Pending", ""), (1.5, "Running", ""), (4.6, "Running", "asked for"), (5.6, "Succeeded", "now")
    )
    other = story("d", (1.0, "Unknown", ""), (1.4, "Pending", "asked for"), (2.4, "Failed", "now"))
    pods = KINDS["pods"]
    assert compare(early, late, pods) == []
    assert compare(late, early, pods) == []
    assert compare(early, grown, pods)
    assert compare(early, other, pods)
