"""What real controllers write, told by watches that are not in step: the same episodes whoever comes first."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest

from dashboard.live.board import Board
from tests.live.factory import Obj
from tests.live.lives import T0, Life, autoscaler, condition, managed, pod, replicas, stamp
from tests.live.scripts import Script, bucket, calm, image, of_web, sets, web
from tests.live.test_traces import type_of


def two_edits_within_a_second() -> Script:
    script = calm()
    script.at(100.2, image(web(1, 1, generation=2, observed=1, spec_at=100, status_at=2), "i:2"))
    script.at(100.6, image(web(1, 1, generation=3, observed=1, spec_at=100, status_at=2), "i:3"))
    script.at(100.7, replicas("ReplicaSet", "web-3", 1, 0, owner=web(1, 1), made=100), type="ADDED")
    begun = image(web(1, 1, generation=3, spec_at=100, status_at=100), "i:3")
    begun["status"]["updatedReplicas"] = 0
    script.at(100.8, begun)
    script.at(102.4, image(web(1, 1, generation=3, spec_at=100, status_at=102), "i:3"))
    return script


def a_daemon_for_a_new_node() -> Script:
    def daemons(wanted: int, ready: int, status_at: float) -> Obj:
        obj = replicas("DaemonSet", "agent", 1, 1, status_at=status_at)
        counts = {"desiredNumberScheduled": wanted, "currentNumberScheduled": wanted, "updatedNumberScheduled": wanted}
        return obj | {
            "spec": {}, "status": {"observedGeneration": 1, **counts, "numberReady": ready, "numberAvailable": ready},
        }  # fmt: skip

    script = Script()
    script.at(60, daemons(1, 1, 5), pod("a", daemons(1, 1, 5), 0, started=1, ready=2), type="ADDED")
    script.at(100.1, daemons(2, 1, 100))
    script.at(100.2, pod("c", daemons(2, 1, 100), 100), type="ADDED")
    script.at(103.1, pod("c", daemons(2, 1, 100), 100, started=102, ready=103))
    script.at(103.2, daemons(2, 2, 103))
    return script


def a_pod_removed_by_force() -> Script:
    """The kubelet calls its replacement not ready a second after it was made: that is no loss."""
    script = calm()
    script.at(100.1, of_web("a", 1, started=1, ready=2), type="DELETED")
    script.at(100.2, of_web("b", 100), type="ADDED")
    script.at(100.3, web(1, 0, status_at=100, turned=100))
    unready = of_web("b", 100)
    unready["status"]["conditions"][1] = condition("Ready", False, 101)
    script.at(101.2, unready)
    script.at(103.1, of_web("b", 100, started=102, ready=103))
    script.at(103.3, web(1, 1, status_at=103, turned=103))
    return script


def a_status_that_is_no_subresource() -> Script:
    """Then the API counts a new generation for whatever an operator writes."""
    script, own = Script(), {"made": 10, "subresource": ""}
    script.at(10.1, bucket(1, 1, spec_at=10, **own), type="ADDED")
    script.at(11.1, bucket(2, 1, spec_at=10, status_at=11, phase="Creating", **own))
    script.at(13.1, bucket(3, 1, spec_at=10, status_at=13, phase="Ready", **own))
    script.at(50.1, bucket(4, 2, spec_at=50, status_at=13, phase="Ready", **own))
    script.at(51.1, bucket(5, 2, spec_at=50, status_at=51, phase="Updating", **own))
    script.at(55.1, bucket(6, 2, spec_at=50, status_at=55, phase="Ready", **own))
    return script


def an_operator_that_never_says_what_it_has_seen() -> Script:
    """Its condition stays True for a moment after the edit; much later it breaks by itself."""

    def ready(true: bool, turned: float, size: int = 2) -> Obj:
        said = [condition("Ready", true, turned, "Creating")]
        return bucket(1 if size == 1 else 2, size, spec_at=0 if size == 1 else 100, status_at=turned, conditions=said)

    script = Script()
    script.at(60, ready(True, 5, size=1), type="ADDED")
    script.at(100.1, ready(True, 5))
    for began in (101, 300):
        script.at(began + 0.1, ready(False, began))
        script.at(began + 5.1, ready(True, began + 5))
    return script


def conditions_that_say_which_generation_they_describe() -> Script:
    def gateway(generation: int, seen: int, true: bool, turned: float) -> Obj:
        said = [condition(name, true, turned, "Pending") | {"observedGeneration": seen} for name in ("Ready", "Synced")]
        return bucket(generation, generation, spec_at=100 * (generation - 1), status_at=turned, conditions=said)

    script = Script()
    script.at(60, gateway(1, 1, True, 5), type="ADDED")
    script.at(100.1, gateway(2, 1, True, 5))
    script.at(102.1, gateway(2, 2, False, 102))
    script.at(105.1, gateway(2, 2, True, 105))
    return script


def an_autoscaler_whose_least_is_raised() -> Script:
    def scaler(current: int, desired: int, least: int, *, decided: float | None, status_at: float) -> Obj:
        obj = autoscaler(current, desired, decided=decided, status_at=status_at)
        obj["metadata"]["managedFields"][0] = managed("kubectl-edit", 100 if least > 2 else 0, "f:spec")
        obj["spec"]["minReplicas"] = least
        return obj

    script = Script()
    script.at(60, scaler(2, 2, 2, decided=None, status_at=15), type="ADDED")
    script.at(100.1, scaler(2, 2, 4, decided=None, status_at=15))
    script.at(112.1, scaler(2, 4, 4, decided=112, status_at=112))
    script.at(127.1, scaler(4, 4, 4, decided=112, status_at=127))
    return script


def a_node_whose_clock_is_an_hour_ahead() -> Script:
    script = calm()
    script.at(100.2, web(2, 1, generation=2, observed=1, spec_at=100, status_at=2))
    script.at(100.3, of_web("b", 100), type="ADDED")
    script.at(100.4, web(2, 1, generation=2, spec_at=100, status_at=100))
    script.at(102.1, of_web("b", 100, started=3702, ready=3702))
    script.at(102.3, web(2, 2, generation=2, spec_at=100, status_at=102, turned=102))
    return script


def restarts_of_long_ago() -> Script:
    """They hold no later change back."""
    script = Script()
    script.at(30, web(1, 1), sets(), of_web("a", 1, started=1, ready=2), type="ADDED")
    script.at(40.1, of_web("a", 1, crashed=[40], waits="CrashLoopBackOff"))
    script.at(40.2, web(1, 0, status_at=40, turned=40))
    script.at(50.1, of_web("a", 1, started=50, ready=50, crashed=[40]))
    script.at(50.2, web(1, 1, status_at=50, turned=50))
    script.at(100.1, web(2, 1, generation=2, observed=1, spec_at=100, status_at=50, turned=50))
    script.at(100.2, of_web("b", 100), type="ADDED")
    script.at(102.1, of_web("b", 100, started=102, ready=102))
    script.at(102.2, web(2, 2, generation=2, spec_at=100, status_at=102, turned=50))
    return script


def no_progress_within_the_deadline() -> Script:
    def stuck(generation: int, seen: int, spec_at: float, **about: Any) -> Obj:
        obj = image(web(1, 1, generation=generation, observed=seen, spec_at=spec_at, **about), f"i:{generation}")
        obj["status"] |= {"updatedReplicas": 1, "replicas": 2}
        late = condition("Progressing", False, 700, "ProgressDeadlineExceeded")
        obj["status"]["conditions"][1] = late if about["status_at"] >= 700 and seen == 2 else condition(
            "Progressing", True, spec_at, "ReplicaSetUpdated"
        )  # fmt: skip
        return obj

    script = calm()
    script.at(100.2, stuck(2, 1, 100, status_at=2))
    script.at(100.4, stuck(2, 2, 100, status_at=100))
    script.at(700.5, stuck(2, 2, 100, status_at=700))
    script.at(800.1, stuck(3, 2, 800, status_at=700))
    script.at(800.4, stuck(3, 3, 800, status_at=800))
    script.at(803.1, image(web(1, 1, generation=3, spec_at=800, status_at=803), "i:3"))
    return script


def image_of(before: str, after: str) -> str:
    return f'[spec.template.spec.containers[name="c"].image {before} > {after}]'


TOLD: dict[Callable[[], Script], list[str]] = {
    two_edits_within_a_second: [
        f"change 100 superseded 100: accepted+0 {image_of('i:1', 'i:2')}",
        f"change 100 converged 102: accepted+0 observed+0 replicaset+0 converged+2 {image_of('i:2', 'i:3')}",
    ],
    a_daemon_for_a_new_node: [
        "loss 100 converged 103: lost+0 created+0 scheduled+0 started+2 ready+3 converged+3 []",
    ],
    a_pod_removed_by_force: [
        "loss 100 converged 103: lost+0 created+0 scheduled+0 started+2 ready+3 converged+3 []",
    ],
    a_status_that_is_no_subresource: [
        "change 10 converged 13: accepted+0 converged+3 []",
        "change 50 converged 55: accepted+0 converged+5 [spec.size 1 > 2]",
    ],
    an_operator_that_never_says_what_it_has_seen: [
        "change 100 converged 106: accepted+0 Ready+6 converged+6 [spec.size 1 > 2]",
        "loss 300 converged 305: lost+0 Ready+5 converged+5 []",
    ],
    conditions_that_say_which_generation_they_describe: [
        "change 100 converged 105: accepted+0 observed+2 Ready+5 Synced+5 converged+5 [spec.size 1 > 2]",
    ],
    an_autoscaler_whose_least_is_raised: [
        "change 100 converged 127: accepted+0 decided+12 converged+27"
        " [status.desiredReplicas 2 > 4; spec.minReplicas 2 > 4]",
    ],
    a_node_whose_clock_is_an_hour_ahead: [
        "change 100 converged 102: accepted+0 observed+0 created+0 scheduled+0 converged+2 [spec.replicas 1 > 2]",
    ],
    restarts_of_long_ago: [
        "loss 40 stalled 40: lost+0 started+10 ready+10 converged+10 recovered 50 []",
        "change 100 converged 102: accepted+0 observed+0 created+0 scheduled+0 started+2 ready+2 converged+2"
        " [spec.replicas 1 > 2]",
    ],
    no_progress_within_the_deadline: [
        f"change 100 stalled 700: accepted+0 observed+0 {image_of('i:1', 'i:2')}",
        f"change 800 converged 803: accepted+0 observed+0 converged+3 {image_of('i:2', 'i:3')}",
    ],
}  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("situation", TOLD, ids=lambda situation: situation.__name__)
def test_what_happened_is_told_the_same_whichever_watch_is_late(situation: Callable[[], Script], seed: int) -> None:
    script = situation()
    draw = random.Random(seed)
    late = {kind: draw.random() * 0.9 if seed else 0.0 for kind in sorted({obj["kind"] for _, _, obj in script.lines})}
    assert script.told(late) == TOLD[situation]


@pytest.mark.parametrize("late", [0.0, 0.9])
def test_what_an_old_pod_does_on_its_way_out_does_not_date_convergence(late: float) -> None:
    script = calm()
    begun = image(web(1, 1, generation=2, spec_at=100, status_at=100), "i:2")
    begun["status"] |= {"updatedReplicas": 0}
    script.at(100.2, begun)
    script.at(100.3, of_web("b", 100), type="ADDED")
    script.at(102.1, of_web("b", 100, started=101, ready=102))
    going = of_web("a", 1, started=1, failed=103)
    going["metadata"] |= {"deletionTimestamp": stamp(132), "deletionGracePeriodSeconds": 30}
    script.at(102.3, image(web(1, 1, generation=2, spec_at=100, status_at=102), "i:2"))
    script.at(103.1, going)
    (line,) = script.told({"Deployment": late})
    assert line.startswith("change 100 converged 102: ")


@pytest.mark.parametrize("restarted", [False, True])
def test_steps_that_only_another_list_tells_of_are_told(restarted: bool) -> None:
    """The watch was cut off while a Pod started; perhaps the process began anew meanwhile."""
    life = Life(60)
    life.at(60, web(1, 1), sets(), of_web("a", 1, started=1, ready=2), type="ADDED")
    life.at(100.1, web(2, 1, generation=2, observed=1, spec_at=100, status_at=2))
    life.at(100.2, of_web("b", 100), type="ADDED")
    life.at(100.4, web(2, 1, generation=2, spec_at=100, status_at=100))
    board, after = life.board, life
    if restarted:
        after = Life(101)
        after.recorder.resume(life.episodes)
        board = after.board
    after.at(110)
    final = [web(2, 2, generation=2, spec_at=100, status_at=104), sets(), of_web("a", 1, started=1, ready=2)]
    _list(board, [*final, of_web("b", 100, started=103, ready=104)])
    after.at(140)
    assert after.lines() == [
        "change 100 converged 104: accepted+0 observed+0 created+0 scheduled+0 started+3 ready+4 converged+4"
    ]


def test_versions_that_come_all_at_once_are_dated_as_if_they_had_come_one_by_one() -> None:
    """A watch that was silent for a while catches up."""
    life = Life(60)
    life.at(60, bucket(1, 1, observedGeneration=1, conditions=[condition("Ready", True, 5)]), type="ADDED")
    for seen, written in ((1, 5), (2, 101), (2, 105), (2, 109)):
        said = [condition("Ready", written in (5, 109), written, "Creating")]
        life.board.apply(
            *_modified(bucket(2, 2, spec_at=100, status_at=written, observedGeneration=seen, conditions=said), written)
        )
        if written == 5:
            life.at(111)
    life.at(140)
    assert life.lines() == ["change 100 converged 109: accepted+0 observed+1 Ready+9 converged+9"]


def _modified(obj: Obj, version: int) -> tuple[Any, str, Obj]:
    obj["metadata"]["resourceVersion"] = str(version)
    return type_of(obj), "MODIFIED", obj


def _list(board: Board, objects: list[Obj]) -> None:
    for version, obj in enumerate(objects, 100):
        obj["metadata"]["resourceVersion"] = str(version)
    for kind in ("Deployment", "ReplicaSet", "Pod"):
        found = [obj for obj in objects if obj["kind"] == kind]
        board.begin(type_of(found[0]))
        board.page(type_of(found[0]), found)
        board.end(type_of(found[0]))


def test_the_same_lines_told_twice_tell_nothing_new() -> None:
    script = two_edits_within_a_second()
    life = Life(60)
    for _ in range(2):
        for version, (at, type, obj) in enumerate(script.lines, 1):
            life.at(at)
            obj["metadata"]["resourceVersion"] = str(version)
            life.board.apply(type_of(obj), type, copy.deepcopy(obj))
            life.board.tick(life.clock.now)
    life.at(150)
    assert [line.partition(":")[0] for line in life.lines()] == [
        "change 100 superseded 100", "change 100 converged 102",
    ]  # fmt: skip


def test_an_object_of_the_same_name_that_came_while_nobody_watched_is_another() -> None:
    before = Life(60)
    before.at(60, bucket(1, 1, conditions=[condition("Ready", False, 60, "Creating")]), type="ADDED")
    (begun,) = before.episodes
    after = Life(200)
    after.recorder.resume([begun])
    new = bucket(1, 1, made=150, spec_at=150, status_at=150, conditions=[condition("Ready", False, 150, "Creating")])
    new["metadata"]["uid"] = "another"
    after.at(200, new, type="ADDED")
    old, now = after.episodes
    assert (old.key, old.ended, old.reason) == (begun.key, "superseded", "Deleted")
    assert (now.uid, now.opened, now.ended) == ("another", T0 + 150, None)
