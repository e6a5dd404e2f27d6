from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.core.model import Assessment, Verdict
from dashboard.core.verdict import assess
from dashboard.live import judging
from dashboard.live.board import Board
from dashboard.live.query import Query
from tests.live.boards import a_board, ids, listed, put
from tests.live.factory import (
    DEPLOYMENT,
    EVENT,
    NODE,
    NOW,
    POD,
    WIDGET,
    Clock,
    Obj,
    deployment,
    event,
    pod,
    widget,
)

WEB, RS = "apps/Deployment/shop/web", "apps/ReplicaSet/shop/web-1"
HPA_ID = "autoscaling/HorizontalPodAutoscaler/shop/web"


def test_a_list_puts_rows_and_another_list_removes_what_was_not_in_it() -> None:
    board = a_board()
    listed(board, POD, pod("a"), pod("b"))
    assert board.tick(NOW) == {"core/Pod/shop/a", "core/Pod/shop/b"}
    assert board.revision == 1
    listed(board, POD, pod("b"), pod("c"))
    assert board.tick(NOW) == {"core/Pod/shop/a", "core/Pod/shop/c"}
    assert {row.name for row in board.rows()} == {"b", "c"}


def test_a_list_that_never_ended_removes_nothing() -> None:
    board = a_board()
    listed(board, POD, pod("a"), pod("b"))
    board.begin(POD)
    board.page(POD, [pod("b")])
    assert len(board) == 2
    listed(board, POD, pod("b"))
    assert len(board) == 1


def test_a_list_of_one_kind_leaves_others_alone() -> None:
    board = a_board()
    listed(board, DEPLOYMENT, deployment("web"))
    listed(board, POD)
    assert board.row(WEB) is not None
    board.drop(POD)
    assert board.row(WEB) is not None
    board.drop(DEPLOYMENT)
    assert board.row(WEB) is None


def test_nothing_new_is_no_change() -> None:
    board = a_board()
    put(board, DEPLOYMENT, deployment("web"))
    board.tick(NOW)
    put(board, DEPLOYMENT, deployment("web", version=2))
    assert board.tick(NOW) == frozenset()
    assert board.revision == 1


@pytest.mark.parametrize(("version", "taken"), [(4, False), (5, True), (6, True)])
def test_a_watch_that_repeats_what_is_known_does_not_go_back(version: int, taken: bool) -> None:
    board = a_board()
    put(board, POD, pod("a", version=5))
    board.apply(POD, "MODIFIED", pod("a", version=version, state="starting"))
    row = board.row("core/Pod/shop/a")
    assert row is not None
    assert (row.verdict is Verdict.CONVERGING) is taken


def test_a_stale_deletion_is_ignored_and_a_list_overrules_any_version() -> None:
    board = a_board()
    put(board, POD, pod("a", version=5))
    board.apply(POD, "DELETED", pod("a", version=4))
    assert len(board) == 1
    listed(board, POD, pod("a", version=2, state="starting"))  # a backup was restored
    row = board.row("core/Pod/shop/a")
    assert row is not None
    assert row.verdict is Verdict.CONVERGING
    board.apply(POD, "DELETED", pod("a", version=9))
    assert len(board) == 0


def test_time_alone_changes_an_answer_once_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(obj: Obj, now: float, related: Any = (), **kwargs: Any) -> Assessment:
        """A rule of this test's own: what has not converged within a minute has stalled."""
        found = assess(obj, now, related, **kwargs)
        if found.verdict is not Verdict.CONVERGING:
            return found
        due = NOW + 60
        verdict = Verdict.STALLED if now >= due else Verdict.CONVERGING
        return replace(found, verdict=verdict, recheck_at=None if now >= due else due)

    monkeypatch.setattr(judging, "assess", strict)
    board = a_board()
    put(board, POD, pod("a", state="starting"), pod("b", state="starting"))
    board.tick(NOW)
    assert board.next_due == NOW + 60
    put(board, POD, pod("b", version=2))
    assert board.tick(NOW + 59) == {"core/Pod/shop/b"}
    assert board.tick(NOW + 60) == {"core/Pod/shop/a"}
    assert ids(board, verdict="stalled") == ["core/Pod/shop/a"]
    assert board.next_due is None


