from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live import blocks
from dashboard.live.blocks import Blocks, Key


def key(number: int) -> Key:
    return (float(number % 7), "Pod", "shop", f"p{number}", str(number))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=200), st.integers(0, 30), st.integers(0, 30))
def test_any_sequence_leaves_what_a_sorted_list_would_hold(
    steps: list[tuple[bool, int]], start: int, count: int
) -> None:
    held: set[Key] = set()
    found = Blocks()
    size, blocks.BLOCK = blocks.BLOCK, 4
    try:
        for adds, number in steps:
            if adds and key(number) not in held:
                held.add(key(number))
                found.add(key(number))
            elif not adds and key(number) in held:
                held.remove(key(number))
                found.remove(key(number))
    finally:
        blocks.BLOCK = size
    assert list(found) == sorted(held)
    assert len(found) == len(held)
    assert found.slice(start, count) == sorted(held)[start : start + count]


def test_filling_at_once_and_one_by_one_are_the_same() -> None:
    keys = [key(number) for number in range(3000)]
    one_by_one = Blocks()
    for each in keys:
        one_by_one.add(each)
    assert list(Blocks(keys)) == list(one_by_one) == sorted(keys)
    assert Blocks(keys).slice(1000, 5) == sorted(keys)[1000:1005]


@pytest.mark.parametrize("missing", [key(0), key(2), key(99)])
def test_removing_what_is_not_there_is_an_error(missing: Key) -> None:
    found = Blocks([key(1), key(3)])
    with pytest.raises(KeyError):
        found.remove(missing)
