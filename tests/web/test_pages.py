"""The pages as they come from the server: right without a script."""

from __future__ import annotations

import re

import pytest
from django.test import AsyncClient

from dashboard.live.panel import FetchError
from dashboard.web import clusters, vendor
from tests.live.factory import REPLICASET, deployment, event, hpa, pod, replicaset
from tests.live.hubs import Kind
from tests.web.world import World

BOARD = "/c/sandbox/"
WEB = "/c/sandbox/o/apps/Deployment/shop/web"


async def page(client: AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def rows(html: str) -> list[str]:
    return re.findall(r'<a class="row [a-z]+" href="[^"]*" data-id="([^"]+)"', html)


async def test_the_beginning_leads_to_the_only_cluster(world: World, editor: AsyncClient) -> None:
    answer = await editor.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, BOARD)


async def test_an_unknown_cluster_is_404_and_never_another_one(world: World, editor: AsyncClient) -> None:
    world.put(deployment("web"))
    html = await page(editor, "/c/production/", 404)
    assert "There is no cluster" in html
    assert "shop" not in html
    await page(editor, "/c/production/o/apps/Deployment/shop/web", 404)
    await page(editor, "/nowhere", 404)


async def test_what_has_not_converged_comes_first_with_desired_against_observed(
    world: World, editor: AsyncClient
) -> None:
    world.put(deployment("calm"), deployment("busy", want=5, ready=3))
    html = await page(editor, BOARD)
    assert rows(html) == ["apps/Deployment/shop/busy", "apps/Deployment/shop/calm"]
    assert "3 of 5 ready" in html
    assert 'aria-label="3 ready' in html
    assert "nginx:1" in html


async def test_filters_are_in_the_address_and_find_what_has_converged(world: World, editor: AsyncClient) -> None:
    top = deployment("calm")
    world.put(top, replicaset("calm-1", top), deployment("busy", want=5, ready=3))
    assert rows(await page(editor, f"{BOARD}?q=calm")) == ["apps/Deployment/shop/calm", "apps/ReplicaSet/shop/calm-1"]
    assert rows(await page(editor, f"{BOARD}?verdict=converging")) == ["apps/Deployment/shop/busy"]
    assert rows(await page(editor, f"{BOARD}?namespace=other")) == []
    html = await page(editor, f"{BOARD}?kind=ReplicaSet")
    assert rows(html) == ["apps/ReplicaSet/shop/calm-1"]
    assert '<option value="ReplicaSet" selected>' in html
    assert "?kind=ReplicaSet&amp;verdict=converged" in html, "the counts keep the other filters"


async def test_a_filter_that_cannot_be_used_is_named(world: World, editor: AsyncClient) -> None:
    html = await page(editor, f"{BOARD}?verdict=broken", 400)
    assert "verdict is broken; accepted: empty, stalled" in html


async def test_what_has_converged_is_folded_only_when_it_does_not_fit(world: World, editor: AsyncClient) -> None:
    world.put(*(deployment(f"calm-{number:02}") for number in range(60)))
    html = await page(editor, BOARD)
    assert (len(rows(html)), "rows 1 to 40 of 60" in html) == (40, True)
    world.put(deployment("busy", want=5, ready=3))
    html = await page(editor, BOARD)
    assert rows(html) == ["apps/Deployment/shop/busy"]
    assert "60 converged" in html
    assert len(rows(await page(editor, f"{BOARD}?all=1"))) == 40, "a page of them"
    assert rows(await page(editor, f"{BOARD}?all=1&start=60")) == ["apps/Deployment/shop/calm-59"]


def links(html: str) -> list[tuple[str, str]]:
    return re.findall(r'<a class="link" rel="(prev|next)" href="([^"]+)"', html)


async def test_a_long_list_comes_in_pages_that_lead_to_each_other(world: World, editor: AsyncClient) -> None:
    world.put(*(deployment(f"calm-{number:03}") for number in range(150)), deployment("busy", want=5, ready=3))
    seen: list[str] = []
    path, back = f"{BOARD}?namespace=shop&all=1", ""
    while path:
        html = await page(editor, path)
        seen += rows(html)
        found = dict(links(html))
        assert found.get("prev", "").replace("&amp;", "&") == back
        back, path = path, found.get("next", "").replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 151
    assert "rows 121 to 151 of 151" in html
    assert "start=120" in back
    assert rows(await page(editor, f"{BOARD}?all=1&start=5000")) == seen[120:], "beyond the end is the end"


