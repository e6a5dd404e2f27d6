"""The cast of the page tests: a world, a visitor who may edit, and one who may only look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import AsyncClient

from dashboard.web import access, clusters
from tests.web.world import World

PORT = 8123
TOKENS = access.Policy(port=PORT, token="full-token-0123", view_token="view-token-4567")


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    clusters.clusters["sandbox"] = world.cluster
    access.install(TOKENS)
    yield world
    access.install(access.Policy())
    clusters.clusters.pop("sandbox", None)


@pytest.fixture
def editor() -> AsyncClient:
    return AsyncClient(authorization="Bearer full-token-0123")


@pytest.fixture
def viewer() -> AsyncClient:
    return AsyncClient(authorization="Bearer view-token-4567")
