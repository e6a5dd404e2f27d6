"""Every scenario against a sandbox as a process of its own: the board states the verdict and the cause it must.

All of them run side by side in one sandbox, each in its namespace. Two boards look on: one now, and one whose clock is
ahead, for what only time makes certain.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from dashboard.cluster.connection import Connection
from dashboard.cluster.discovery import KindFilter
from dashboard.cluster.kubeconfig import Access
from dashboard.core.model import Row
from dashboard.sandbox.scenario import Expectation, Scenario, read, scenarios
from dashboard.sandbox.scenario_table import table
from dashboard.web.clusters import Cluster, assemble

ROOT = Path(__file__).resolve().parents[2]
SPEED = "20"
PATIENCE = 45.0
AHEAD = 1200.0
"""Seconds by which the second board's clock is ahead: more than any scenario's `after`."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class World:
    """A sandbox with all its scenarios under way, and the boards."""

    connection: Connection
    now: Cluster
    later: Cluster

    async def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return (await self.connection.request(method, path, body=body)).object()


@asynccontextmanager
async def sandbox_process() -> AsyncIterator[str]:
    """The process; yields its address."""
    arguments = ("--empty", "--speed", SPEED, "--until-stdin-closes")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "dashboard.sandbox", *arguments),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = (await process.stdout.readline()).decode()
        assert "ready on" in line, line
        yield line.strip().rpartition(" ")[2]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    async with sandbox_process() as server:
        connection = Connection(Access("sandbox", server))
        kinds = KindFilter()
        now = assemble("sandbox", connection, kinds=kinds, sandbox=True)
        later = assemble("later", connection, kinds=kinds, sandbox=True, clock=lambda: time.time() + AHEAD)
        tasks = [asyncio.create_task(each.run()) for each in (now, later)]
        world = World(connection, now, later)
        for name in scenarios():
            await world.ask("POST", f"/sandbox/scenarios/{name}", {"do": "start"})
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


@pytest.mark.parametrize("name", list(scenarios()))
async def test_the_board_names_the_cause(world: World, name: str) -> None:
    scenario = scenarios()[name]
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
