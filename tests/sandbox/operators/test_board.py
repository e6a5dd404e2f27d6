"""What the dashboard says of operators' objects, watched in a real sandbox with real operators."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from dashboard.cluster.connection import Connection
from dashboard.cluster.discovery import KindFilter
from dashboard.core.model import Row
from dashboard.web import clusters
from tests.processes import eventually
from tests.sandbox.operators.world import World, manifest

DEMO = "demo.reconcilerviz.io"


@dataclass
class Watch:
    """A cluster as the pages have it, with a clock that can be put forward."""

    cluster: clusters.Cluster
    ahead: list[float]

    async def listed(self, group: str, kind: str) -> None:
        """Once this kind is watched: what comes later is seen from its beginning."""
        end = time.monotonic() + 30
        while (group, kind) not in self.cluster.board.listed:
            assert time.monotonic() < end, f"{kind} is not listed"
            await asyncio.sleep(0.02)

    async def row(self, id: str, wanted: Callable[[Row], bool]) -> Row:
        """The row, once it is as wanted."""
        end = time.monotonic() + 30
        while True:
            row = self.cluster.board.row(id)
            if row is not None and wanted(row):
                return row
            assert time.monotonic() < end, row
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def watching(world: World) -> AsyncIterator[Watch]:
    ahead = [0.0]
    connection = await Connection.from_kubeconfig(world.kubeconfig)
    cluster = clusters.assemble(
        "sandbox", connection, kinds=KindFilter(), sandbox=True, clock=lambda: time.time() + ahead[0]
    )
    running = asyncio.create_task(cluster.run())
    try:
        yield Watch(cluster, ahead)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await connection.close()


async def test_a_database_converges_and_its_chain_leads_to_its_pods(world: World) -> None:
    async with watching(world) as watch:
        id = f"{DEMO}/Database/default/library"
        await watch.listed(DEMO, "Database")
        world.create("Database", "library", version="16", replicas=2)
        converging = await watch.row(id, lambda row: row.verdict == "converging")
        assert converging.cause
        await watch.row(id, lambda row: row.verdict == "converged")
        levels = [[each.id for each in level] for level in watch.cluster.board.chain(id)]
        assert levels[0] == [id]
        assert "apps/StatefulSet/default/library" in levels[1]
        assert sorted(levels[2])[:2] == ["core/Pod/default/library-0", "core/Pod/default/library-1"]


async def test_a_database_with_an_image_that_does_not_exist_names_the_pods_cause(world: World) -> None:
    async with watching(world) as watch:
        world.create("Database", "broken", version="17-missing")
        row = await watch.row(f"{DEMO}/Database/default/broken", lambda row: row.verdict == "stalled")
        assert "postgres:17-missing" in row.cause


@pytest.mark.parametrize(
    ("faults", "verdict", "words"),
    [
        ({"throttle": 1}, "converging", "429 SlowDown: Please reduce your request rate"),
        ({"refuse": ["GET", "PUT"]}, "stalled", "403 AccessDenied: Access Denied"),
    ],
)
async def test_a_bucket_is_judged_by_what_its_store_answers(
    world: World, faults: dict[str, object], verdict: str, words: str
) -> None:
    name = f"judged-{verdict}"
    id = f"{DEMO}/Bucket/default/{name}"
    async with watching(world) as watch:
        world.faults(**faults)
        world.create("Bucket", name, name=f"{name}-bucket")
        row = await watch.row(id, lambda row: words in row.cause)
        assert row.verdict == verdict
        world.faults()
        await watch.row(id, lambda row: row.verdict == "converged")
        world.faults(**faults)
        row = await watch.row(id, lambda row: words in row.cause)
        assert row.verdict == verdict


async def test_a_bucket_changed_by_hand_and_left_so_says_what_was_changed(world: World) -> None:
    id = f"{DEMO}/Bucket/default/left"
    async with watching(world) as watch:
        world.create("Bucket", "left", name="left-bucket", onDrift="Report")
        await watch.row(id, lambda row: row.verdict == "converged")
        about = world.about("left-bucket")
        about.write_text(json.dumps(json.loads(about.read_text()) | {"versioning": True}))
        row = await watch.row(id, lambda row: "changed by hand: versioning is True" in row.cause)
        assert row.verdict == "stalled"


async def test_a_hoge_that_no_operator_answers_is_stalled_after_five_minutes(fresh: World) -> None:
    assert (
        fresh.call("POST", "apis/apiextensions.k8s.io/v1/customresourcedefinitions", manifest("hoge", "crd.yaml"))[0]
        == 201
    )
    hoges = "apis/stable.example.com/v1/namespaces/default/hoges"
    assert fresh.call("POST", hoges, manifest("hoge", "example.yaml"))[0] == 201
    id = "stable.example.com/Hoge/default/my-hoge"
    async with watching(fresh) as watch:
        row = await watch.row(id, lambda row: True)
        assert row.verdict == "converging"
        watch.ahead[0] = 301.0
        row = await watch.row(id, lambda row: row.verdict == "stalled")
        assert "no controller has answered" in row.cause
        await asyncio.to_thread(fresh.operate, "hoge")
        await watch.row(id, lambda row: row.verdict == "converged")
        assert fresh.get(f"{hoges}/my-hoge")["status"] == {"phase": "Ready with size 3"}
        fresh.patch(f"{hoges}/my-hoge", {"spec": {"size": 4}})

        def answered() -> bool:
            return fresh.get(f"{hoges}/my-hoge")["status"] == {"phase": "Ready with size 4"}

        await asyncio.to_thread(eventually, answered, "the new size is answered", 20)