async def test_what_is_folded_is_said_behind_the_last_row_only(world: World, editor: AsyncClient) -> None:
    world.put(*(deployment(f"busy-{number:02}", want=5, ready=3) for number in range(70)), deployment("calm"))
    first, last = await page(editor, BOARD), await page(editor, f"{BOARD}?start=40")
    assert (len(rows(first)), len(rows(last))) == (40, 30)
    assert ("1 converged" in first.split("<main")[1], "1 converged" in last.split("<main")[1]) == (False, True)


@pytest.mark.parametrize("start", ["x", "-1", "1.5", "99999999", "²"])
async def test_a_start_that_is_no_place_is_named(world: World, editor: AsyncClient, start: str) -> None:
    world.put(deployment("web"))
    html = await page(editor, f"{BOARD}?start={start}", 400)
    assert "accepted: a whole number of rows" in html
    assert rows(html) == ["apps/Deployment/shop/web"]


async def test_the_sandbox_says_so_and_another_cluster_does_not(world: World, editor: AsyncClient) -> None:
    assert 'class="band"' in await page(editor, BOARD)
    clusters.clusters["sandbox"] = World(sandbox=False).cluster
    assert 'class="band"' not in await page(editor, BOARD)


async def test_a_stale_picture_and_kinds_that_are_not_live_are_told(world: World, editor: AsyncClient) -> None:
    world.held.fresh.state = "stale"
    world.held.fresh.error = "connection refused"
    world.held.fresh.kinds.append(Kind(REPLICASET, "forbidden", "replicasets is forbidden"))
    html = await page(editor, BOARD)
    assert "Not fresh." in html
    assert "connection refused" in html
    assert "1 kind not shown live" in html
    assert "replicasets is forbidden" in html


async def test_the_object_page_shows_ledger_chain_events_and_controls(world: World, editor: AsyncClient) -> None:
    top = deployment("web", want=3, ready=1)
    middle = replicaset("web-1", top, want=3, ready=1)
    world.put(top, middle, pod("web-1-a", middle), hpa("web", top))
    world.held.board.apply(*_event(top))
    world.held.step()
    html = await page(editor, WEB)
    assert html.index("HPA</span>") < html.index("ReplicaSet</span>") < html.index("web-1-a")
    assert 'class="open"' in html
    assert "Scheduled" in html
    assert 'name="replicas" value="3"' in html
    assert 'name="shown.replicas" value="3"' in html
    assert 'name="image.main" value="nginx:1"' in html
    assert "HPA web sets replicas" in html


def _event(about: dict[str, object]) -> tuple[object, ...]:
    from tests.live.factory import EVENT

    return EVENT, "ADDED", event("one", about)


async def test_controls_are_absent_for_who_may_only_look_and_in_read_only_mode(
    world: World, editor: AsyncClient, viewer: AsyncClient
) -> None:
    world.put(deployment("web"))
    assert 'method="post"' in await page(editor, WEB)
    html = await page(viewer, WEB)
    assert 'method="post"' not in html
    assert "read-only" in html
    closed = World(allow_edits=False)
    closed.put(deployment("web"))
    clusters.clusters["sandbox"] = closed.cluster
    html = await page(editor, WEB)
    assert 'method="post"' not in html
    assert "read-only" in html


async def test_what_is_gone_or_cannot_be_asked_for_says_so(world: World, editor: AsyncClient) -> None:
    assert "There is no Deployment shop/web" in await page(editor, WEB, 404)
    world.held.failing = FetchError("no route to host")
    assert "no route to host" in await page(editor, WEB, 503)


async def test_what_may_yet_come_is_looked_for_again_and_what_was_posted_is_not_sent_twice(
    world: World, editor: AsyncClient
) -> None:
    assert (await editor.get(WEB)).headers["Refresh"] == "5"
    assert "Refresh" not in (await editor.get("/c/production/")).headers
    answer = await editor.post(f"{WEB}/edit", {"replicas": "3", "do": "apply"})
    assert answer.status_code == 404
    assert "Refresh" not in answer.headers


async def test_pages_refresh_themselves_where_no_script_can(
    world: World, editor: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(deployment("web"))
    monkeypatch.setattr(vendor, "present", lambda: False)
    html = await page(editor, BOARD)
    assert '<meta http-equiv="refresh" content="5">' in html
    assert "<script" not in html
    assert "refresh" not in (await page(editor, f"{WEB}?hold=1")).split("</head>")[0]
    monkeypatch.setattr(vendor, "present", lambda: True)
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in await page(editor, BOARD)


async def test_the_import_map_is_the_only_inline_element_and_carries_the_nonce(
    world: World, editor: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vendor, "present", lambda: True)
    answer = await editor.get(BOARD)
    html = answer.content.decode()
    inline = [tag for tag in re.findall(r"<script[^>]*>", html) if "src=" not in tag]
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    assert nonce
    assert inline == [f'<script type="importmap" nonce="{nonce[1]}">']
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