def test_what_says_no_time_gets_the_time_at_which_it_was_seen_to_begin() -> None:
    clock = Clock()
    board = Board(clock)
    silent = widget("w", ready=True)
    put(board, WIDGET, silent)
    silent = widget("w", ready=False, version=2)
    silent["status"]["conditions"][0].pop("lastTransitionTime")
    silent["metadata"].pop("creationTimestamp")
    clock.now = NOW + 60
    put(board, WIDGET, silent)
    first = board.row("example.com/Widget/shop/w")
    clock.now = NOW + 90
    silent["metadata"]["resourceVersion"] = "3"
    put(board, WIDGET, silent)
    second = board.row("example.com/Widget/shop/w")
    assert first is not None and second is not None
    assert first.since is not None
    assert second.since == first.since


def test_a_stretch_that_goes_on_is_not_begun_anew_by_a_renewed_condition() -> None:
    board = a_board()
    broken = widget("w", ready=False)
    put(board, WIDGET, broken)
    first = board.row("example.com/Widget/shop/w")
    broken = widget("w", ready=False, version=2)
    broken["status"]["conditions"][0]["lastTransitionTime"] = "2026-11-20T23:00:00Z"
    put(board, WIDGET, broken)
    second = board.row("example.com/Widget/shop/w")
    assert first is not None and second is not None
    assert second.verdict is first.verdict is not Verdict.CONVERGED
    assert second.since == first.since is not None


def test_a_new_stretch_begins_after_the_last_one_was_seen_to_end() -> None:
    clock = Clock()
    board = Board(clock)
    begun: dict[int, float | None] = {}
    for version, ready in enumerate((2, 3, 2), start=1):
        clock.now = NOW + 60 * version
        put(board, DEPLOYMENT, deployment(want=3, ready=ready, version=version))
        row = board.row(WEB)
        assert row is not None
        begun[version] = row.since
    assert begun[3] == NOW + 180


def test_what_was_seen_to_converge_has_done_so_then_however_old_its_conditions_are() -> None:
    clock = Clock()
    board = Board(clock)

    def since(version: int, seconds: float, ready: int) -> float | None:
        clock.now = NOW + seconds
        put(board, DEPLOYMENT, deployment(want=3, ready=ready, version=version))
        row = board.row(WEB)
        assert row is not None
        assert (row.verdict is Verdict.CONVERGED) is (ready == 3)
        return row.since

    published = since(1, 0, 3)
    assert published is not None and published < NOW
    since(2, 60, 2)
    assert since(3, 90, 3) == NOW + 90
    assert since(4, 95, 3) == NOW + 90


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"metadata": None},
        {"metadata": []},
        {"apiVersion": 1, "kind": 2, "metadata": {"name": 3}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": ""}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "\ud800"}},  # not a text that can be written anywhere
    ],
)
def test_what_has_no_name_is_counted_and_left_out(bad: Any) -> None:
    board = a_board()
    listed(board, POD, bad, pod("a"))
    board.apply(POD, "MODIFIED", bad)
    board.apply(POD, "DELETED", bad)
    assert len(board) == 1
    assert board.refused == 2


@pytest.mark.parametrize(
    "part",
    [
        {"spec": None},
        {"status": "x"},
        {"status": {"containerStatuses": 5, "conditions": {"a": 1}}},
        {"spec": {"replicas": 10**30, "containers": "\ud800"}},
        {"metadata": {"name": "a", "ownerReferences": [None, 5, {"controller": True, "uid": [], "kind": {}}]}},
        {"metadata": {"name": "a", "uid": {}, "resourceVersion": [], "labels": [], "annotations": 5}},
        {"metadata": {"name": "a", "resourceVersion": "9" * 400, "creationTimestamp": "yesterday"}},
        {"status": {"deep": [[[[]]]] * 3}},
    ],
)
@pytest.mark.parametrize("make", [pod, deployment, widget])
def test_a_malformed_object_never_breaks_the_board(part: Obj, make: Any) -> None:
    board = a_board()
    obj = make("a") | part
    put(board, POD, obj)
    put(board, POD, obj)
    board.tick(NOW)
    window = board.select(Query())
    assert window.objects == 1
    board.chain(window.rows[0].id)
    board.apply(POD, "DELETED", obj)
    assert len(board) == 0


