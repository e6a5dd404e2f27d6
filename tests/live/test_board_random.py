from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.core.model import Row
from dashboard.live.board import Board
from tests.live.worlds import KINDS, QUERIES, STEPS, World


def facts(board: Board) -> dict[str, Row]:
    """Rows without the times that only a witness knows."""
    return {row.id: replace(row, since=None, at_least=False) for row in board.rows()}


@settings(max_examples=150, deadline=None)
@given(STEPS, st.permutations(sorted(KINDS)))
def test_events_in_any_order_lead_where_a_fresh_list_would(steps: list[tuple[Any, ...]], order: list[str]) -> None:
    world = World()
    for step in steps:
        world.do(step)
    world.board.tick(world.clock.now)
    rebuilt = world.rebuilt(order)
    assert facts(world.board) == facts(rebuilt)
    for id in world.objects:
        chains = [[[row.id for row in level] for level in board.chain(id)] for board in (world.board, rebuilt)]
        assert chains[0] == chains[1]
    assert world.board.namespaces() == rebuilt.namespaces()
    assert world.board.kinds() == rebuilt.kinds()


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_live_results_are_what_filtering_and_sorting_everything_would_find(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    for query in QUERIES:
        world.board.select(query)  # from here on it is only kept current
    for step in [*steps, ("tick", 0, 0, 0)]:
        world.do(step)
        if step[0] != "tick":
            continue
        for query in QUERIES:
            window = world.board.select(query, 0, 500)
            rows, counts, objects = world.expected(query)
            assert [row.id for row in window.rows] == [row.id for row in rows]
            assert (window.counts, window.objects, window.total) == (counts, objects, len(rows))
            assert window.rows == tuple(world.board.row(row.id) for row in window.rows)


@settings(max_examples=50, deadline=None)
@given(STEPS)
def test_a_tick_names_exactly_the_rows_that_changed(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    before: dict[str, Row] = {}
    for step in [*steps, ("relist", "Pod", 0, False)]:
        world.do(step if step[0] != "tick" else ("repeat", "Pod", 0, 0))
        revision = world.board.revision
        changed = world.board.tick(world.clock.now)
        now = {row.id: row for row in world.board.rows()}
        assert {id for id in before.keys() | now.keys() if before.get(id) != now.get(id)} <= changed
        assert world.board.revision == revision + bool(changed)
        before = now
