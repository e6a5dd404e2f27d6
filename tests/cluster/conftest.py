from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cluster.plugin import Plugin
from tests.cluster.watching import WIDGETS
from tests.cluster.wire import DEPLOYMENTS, PODS, Wire


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A small cluster: for who watches it whole."""
    async with Wire() as wire:
        for number in range(8):
            wire.put(PODS, f"pod-{number}")
            wire.put(DEPLOYMENTS, f"deployment-{number}")
        yield wire


@pytest.fixture
async def pods_wire() -> AsyncIterator[Wire]:
    """Pods that differ, in several pages, and a custom kind without objects: for who mirrors one kind."""
    async with Wire() as wire:
        wire.kinds[WIDGETS.path] = WIDGETS
        for number in range(12):
            wire.put(PODS, f"pod-{number}", spec={"n": number})
        yield wire
