"""When an open episode is looked at: at once when it turns, once a second for its Pods; no sample is missed."""

from __future__ import annotations

from itertools import pairwise

from dashboard.core.model import Ended
from dashboard.live.recorder import DRAW
from tests.live.lives import T0, Life, pod
from tests.live.test_recorder import WEB, calm, sets, web


def rolling() -> Life:
    """A Deployment that was scaled from one Pod to thirty, seen by its controller."""
    life = calm()
    life.at(100, web(30, 1, generation=2, spec_at=100, status_at=100), sets(30, 1))
    return life


def test_pods_alone_have_it_looked_at_once_a_second() -> None:
    life = rolling()
    for place in range(40):
        life.at(100.1 + place * 0.1, pod(f"p{place}", sets(30, 1), 100 + place // 10), type="ADDED")
    at = [second for second, _ in life.told if second > 100]
    assert len(at) >= 3
    assert all(later - earlier >= DRAW - 1e-6 for earlier, later in pairwise(at))
    life.at(106)
    assert "40 Pods" in {hop.name: hop.detail for hop in life.episodes[-1].hops}["created"]


def test_each_sample_is_there_at_once_though_nobody_looks_yet() -> None:
    life = rolling()
    for ready in range(2, 8):
        life.at(100.1 + ready * 0.05, web(30, ready, generation=2, spec_at=100, status_at=100))
        shown = life.board.episode(WEB)
        assert shown is not None
        assert shown.samples[-1].ready == ready
    assert len([second for second, _ in life.told if second > 100]) == 0, "nobody has looked"


def test_what_turns_is_looked_at_at_once() -> None:
    life = rolling()
    life.at(100.1, web(30, 30, generation=2, spec_at=100, status_at=100, turned=100))
    second, closed = life.told[-1]
    assert (round(second, 3), closed.ended) == (100.1, Ended.CONVERGED)
    scaled = rolling()
    scaled.at(100.2, web(20, 1, generation=3, observed=2, spec_at=100.2, status_at=100))
    before, after = scaled.episodes[-2:]
    assert (before.ended, after.generation, after.ended) == (Ended.SUPERSEDED, 3, None)


def test_when_it_was_seen_is_dated_by_the_first_version_that_says_so() -> None:
    life = calm()
    life.at(100, web(30, 1, generation=2, observed=1, spec_at=100, status_at=10))
    life.at(102.3, web(30, 1, generation=2, spec_at=100, status_at=102))
    life.at(102.5, web(30, 2, generation=2, spec_at=100, status_at=103))
    life.at(105)
    assert {hop.name: hop.at - T0 for hop in life.episodes[-1].hops}["observed"] == 102
