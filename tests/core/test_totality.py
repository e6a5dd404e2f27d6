"""Any JSON value gets a verdict and never an exception; a thousand conditions take linear time."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.core.model import Verdict
from dashboard.core.relatives import digest, event_note
from dashboard.core.subject import Subject
from dashboard.core.verdict import assess, judge

from .casebook import fixtures

ALL = fixtures()
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**4000, -(10**4000), 2**63]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["\ud800", "\x00\x1b[31m", "9999-99-99T99:99:99Z", "0001-01-01T00:00:00+23:59", "1e999", "-1", "٣"]
    ),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["status", "spec", "conditions", "type", "reason", "metadata", "kind", "phase", "x"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [at]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths(inner, (*at, index))
    return found


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value at a place; the place is dropped when the new value is `...`."""
    if not at:
        return new
    changed = copy.deepcopy(value)
    inner = changed
    for step in at[:-1]:
        inner = inner[step]
    if new is ...:
        del inner[at[-1]]
    else:
        inner[at[-1]] = new
    return changed


@given(data=st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_fixture_still_gets_a_verdict(data: st.DataObject) -> None:
    fixture = data.draw(st.sampled_from(ALL))
    damaged: Any = fixture.obj
    for _ in range(data.draw(st.integers(1, 3))):
        places = paths(damaged)
        new = data.draw(st.one_of(JSON, st.just(...), st.just([{}] * 50), st.just({"a": {"b": {"c": []}}})))
        at = data.draw(st.sampled_from(places))
        damaged = put(damaged, at, None if new is ... and not at else new)
    said = assess(damaged, fixture.now, [*fixture.related, damaged] if isinstance(damaged, dict) else fixture.related)
    assert isinstance(said.verdict, Verdict)
    if isinstance(damaged, dict):
        assert digest(damaged, said).verdict is said.verdict
        event_note(damaged)


@pytest.mark.parametrize("nasty", [[1], {"a": 1}], ids=["list", "object"])
def test_every_place_may_hold_anything(nasty: Any) -> None:
    for fixture in ALL:
        for place in paths(fixture.obj):
            said = assess(put(fixture.obj, place, nasty), fixture.now, fixture.related)
            assert isinstance(said.verdict, Verdict)


def test_every_place_may_hold_a_huge_number() -> None:
    """Python refuses to print an integer of 5,000 digits: a rule that puts one into a sentence would fail here."""
    for fixture in ALL:
        for place in paths(fixture.obj):
            damaged = put(fixture.obj, place, 10**5000)
            assert isinstance(judge(Subject(damaged, fixture.now)).verdict, Verdict)


@given(value=JSON, related=st.lists(JSON, max_size=3), has_status=st.sampled_from([None, True, False]))
@settings(max_examples=300, deadline=None)
def test_anything_gets_a_verdict(value: Any, related: list[Any], has_status: bool | None) -> None:
    assert isinstance(assess(value, 0.0, related, has_status=has_status).verdict, Verdict)


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"kind": "Pod"}, {"apiVersion": 1, "kind": ["Pod"]}])
def test_what_cannot_be_told_is_unknown_or_has_no_loop(value: Any) -> None:
    assert assess(value, 0.0).verdict in (Verdict.UNKNOWN, Verdict.CONVERGED, Verdict.CONVERGING)
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        assert assess(value, 0.0).verdict is Verdict.UNKNOWN


def test_many_conditions_take_linear_time() -> None:
    def spent(count: int) -> float:
        conditions = [{"type": f"Part{index}Ready", "status": "True"} for index in range(count)]
        obj = {"apiVersion": "example.com/v1", "kind": "Many", "spec": {"a": 1}, "status": {"conditions": conditions}}
        best = 1e9
        for _ in range(5):
            start = time.perf_counter()
            assess(obj, 0.0)
            best = min(best, time.perf_counter() - start)
        return best

    small, large = spent(100), spent(1000)
    assert large < small * 10 * 4, f"100 conditions {small:.6f} s, 1,000 {large:.6f} s"
