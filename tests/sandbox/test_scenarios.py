"""Every scenario against a sandbox as a process of its own: the board states the verdict and the cause it must.

All of them run side by side in one sandbox, each in its namespace. Two boards look on: one now, and one whose clock is
ahead, for what only time makes certain.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from dashboard.cluster.connection import Connection
from dashboard.cluster.discovery import KindFilter
from dashboard.core.model import Row
from dashboard.sandbox.scenario import Expectation, Scenario, read, scenarios
from dashboard.sandbox.scenario_table import table
from dashboard.web.clusters import Cluster, assemble
from tests.sandbox.operators.world import World as Place
from tests.sandbox.operators.world import started

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 45.0
AHEAD = 1200.0
"""Seconds by which the second board's clock is ahead: more than any scenario's `after`."""

LAST = "external-throttling"
"""Its fault meets every bucket of the store: it begins when the others have been looked at."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class World:
    """A sandbox with all its scenarios under way, and the boards."""

    connection: Connection
    now: Cluster
    later: Cluster

    async def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return (await self.connection.request(method, path, body=body)).object()

    async def start(self, name: str) -> None:
        await self.ask("POST", f"/sandbox/scenarios/{name}", {"do": "start"})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The sandbox, an object store and the bucket operator, each a process."""
    with started(tmp_path_factory.mktemp("scenarios")) as place:
        place.operate("bucket")
        yield place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(place: Place) -> AsyncIterator[World]:
    connection = await Connection.from_kubeconfig(place.kubeconfig)
    kinds = KindFilter()
    now = assemble("sandbox", connection, kinds=kinds, sandbox=True)
    later = assemble("later", connection, kinds=kinds, sandbox=True, clock=lambda: time.time() + AHEAD)
    tasks = [asyncio.create_task(each.run()) for each in (now, later)]
    world = World(connection, now, later)
    for name in set(scenarios()) - {LAST}:
        await world.start(name)
    yield world
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await connection.close()


def rows(cluster: Cluster, scenario: Scenario, name: str) -> Iterator[Row]:
    """The rows that an expectation's object names; a name that ends in `-` is the beginning of one."""
    kind, _, rest = name.partition("/")
    for row in cluster.board.rows():
        if row.kind != kind or row.namespace not in ("", scenario.name):
            continue
        if row.name == rest or (rest.endswith("-") and row.name.startswith(rest)):
            yield row


def met(row: Row, expectation: Expectation, namespace: str) -> bool:
    """Whether the row says what is expected of it."""
    if row.verdict != expectation.verdict or expectation.cause not in row.cause:
        return False
    kind, _, name = expectation.at.partition("/")
    beginning = f"{kind}/{namespace}/{name}"
    return not expectation.at or beginning in row.cause_at


@pytest.mark.parametrize("name", sorted(scenarios(), key=lambda name: name == LAST))
async def test_the_board_names_the_cause(world: World, name: str) -> None:
    scenario = scenarios()[name]
    if name == LAST:
        await world.start(name)
    for expectation in scenario.expects:
        cluster = world.later if expectation.after else world.now
        end = time.monotonic() + PATIENCE
        while not any(met(row, expectation, name) for row in rows(cluster, scenario, expectation.object)):
            seen = [(row.verdict.value, row.cause, row.cause_at) for row in rows(cluster, scenario, expectation.object)]
            run = (await world.ask("GET", f"/sandbox/scenarios/{name}"))["run"]
            assert time.monotonic() < end, f"{expectation}: the board says {seen}, the run {run}"
            assert run["state"] != "failed", run
            await asyncio.sleep(0.05)


async def test_they_are_taken_back(world: World) -> None:
    """Also what finalizers hold, what has no namespace, and the faults."""
    for name in scenarios():
        await world.ask("POST", f"/sandbox/scenarios/{name}", {"do": "clear"})
    end = time.monotonic() + PATIENCE
    while left := {row.namespace for row in world.now.board.rows()} & set(scenarios()):
        assert time.monotonic() < end, left
        await asyncio.sleep(0.05)
    assert all(not loop["rules"] for loop in (await world.ask("GET", "/sandbox/loops"))["loops"])
    assert (await world.ask("GET", "/sandbox/refusals"))["refusals"] == []
    nodes = [row.name for row in world.now.board.rows() if row.kind == "Node"]
    assert sorted(nodes) == ["node-0", "node-1", "node-2"]


async def test_the_table_in_the_docs_is_theirs() -> None:
    assert (ROOT / "docs" / "scenarios.md").read_text() == table(), "python -m dashboard.sandbox.scenario_table"


@pytest.mark.parametrize(
    "text",
    [
        "title: x",
        "{title: x, teaches: y, steps: [{explode: 1}], expects: [{object: Pod/a, verdict: stalled}]}",
        "{title: x, teaches: y, steps: [{wait: 1, until: 2}], expects: [{object: Pod/a, verdict: stalled}]}",
        "{title: x, teaches: y, steps: [{wait: 1}], expects: [{object: Pod/a, verdict: broken}]}",
        "{title: x, teaches: y, steps: [], expects: [{object: Pod/a, verdict: stalled}]}",
    ],
)
async def test_a_file_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="mine: "):
        read("mine", text)
