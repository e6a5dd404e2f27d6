"""What the history is told by the pages and by the board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.core.model import Change, Episode, Row
from dashboard.history.recording import Recording
from dashboard.live.board import Board
from dashboard.web import access
from dashboard.web.recording import record, recording_of
from tests.history.made import episode
from tests.live.factory import DEPLOYMENT, deployment
from tests.web.conftest import PORT
from tests.web.world import World

WEB = "/c/sandbox/o/apps/Deployment/shop/web"
ID = "apps/Deployment/shop/web"
SHOWN = {"replicas": "2", "shown.replicas": "2"}


class Told:
    """Stands in for what would be sent."""

    def __init__(self) -> None:
        self.edits: list[tuple[str, str, dict[str, Any]]] = []

    def edit(self, object: str, do: str, **about: Any) -> None:
        self.edits.append((object, do, about))


@pytest.fixture
def told(world: World) -> Told:
    world.put(deployment("web"))
    found = Told()
    world.cluster.recording = found  # type: ignore[assignment]  # it is asked for nothing else
    return found


async def test_an_edit_is_told_with_who_and_from_where(told: Told, editor: AsyncClient) -> None:
    await editor.post(f"{WEB}/edit", SHOWN | {"replicas": "5", "do": "apply"})
    ((object, do, about),) = told.edits
    assert (object, do) == (ID, "edit")
    assert about["changes"] == (Change("spec.replicas", 2, 5),)
    assert (about["who"], about["remote"]) == ("edit, by token", "127.0.0.1")


async def test_an_action_is_told_and_what_changed_nothing_is_not(
    told: Told, editor: AsyncClient, viewer: AsyncClient
) -> None:
    await editor.post(f"{WEB}/edit", SHOWN | {"replicas": "5", "do": "preview"})
    await editor.post(f"{WEB}/edit", SHOWN | {"replicas": "x", "do": "apply"})
    await viewer.post(f"{WEB}/act", {"do": "pause"})
    assert told.edits == []
    await editor.post(f"{WEB}/act", {"do": "pause"})
    assert [(object, do) for object, do, _ in told.edits] == [(ID, "pause")]


async def test_the_manner_is_told_by_cookie_and_through_the_open_door(told: Told, world: World) -> None:
    browser = AsyncClient()
    browser.cookies[f"reconcilerviz_{PORT}"] = access.Policy(port=PORT, token="full-token-0123").cookie_for("edit")
    await browser.post(f"{WEB}/act", {"do": "pause"})
    access.install(access.Policy(port=PORT, open_door=True))
    await AsyncClient().post(f"{WEB}/act", {"do": "resume"})
    assert [about["who"] for _, _, about in told.edits] == ["edit, by cookie", "edit, through the open door"]


@pytest.fixture
def board(tmp_path: Path, settings: Any) -> Iterator[Board]:
    settings.RECONCILERVIZ_DATA = tmp_path
    now = [1_790_000_000.0]

    def clock() -> float:
        now[0] += 0.01
        return now[0]

    board = Board(clock)
    board.begin(DEPLOYMENT)
    board.page(DEPLOYMENT, [deployment("web", ready=0)])
    board.end(DEPLOYMENT)
    yield board


def test_what_is_followed_already_is_told_and_not_replaced_by_what_was_kept(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby that becomes the leader follows episodes that it has told nobody of."""
    heard: list[tuple[Episode, Row]] = []
    monkeypatch.setattr(Recording, "episode", lambda self, episode, row: heard.append((episode, row)))
    board.tick(1_790_000_001.0)
    assert board.recorder is not None
    followed = [each.key for each, _ in board.recorder.open()]
    assert len(followed) == 1
    recording = recording_of("c", board)
    resumed: list[Episode] = []
    monkeypatch.setattr(board.recorder, "resume", resumed.extend)
    assert recording.resume is not None
    other = episode("other", object="apps/Deployment/shop/other")
    recording.resume([episode("stale", object=ID), other])
    assert [each.key for each, _ in heard] == followed
    assert resumed == [other]


async def test_a_picture_of_another_process_has_its_edits_kept_alone(
    world: World, tmp_path: Path, settings: Any
) -> None:
    settings.RECONCILERVIZ_DATA = tmp_path
    record(world.cluster)
    assert world.cluster.recording is not None
    assert world.cluster.recording.look is not None
    assert world.cluster.board.recorder.on_episode == world.cluster.recording.episode  # type: ignore[attr-defined]  # a Board
    world.cluster.board = object()  # type: ignore[assignment]  # any picture that is no Board
    record(world.cluster)
    assert world.cluster.recording.look is None
