"""A sandbox, an object store and operators, each a process of its own, as they run for a user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.operators.world import World, started


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all tests of this folder: what they make, they name for themselves."""
    with started(tmp_path_factory.mktemp("operators")) as world:
        world.operate("database", "bucket")
        yield world


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """The shared world, with a store that behaves and a board of messages of its own."""
    yield shared
    shared.faults()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[World]:
    """A world of this test's own, where no operator runs yet."""
    with started(tmp_path) as world:
        yield world
