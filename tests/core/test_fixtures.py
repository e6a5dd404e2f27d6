"""Every fixture gets the verdict, the reason and the cause that stand in it."""

from __future__ import annotations

from collections import defaultdict

import pytest

from dashboard.core.kinds import KINDS

from .casebook import Fixture, fixtures

ALL = fixtures()


@pytest.mark.parametrize("fixture", ALL, ids=lambda fixture: fixture.name)
def test_fixture(fixture: Fixture) -> None:
    said = fixture.assess()
    assert said.verdict.value == fixture.expected["verdict"], said
    if "reason" in fixture.expected:
        assert said.reason == fixture.expected["reason"]
    if "cause" in fixture.expected:
        assert said.cause is not None
        assert said.cause.sentence == fixture.expected["cause"]
    if "at" in fixture.expected:
        assert said.cause is not None
        assert said.cause.at is not None
        assert said.cause.at.id == fixture.expected["at"]


def test_what_has_not_converged_says_why() -> None:
    """A stalled object without a cause is of no use to anybody."""
    silent = [
        fixture.name for fixture in ALL if fixture.expected["verdict"] == "stalled" and not fixture.assess().cause
    ]
    assert silent == []


def test_every_kind_of_the_map_has_fixtures_for_two_verdicts() -> None:
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for fixture in ALL:
        group = fixture.obj["apiVersion"].rpartition("/")[0]
        seen[group, fixture.obj["kind"]].add(fixture.expected["verdict"])
    assert {kind: seen[kind] for kind in KINDS if len(seen[kind]) < 2} == {}
