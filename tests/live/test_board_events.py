"""A list of Events is what the API holds, also where what it held before said something newer."""

from __future__ import annotations

import pytest

from dashboard.live.board import Board
from tests.live.factory import EVENT, Clock, Obj, event, pod

ID = "core/Pod/shop/p"
OLD = event("e1", pod("p"), last="2026-11-20T09:00:00Z")
NEW = event("e2", pod("p"), last="2026-11-20T09:05:00Z")
SAME_SECOND = event("e3", pod("p"), last="2026-11-20T09:05:00Z")


def listed(board: Board, *pages: list[Obj]) -> None:
    board.begin(EVENT)
    for page in pages:
        board.page(EVENT, page)
    board.end(EVENT)


def last(board: Board) -> list[float | None]:
    return [note.last for note in board.events(ID)]


def test_an_older_event_takes_the_place_of_one_that_a_restored_history_never_had() -> None:
    restored, fresh = Board(Clock()), Board(Clock())
    listed(restored, [OLD])
    restored.apply(EVENT, "ADDED", NEW)
    listed(restored, [OLD])
    listed(fresh, [OLD])
    assert restored.events(ID) == fresh.events(ID) != ()


def test_a_list_that_holds_both_keeps_the_newer() -> None:
    board = Board(Clock())
    listed(board, [OLD], [NEW])
    newer = last(board)
    listed(board, [OLD], [NEW])
    assert last(board) == newer
    listed(board, [NEW], [OLD])
    assert last(board) == newer


@pytest.mark.parametrize("order", [(NEW, SAME_SECOND), (SAME_SECOND, NEW)])
def test_of_two_in_the_same_second_the_same_is_kept_in_whatever_order(order: tuple[Obj, Obj]) -> None:
    board, listing = Board(Clock()), Board(Clock())
    for each in order:
        board.apply(EVENT, "ADDED", {**each, "message": each["metadata"]["name"]})
    listed(listing, [{**each, "message": each["metadata"]["name"]} for each in (NEW, SAME_SECOND)])
    assert board.events(ID) == listing.events(ID)
    assert [note.message for note in board.events(ID)] == ["e3"]
