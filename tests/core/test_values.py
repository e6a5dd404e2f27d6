"""Values that are quick to make are frozen dataclasses like any other."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import orjson
import pytest

from dashboard.core.values import quick


@quick
@dataclass(frozen=True, slots=True, order=True)
class Point:
    x: int
    y: int = 2
    name: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Plain:
    x: int
    y: int = 2
    name: str = ""


def test_they_are_made_as_ever() -> None:
    assert (Point(1).y, Point(1, name="a").name, Point(y=5, x=4).x) == (2, "a", 4)
    with pytest.raises(TypeError, match="x"):
        Point()  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError, match="z"):
        Point(1, z=3)  # type: ignore[call-arg]  # what is tested


def test_they_are_frozen_values() -> None:
    made = Point(1, 2, "a")
    assert type(made) is Point
    with pytest.raises(FrozenInstanceError):
        made.x = 3  # type: ignore[misc]  # what is tested
    assert made == Point(1, 2, "a") != Point(1, 3, "a")
    assert hash(made) == hash(Point(1, 2, "a"))
    assert Point(1) < Point(2)
    assert repr(made) == repr(Plain(1, 2, "a")).replace("Plain", "Point")


def test_they_are_copied_and_written_as_ever() -> None:
    made = Point(1, 2, "a")
    assert replace(made, y=7) == Point(1, 7, "a")
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made
    assert orjson.dumps(made) == orjson.dumps(Plain(1, 2, "a"))


def test_what_cannot_be_done_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Listed:
        parts: list[int] = field(default_factory=list)

    @dataclass(frozen=True)
    class Loose:
        x: int

    for cls in (Listed, Loose):
        with pytest.raises(TypeError):
            quick(cls)
