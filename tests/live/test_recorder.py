"""The recorder: whom it follows, what it tells and how often, and what it still knows afterwards."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from dashboard.core.marks import Marks
from dashboard.core.model import Ended, Verdict
from dashboard.live.board import Board
from dashboard.live.marked import Marked
from dashboard.live.recorder import KEPT, TELL
from tests.live.factory import Clock, Obj
from tests.live.lives import T0, Life, claim, pod, replicas, stamp, thing
from tests.live.test_traces import type_of

WEB = "apps/Deployment/shop/web"


def web(want: int, ready: int, *, generation: int = 1, observed: int | None = None, spec_at: float = 0,
        status_at: float = 0, turned: float = 0) -> Obj:  # fmt: skip
    return replicas(
        "Deployment", "web", want, ready, generation=generation, observed=observed, spec_at=spec_at,
        status_at=status_at, turned=turned,
    )  # fmt: skip


def sets(want: int, ready: int, *, turned: float = 0) -> Obj:
    return replicas("ReplicaSet", "web-1", want, ready, owner=web(1, 1), turned=turned)


def calm(began: float = 60) -> Life:
    """A Deployment of one Pod that has long been as it should be."""
    life = Life(began)
    life.at(began, web(1, 1), sets(1, 1), pod("a", sets(1, 1), 1, started=1, ready=2), type="ADDED")
    return life


def test_marks_of_a_pod_that_is_told_before_its_owners_are_not_lost() -> None:
    life = Life()
    life.at(1, pod("a", sets(1, 0), 0, started=1, ready=1), type="ADDED")
    life.at(2, sets(1, 1, turned=1), type="ADDED")
    life.at(3, web(1, 0, status_at=0), type="ADDED")
    life.at(4, web(1, 1, status_at=1, turned=1))
    life.at(20)
    assert life.lines() == [
        "change 0 converged 1: accepted+0 observed+0 replicaset+0 created+0 scheduled+0 started+1 ready+1 converged+1"
    ]
    assert {hop.name: hop.object for hop in life.episodes[0].hops}["started"] == "core/Pod/shop/a"


def test_a_pod_with_an_owner_has_no_episode_and_one_by_itself_has() -> None:
    life = Life()
    life.at(0, web(1, 0), sets(1, 0), pod("owned", sets(1, 0), 0), pod("alone", None, 0), type="ADDED")
    assert sorted({each.object for each in life.episodes}) == [WEB, "core/Pod/shop/alone"]


def test_a_loss_is_dated_by_the_pod_whichever_watch_told_first() -> None:
    def lost(pod_first: bool) -> list[str]:
        life = calm()
        going = pod("a", sets(1, 1), 1, started=1, ready=2)
        going["metadata"] |= {"deletionTimestamp": stamp(130), "deletionGracePeriodSeconds": 30}
        unready = web(1, 0, status_at=100, turned=0)
        life.at(100.7, going if pod_first else unready)
        life.at(101.4, unready if pod_first else going)
        life.at(102, pod("b", sets(1, 0), 100, started=101, ready=101), type="ADDED")
        life.at(103, web(1, 1, status_at=101, turned=101))
        life.at(120)
        return life.lines()

    assert lost(pod_first=True) == [
        "loss 100 converged 101: lost+0 ending+0 created+0 scheduled+0 started+1 ready+1 converged+1"
    ]
    assert lost(pod_first=False) == lost(pod_first=True)


def test_a_scale_that_the_api_does_not_date_is_dated_by_what_it_caused() -> None:
    life = calm()
    undated = web(2, 1, generation=2, observed=1, spec_at=0, status_at=10)
    life.at(100.9, undated)
    assert life.episodes[0].opened == T0 + 100
    late = calm()
    late.at(101.3, undated)
    late.at(101.8, web(2, 1, generation=2, spec_at=0, status_at=100))
    late.at(102, pod("b", sets(2, 1), 100), type="ADDED")
    late.at(103)
    (episode,) = late.episodes
    assert episode.opened == T0 + 100
    assert [(hop.name, hop.at - T0) for hop in episode.hops][:3] == [
        ("accepted", 100), ("observed", 100), ("created", 100),
    ]  # fmt: skip


def test_nothing_is_caused_before_it_is_observed() -> None:
    """The status that says so may be written in a later second than the ReplicaSet was made."""
    life = Life()
    life.at(0.2, web(1, 0, observed=0), sets(1, 0), type="ADDED")
    life.at(1.1, web(1, 0, status_at=1))
    assert [(hop.name, hop.at - T0) for hop in life.episodes[0].hops] == [
        ("accepted", 0), ("observed", 0), ("replicaset", 0),
    ]  # fmt: skip


def test_a_deployment_whose_pod_crashes_again_and_again_stalls_once_and_recovers_once() -> None:
    life = calm()
    ended: list[Ended | None] = []
    crashes: list[float] = []
    for round_ in range(5):
        at = 100 + 20.0 * round_
        crashes.append(at)
        life.at(at, pod("a", sets(1, 0), 1, crashed=crashes, waits="CrashLoopBackOff"), web(1, 0, turned=at))
        life.at(at + 10, pod("a", sets(1, 1), 1, started=at + 10, ready=at + 10, crashed=crashes))
        life.at(at + 10, web(1, 1, turned=at + 10))
        ended += [each.ended for each in life.episodes]
    (episode,) = life.episodes
    assert (episode.kind, episode.ended, episode.recovered) == ("loss", Ended.STALLED, None)
    life.at(300)
    (episode,) = life.episodes
    assert episode.recovered is not None
    assert Ended.CONVERGED not in ended


def test_an_open_episode_is_told_at_most_so_often_and_each_turn_at_once() -> None:
    life = Life()
    life.at(0, web(30, 0), type="ADDED")
    for place in range(1, 30):
        life.at(place * 0.1, web(30, place, status_at=place * 0.1))
    life.at(3, web(30, 30, status_at=3, turned=3))
    at = [second for second, each in life.told if each.closed is None]
    assert len(at) > 3
    assert all(later - earlier >= TELL - 1e-6 for earlier, later in pairwise(at))
    second, closed = life.told[-1]
    assert (second, closed.ended) == (3.0, Ended.CONVERGED)
    assert [each.ready for each in closed.samples] == list(range(31))


def test_the_last_of_an_episode_is_told_though_another_takes_its_place_just_then() -> None:
    life = Life()
    life.at(0, pod("alone", None, 0), type="ADDED")
    life.at(1, pod("alone", None, 0, started=1, ready=1))
    life.at(1.1, pulled("alone", 1))
    life.at(1.3, pod("alone", None, 0, crashed=[1.2]))
    first = life.episodes[0]
    assert first.ended is Ended.CONVERGED
    assert ("pulled", T0 + 1) in [(hop.name, hop.at) for hop in first.hops]


def pulled(name: str, at: float, event: str = "e1") -> Obj:
    about = {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": name, "uid": f"uid-Pod-{name}"}
    times = {"firstTimestamp": stamp(at), "lastTimestamp": stamp(at), "count": 1}
    event_ = thing("v1", "Event", event, made=at)
    return event_ | {"involvedObject": about, "type": "Normal", "reason": "Pulled", "message": "it is there"} | times


def test_a_closed_episode_is_shown_for_ten_minutes() -> None:
    life = Life()
    life.at(0, claim("1Gi", None), type="ADDED")
    life.at(2, claim("1Gi", "1Gi", status_at=2))
    id = "core/PersistentVolumeClaim/shop/data"
    life.at(300)
    kept = life.board.episode(id)
    assert kept is not None
    assert kept.ended is Ended.CONVERGED
    life.clock.now = T0 + 20 + KEPT
    life.board.tick(life.clock.now)
    assert life.board.episode(id) is None


def test_an_open_episode_is_gone_on_with_by_whoever_watches_next() -> None:
    before = calm()
    before.at(100, web(3, 1, generation=2, observed=1, spec_at=100, status_at=2))
    (begun,) = before.episodes
    after = Life(105)
    after.recorder.resume([begun])
    after.at(105, web(3, 2, generation=2, spec_at=100, status_at=104), type="ADDED")
    after.at(107, web(3, 3, generation=2, spec_at=100, status_at=107, turned=107))
    after.at(130)
    (episode,) = after.episodes
    assert (episode.key, episode.opened, episode.ended, episode.closed) == (
        begun.key, begun.opened, Ended.CONVERGED, T0 + 107,
    )  # fmt: skip
    assert episode.changes == begun.changes != ()


def test_an_episode_that_ended_while_nobody_watched_is_closed_by_whoever_watches_next() -> None:
    before = calm()
    before.at(100, web(3, 1, generation=2, observed=1, spec_at=100, status_at=2))
    (begun,) = before.episodes
    after = Life(200)
    after.recorder.resume([begun])
    after.at(200, web(3, 3, generation=2, spec_at=100, status_at=107, turned=107), type="ADDED")
    after.at(230)
    (episode,) = after.episodes
    assert (episode.key, episode.ended, episode.closed) == (begun.key, Ended.CONVERGED, T0 + 107)


def test_a_young_pod_s_loss_stays_dated_as_it_was_when_it_is_resumed() -> None:
    begun = Life()
    begun.at(0, pod("alone", None, 0), type="ADDED")
    begun.at(1, pod("alone", None, 0, started=1, ready=1))
    begun.at(2.2, pod("alone", None, 0, started=1, crashed=[2]))
    loss = begun.episodes[-1]
    after = Life(3)
    after.recorder.resume([loss])
    after.at(3.2, pod("alone", None, 0, started=3, ready=3, crashed=[2]), type="ADDED")
    after.at(40)
    (episode,) = after.episodes
    assert (loss.kind, episode.key, episode.opened) == ("loss", loss.key, T0 + 2)


def test_a_stalled_one_that_is_resumed_still_recovers() -> None:
    stalled = Life()
    lone = pod("alone", None, 0, waits="ImagePullBackOff")
    stalled.at(0, lone, type="ADDED")
    stalled.at(20)
    (begun,) = stalled.episodes
    assert begun.ended is Ended.STALLED
    after = Life(30)
    after.recorder.resume([begun])
    after.at(30, pod("alone", None, 0, started=29, ready=30), type="ADDED")
    after.at(80)
    (episode,) = after.episodes
    assert (episode.key, episode.ended, episode.recovered) == (begun.key, Ended.STALLED, T0 + 30)


def test_what_is_resumed_late_takes_in_what_was_calm_already() -> None:
    stalled = Life()
    stalled.at(0, pod("alone", None, 0, waits="ImagePullBackOff"), type="ADDED")
    stalled.at(20)
    (begun,) = stalled.episodes
    after = Life(30)
    after.recorder.expect()
    after.at(30, pod("alone", None, 0, started=29, ready=30), type="ADDED")
    after.at(40)
    after.recorder.resume([begun])
    after.at(80)
    (episode,) = after.episodes
    assert (episode.key, episode.ended, episode.recovered) == (begun.key, Ended.STALLED, T0 + 30)


def test_an_object_that_goes_while_its_episode_is_open_closes_it() -> None:
    life = Life()
    gone = web(2, 0)
    life.at(0, gone, type="ADDED")
    life.at(5, gone, type="DELETED")
    (episode,) = life.episodes
    assert (episode.ended, episode.reason, episode.closed) == (Ended.SUPERSEDED, "Deleted", T0 + 5)
    life.at(60)
    assert len(life.episodes) == 1
    assert life.recorder.open() == ()


def test_a_new_object_of_an_old_name_has_an_episode_of_its_own() -> None:
    life = Life()
    first, second = web(2, 0), web(2, 0)
    second["metadata"] |= {"uid": "another", "creationTimestamp": stamp(6)}
    life.at(0, first, type="ADDED")
    life.at(5, first, type="DELETED")
    life.at(6, second, type="ADDED")
    assert [(each.uid, each.ended) for each in life.episodes] == [
        ("uid-Deployment-web", Ended.SUPERSEDED), ("another", None),
    ]  # fmt: skip


def test_a_new_object_that_takes_the_place_of_another_at_once_is_not_taken_for_it() -> None:
    life = Life()
    life.at(0, web(2, 0), type="ADDED")
    old, new = web(2, 0), web(2, 0)
    new["metadata"] |= {"uid": "another", "creationTimestamp": stamp(5)}
    for version, (obj, kind) in enumerate(((old, "DELETED"), (new, "ADDED")), 10):
        obj["metadata"]["resourceVersion"] = str(version)
        life.board.apply(type_of(obj), kind, obj)
    life.at(6)
    first, second = life.episodes
    assert (first.ended, first.reason) == (Ended.SUPERSEDED, "Deleted")
    assert (second.uid, second.ended) == ("another", None)


def test_an_owner_that_is_told_late_takes_its_pod_over() -> None:
    life = Life()
    mine = thing("example.com/v1", "Runner", "r")
    life.at(0, pod("a", mine, 0), type="ADDED")
    assert [each.object for each in life.episodes] == ["core/Pod/shop/a"]
    life.at(1, mine | {"spec": {}, "status": {}}, type="ADDED")
    life.at(2, pod("a", mine, 0, started=2))
    (episode,) = [each for each in life.episodes if each.object == "core/Pod/shop/a"]
    assert (episode.ended, episode.reason) == (Ended.SUPERSEDED, "Owned")


def test_nothing_is_followed_where_episodes_are_off() -> None:
    board = Board(Clock(T0), episodes=False)
    board.apply(type_of(web(2, 0)), "ADDED", web(2, 0))
    board.tick(T0)
    assert board.recorder is None
    assert board.episode(WEB) is None
    row = board.row(WEB)
    assert row is not None
    assert row.verdict is Verdict.CONVERGING


@pytest.mark.parametrize("limit", [1, 7])
def test_no_more_marks_are_kept_than_the_limit_and_the_newest_are(limit: int) -> None:
    marked = Marked(limit)
    for place in range(20):
        marked.put(Marks(f"p{place}", f"u{place}", "owner", "Pod", T0 + place))
    marked.put(replace(Marks("p0", "u0", "other", "Pod", T0), ready=T0))
    assert len(marked) == limit
    assert marked.get("u0") is not None
    assert {each.uid for each in marked.of(["owner"])} == {f"u{place}" for place in range(20 - limit + 1, 20)}
