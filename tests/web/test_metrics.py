"""`/metrics`, `/healthz` and `/readyz` as a scraper and a kubelet meet them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from dashboard.core.model import Ended, Episode, Verdict
from dashboard.web.health import Health
from tests.live.factory import deployment
from tests.web.world import World

EPISODE = Episode("k", "apps/Deployment/shop/web", "u", "change", 100.0, 1, Verdict.CONVERGED)


async def scrape(visitor: AsyncClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = await visitor.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def labels(**given: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({"cluster": "sandbox", **given}.items()))


async def test_objects_freshness_and_revision_are_told(world: World, viewer: AsyncClient) -> None:
    world.put(deployment("web", ready=3), deployment("slow", ready=1))
    found = await scrape(viewer)
    assert found["reconcilerviz_objects", labels(verdict="converged")] == 1
    assert found["reconcilerviz_objects", labels(verdict="converging")] == 1
    assert found["reconcilerviz_objects", labels(verdict="stalled")] == 0
    assert found["reconcilerviz_live", labels()] == 1
    assert found["reconcilerviz_board_revision", labels()] >= 1


async def test_ends_and_times_are_told(world: World, viewer: AsyncClient) -> None:
    world.put(deployment("web", ready=3))
    (row,) = world.held.board.rows()
    world.held.board.tally.take(replace(EPISODE, ended=Ended.CONVERGED, closed=107.0), row)
    found = await scrape(viewer)
    assert found["reconcilerviz_episodes_total", labels(ended="converged")] == 1
    of = {"kind": "Deployment", "namespace": row.namespace}
    assert found["reconcilerviz_convergence_seconds_count", labels(**of)] == 1
    assert found["reconcilerviz_convergence_seconds_sum", labels(**of)] == 7
    assert found["reconcilerviz_convergence_seconds_bucket", labels(**of, le="5.0")] == 0
    assert found["reconcilerviz_convergence_seconds_bucket", labels(**of, le="10.0")] == 1
    assert found["reconcilerviz_convergence_seconds_bucket", labels(**of, le="+Inf")] == 1


async def test_a_name_cannot_break_out_of_its_label(world: World, viewer: AsyncClient) -> None:
    world.put(deployment("web", ready=3))
    (row,) = world.held.board.rows()
    hostile = replace(row, namespace='a"} 1\nreconcilerviz_live{cluster="sandbox"} 0 #\\')
    world.held.board.tally.take(replace(EPISODE, ended=Ended.CONVERGED, closed=101.0), hostile)
    found = await scrape(viewer)
    assert found["reconcilerviz_live", labels()] == 1


async def test_metrics_need_a_token(world: World) -> None:
    assert (await AsyncClient().get("/metrics")).status_code == 401


async def asked(path: str, method: str = "GET", inner: Any = None) -> tuple[int, bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await Health(inner)({"type": "http", "path": path, "method": method, "headers": []}, None, send)
    return sent[0]["status"], sent[1]["body"]


async def test_a_kubelet_needs_neither_token_nor_host(world: World) -> None:
    assert await asked("/healthz") == (200, b'{"alive":true}')
    status, body = await asked("/readyz")
    assert (status, b'"ready":true' in body) == (200, True)
    assert await asked("/readyz", "HEAD") == (200, b"")


@pytest.mark.parametrize("state", ["stale", "connecting"])
async def test_what_cannot_be_trusted_is_not_ready(world: World, state: str) -> None:
    world.held.fresh = replace(world.held.fresh, state=state)
    status, body = await asked("/readyz")
    assert status == 503
    assert state.encode() in body
    assert (await asked("/healthz"))[0] == 200


async def test_everything_else_goes_on() -> None:
    async def inner(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"status": 418})
        await send({"body": scope["path"].encode()})

    assert await asked("/healthz/more", inner=inner) == (418, b"/healthz/more")
    assert await asked("/healthz", "POST", inner=inner) == (418, b"/healthz")