def test_events_keep_the_newest_of_each_reason() -> None:
    board = a_board()
    child = pod("a")
    put(board, POD, child)
    put(board, EVENT, event("e1", child, "BackOff", last="2026-11-20T09:00:00Z"))
    put(board, EVENT, event("e2", child, "BackOff", last="2026-11-20T09:10:00Z"))
    put(board, EVENT, event("e3", child, "BackOff", last="2026-11-20T09:05:00Z"))
    put(board, EVENT, event("e4", child, "Pulled", last="2026-11-20T09:20:00Z"))
    assert [note.reason for note in board.events("core/Pod/shop/a")] == ["Pulled", "BackOff"]
    assert board.events("core/Pod/shop/a")[1].last == NOW - 50 * 60
    assert len(board) == 1  # Events are no rows


def test_events_of_an_earlier_object_of_that_name_are_left_out_and_gone_events_go() -> None:
    board = a_board()
    child = pod("a")
    put(board, EVENT, event("e1", child))
    put(board, POD, child)
    assert len(board.events("core/Pod/shop/a")) == 1
    board.apply(POD, "ADDED", pod("a", uid="another", version=2))
    assert board.events("core/Pod/shop/a") == ()
    board.apply(POD, "ADDED", pod("a", version=3))
    listed(board, EVENT)
    assert board.events("core/Pod/shop/a") == ()


def test_a_pin_keeps_the_newest_whole_object_while_it_is_held() -> None:
    board = a_board()
    board.pin("core/Pod/shop/a")
    board.pin("core/Pod/shop/a")
    first, second = pod("a"), pod("a", version=2)
    board.fetched("core/Pod/shop/a", first)
    assert board.pinned("core/Pod/shop/a") is first
    put(board, POD, second)
    assert board.pinned("core/Pod/shop/a") is second
    board.fetched("core/Pod/shop/a", first)  # a slow answer to an early question
    assert board.pinned("core/Pod/shop/a") is second
    assert board.touched() == {"core/Pod/shop/a"}
    board.unpin("core/Pod/shop/a")
    assert board.pinned("core/Pod/shop/a") is second
    board.apply(POD, "DELETED", second)
    assert board.pinned("core/Pod/shop/a") is None
    board.unpin("core/Pod/shop/a")
    put(board, POD, first)
    assert board.pinned("core/Pod/shop/a") is None


def test_what_filters_can_offer() -> None:
    board = a_board()
    put(board, DEPLOYMENT, deployment("web"), deployment("api", namespace="back"))
    put(board, NODE, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "n"}})
    assert board.namespaces() == ("back", "shop")
    assert board.kinds() == ("Deployment", "Node")
    board.apply(DEPLOYMENT, "DELETED", deployment("api", namespace="back"))
    assert board.namespaces() == ("shop",)


def test_whoever_ticks_is_woken() -> None:
    board = a_board()
    woken: list[None] = []
    board.on_change = lambda: woken.append(None)
    put(board, POD, pod("a"))
    listed(board, POD, pod("b"))
    board.drop(POD)
    assert len(woken) >= 3


def test_a_kind_without_a_status_in_its_schema_is_judged_as_such() -> None:
    board = a_board()
    board.begin(replace(WIDGET, has_status=False))
    assert board.has_status("example.com", "Widget") is False
    assert board.has_status("", "Pod") is None


def test_windows_page_through_everything_once() -> None:
    board = a_board()
    for number in range(25):
        put(board, POD, pod(f"p{number:02}", state=("ready", "starting", "bad-image")[number % 3]))
    everything = [row.id for row in board.select(Query(), 0, 500).rows]
    paged = [row.id for start in range(0, 30, 7) for row in board.select(Query(), start, 7).rows]
    assert paged == everything
    assert len(set(everything)) == 25
    verdicts = [row.verdict for row in board.select(Query(), 0, 500).rows]
    assert verdicts == sorted(verdicts, key=list(Verdict).index)
    assert board.select(Query(verdict="stalled"), 0, 500).total == 8
    assert board.select(Query(), 1000, 10).rows == ()
