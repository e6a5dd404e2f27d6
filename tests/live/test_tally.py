"""The tally of episodes: each counted once, however often it is told, and never more places than the bound."""

from __future__ import annotations

from dataclasses import replace

from dashboard.core.model import Ended, Episode, Verdict
from dashboard.live.board import Board
from dashboard.live.tally import MAX_PLACES, OTHER, Tally
from tests.live.factory import DEPLOYMENT, Clock, deployment

OPEN = Episode("k", "apps/Deployment/shop/web", "u", "change", 100.0, 1, Verdict.CONVERGING)


def row_of(namespace: str = "shop"):  # type: ignore[no-untyped-def]  # a row as the board makes it
    board = Board(Clock())
    board.apply(DEPLOYMENT, "ADDED", deployment("web", namespace=namespace))
    (row,) = board.rows()
    return row


def test_an_end_is_counted_once_and_an_open_one_not_at_all() -> None:
    tally, row = Tally(), row_of()
    tally.take(OPEN, row)
    assert set(tally.ends.values()) == {0}
    closed = replace(OPEN, ended=Ended.CONVERGED, closed=107.0)
    for _ in range(3):
        tally.take(closed, row)
    assert tally.ends["converged"] == 1
    (spread,) = tally.took.values()
    assert (sum(spread.buckets), spread.total, spread.buckets[3]) == (1, 7.0, 1)


def test_a_stalled_one_that_recovers_counts_as_both_and_took_no_usual_time() -> None:
    tally, row = Tally(), row_of()
    stalled = replace(OPEN, ended=Ended.STALLED, closed=103.0)
    tally.take(stalled, row)
    tally.take(replace(stalled, recovered=400.0), row)
    assert (tally.ends["stalled"], tally.ends["recovered"], tally.took) == (1, 1, {})


def test_namespaces_without_end_are_counted_together() -> None:
    tally, row = Tally(), row_of()
    for number in range(MAX_PLACES + 50):
        tally.take(
            replace(OPEN, key=f"k{number}", ended=Ended.CONVERGED, closed=101.0), replace(row, namespace=f"n{number}")
        )
    assert len(tally.took) == MAX_PLACES + 1
    assert sum(tally.took[OTHER].buckets) == 50
