"""An episode's own page, its export and a replay, as they come from the server."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient

from dashboard.core.model import Episode
from dashboard.history import reading
from dashboard.web import exporting, kept
from dashboard.web.clusters import Cluster
from dashboard.web.limits import MAX_BODY, BodyLimit
from tests.web import episodes
from tests.web.test_exporting import KEY
from tests.web.test_pages import page
from tests.web.world import World

EPISODE = "/c/sandbox/e/k-stalled/"


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Episode]]:
    known = {each.key: each for each in (episodes.scaled(), episodes.rolled(), episodes.stalled())}

    async def find(cluster: Cluster, key: str, of: str = "") -> Episode | None:
        return known.get(key)

    monkeypatch.setattr(kept, "episode", find)
    monkeypatch.setattr(reading, "durations", none_before)
    yield known


async def none_before(cluster: str, object: str = "", **where: Any) -> tuple[float, ...]:
    return ()


async def test_an_episode_is_a_permalink(world: World, editor: AsyncClient, history: dict[str, Episode]) -> None:
    html = await page(editor, EPISODE)
    assert "stalled</span> <span data-took>after 21 s" in html
    assert "manifest unknown" in html
    assert 'href="/c/sandbox/o/apps/Deployment/shop/web"' in html
    assert '<li class="stuck culprit"><span class="name">stuck' in html
    assert 'class="sketch"' in html
    assert "by <bdi" in html
    assert "There is no such episode" in await page(editor, "/c/sandbox/e/none/", 404)
    await page(editor, "/c/other/e/k-stalled/", 404)


async def test_a_stalled_episode_is_followed_until_nothing_more_can_become_of_it(
    world: World, editor: AsyncClient, history: dict[str, Episode]
) -> None:
    html = await page(editor, EPISODE)
    assert f'data-follow="{episodes.WEB}"' in html
    assert "followed: it may still recover" in html
    assert '<meta http-equiv="refresh" content="5">' in html, "who has no script"
    for about in ({"superseded_by": "k-scaled"}, {"recovered": episodes.NOW + 60}):
        history["k-stalled"] = episodes.stalled(**about)
        html = await page(editor, EPISODE)
        assert "data-follow=" not in html
        assert "followed: it" not in html
        assert 'http-equiv="refresh"' not in html


async def test_an_episode_is_compared_with_those_before_it(
    world: World, editor: AsyncClient, history: dict[str, Episode], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def durations(cluster: str, object: str = "", **where: Any) -> tuple[float, ...]:
        assert where == {"before": episodes.NOW}
        return (2.0, 3.0, 3.0, 3.0, 4.0)

    monkeypatch.setattr(reading, "durations", durations)
    html = await page(editor, "/c/sandbox/e/k-scaled/")
    assert "· usually 3 s</span>" in html
    assert "slower than usual" in html
    assert "&quot;p50&quot;:3.0" in html[html.index("data-usual") :]


async def test_a_slow_database_delays_no_page(
    world: World, editor: AsyncClient, history: dict[str, Episode], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def durations(cluster: str, object: str = "", **where: Any) -> tuple[float, ...]:
        await asyncio.Event().wait()
        return ()

    monkeypatch.setattr(reading, "durations", durations)
    assert "usually" not in await page(editor, EPISODE)


async def test_episodes_that_replace_each_other_are_linked(
    world: World, editor: AsyncClient, history: dict[str, Episode]
) -> None:
    history["k-stalled"] = episodes.stalled(supersedes="k a", superseded_by="k-scaled")
    html = await page(editor, EPISODE)
    assert 'href="/c/sandbox/e/k%20a/"' in html
    assert 'href="/c/sandbox/e/k-scaled/"' in html


async def test_a_preview_says_what_the_file_says(
    world: World, editor: AsyncClient, history: dict[str, Episode]
) -> None:
    html = await page(editor, f"{EPISODE}export")
    assert "manifest unknown" in html
    assert "its values are left out" in html
    assert "hunter" not in html
    assert "They are left out." in await page(editor, f"{EPISODE}export?without=messages")
    answer = await editor.get(f"{EPISODE}export?do=download")
    assert answer["Content-Disposition"] == 'attachment; filename="web-20261120T100000.episode.json.gz"'
    assert b"manifest unknown" in gzip.decompress(answer.content)
    answer = await editor.get(f"{EPISODE}export?do=download&without=messages")
    assert b"manifest unknown" not in gzip.decompress(answer.content)


async def test_a_file_is_opened_without_a_cluster(editor: AsyncClient, world: World) -> None:
    data = exporting.pack(exporting.document(episodes.rolled(), KEY))
    answer = await editor.post("/replay/", {"file": SimpleUploadedFile("a.gz", data)})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "From a file." in html
    assert "converged</span> <span data-took>in 36.6 s" in html
    assert "data-cluster" not in html
    assert "/o/apps" not in html, "no object of a file is one of a cluster here"


async def test_a_file_that_cannot_be_opened_is_told_by_field_and_value(editor: AsyncClient, world: World) -> None:
    assert 'type="file"' in await page(editor, "/replay/")
    for data, told in (
        (b'{"format": "<img src=x>"}', "accepted"),
        (b"x" * 600_000, "600000 bytes"),
        (b"", "accepted"),
    ):
        answer = await editor.post("/replay/", {"file": SimpleUploadedFile("a.json", data)})
        html = answer.content.decode()
        assert answer.status_code == 400
        assert told in html
        assert "<img" not in html
    answer = await editor.post("/replay/", {})
    assert (answer.status_code, b"missing" in answer.content) == (400, True)


async def test_a_hostile_file_is_text_and_nothing_else(editor: AsyncClient, world: World) -> None:
    evil = "<img src=x onerror=alert(1)>\u202e\x1b[31m\"'>"
    content = exporting.document(episodes.stalled(), KEY)
    content |= {"cause": evil, "by": evil, "reason": evil}
    content["object"] |= {"name": evil, "kind": evil, "namespace": "../../" + evil}
    content["hops"] = [{"name": evil, "at": episodes.NOW, "took": 1, "object": evil, "detail": evil}]
    content["changes"] = [{"path": evil, "before": evil, "after": evil, "left_out": False}]
    answer = await editor.post("/replay/", {"file": SimpleUploadedFile("a.gz", exporting.pack(content))})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<img" not in html
    shown = re.sub(r'data-episode="[^"]*"', "", html)
    assert "\u202e" not in shown
    assert "\x1b" not in shown


async def test_nobody_without_a_token_gets_as_far_as_a_file(client_without: AsyncClient, world: World) -> None:
    answer = await client_without.post("/replay/", {"file": SimpleUploadedFile("a.gz", b"x")})
    assert answer.status_code == 401


@pytest.fixture
def client_without() -> AsyncClient:
    return AsyncClient()


async def test_no_body_is_larger_than_a_page_sends() -> None:
    sent: list[dict[str, object]] = []
    seen: list[str] = []

    async def inner(scope: object, receive: object, send: object) -> None:
        message = {"more_body": True}
        while message.get("more_body"):
            message = await receive()  # type: ignore[operator]  # ASGI's receive
            seen.append(str(message["type"]))

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    chunk = {"type": "http.request", "body": b"x" * (MAX_BODY // 2 + 1), "more_body": True}
    chunks = iter([chunk, chunk, chunk])

    async def receive() -> dict[str, object]:
        return next(chunks)

    await BodyLimit(inner)({"type": "http", "headers": [(b"Content-Length", b"%d" % (MAX_BODY + 1))]}, receive, send)
    assert (sent[0]["status"], seen) == (413, [])
    await BodyLimit(inner)({"type": "http", "headers": []}, receive, send)
    assert seen == ["http.request", "http.disconnect"]
    assert [message.get("status") for message in sent] == [413, None, 413, None]


async def test_an_episode_has_its_page_before_it_is_written_down(
    world: World, editor: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(cluster: str, key: str) -> None:
        return None

    monkeypatch.setattr(reading, "episode", nothing)
    monkeypatch.setattr(reading, "durations", none_before)
    monkeypatch.setattr(world.held.board, "episode", lambda id: episodes.scaled() if id == episodes.WEB else None)
    assert "converged</span>" in await page(editor, f"/c/sandbox/e/k-scaled/?of={episodes.WEB}")
    await page(editor, f"/c/sandbox/e/k-other/?of={episodes.WEB}", 404)
    await page(editor, "/c/sandbox/e/k-scaled/", 404)
