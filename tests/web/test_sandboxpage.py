"""The page that breaks a sandbox: only a sandbox has it, only who may edit can use it, and it says what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.cluster.errors import BadRequest, NotFound
from dashboard.web import clusters
from tests.web.world import World

PAGE = "/c/sandbox/sandbox/"
LOOP = {
    "name": "deployment-controller",
    "state": "slow",
    "delay": 5.0,
    "rules": [{}],
    "held": 2,
    "syncs": 7,
    "last": [],
}
RUN = {"state": "running", "step": 2, "steps": 4, "notes": ["refused: <b>no</b>"]}
EXPECTED = {"object": "Deployment/web", "verdict": "stalled", "cause": "no such image", "at": "", "after": 0}
SCENARIO = {"name": "image-missing", "title": "An image", "teaches": "It waits.", "expects": [EXPECTED], "run": RUN}


def answers(version: str = "v1.36.2+sandbox") -> dict[str, Any]:
    """What a sandbox serves below its paths."""
    return {
        "/sandbox/": {"kind": "Sandbox", "apiVersion": "sandbox.reconcilerviz/v1", "speed": 1.0},
        "/version": {"gitVersion": version},
        "/sandbox/loops": {"loops": [LOOP]},
        "/sandbox/scenarios": {"scenarios": [SCENARIO]},
        "/sandbox/loops/deployment-controller": LOOP | {"message": "deployment-controller works on shop/web once"},
        "/sandbox/scenarios/image-missing": SCENARIO,
    }


@pytest.fixture
def lab(world: World) -> World:
    world.api.objects |= answers()
    return world


@pytest.fixture
def real() -> Iterator[World]:
    """A cluster that is none of ours."""
    world = World(sandbox=False)
    clusters.clusters["sandbox"] = world.cluster
    yield world


async def test_shows_scenarios_and_loops(lab: World, editor: AsyncClient) -> None:
    response = await editor.get(PAGE)
    text = response.content.decode()
    assert response.status_code == 200
    assert "image-missing" in text
    assert "deployment-controller" in text
    assert "slow, 5.0 s before each sync" in text
    assert "refused: &lt;b&gt;no&lt;/b&gt;" in text
    assert 'value="start"' in text


async def test_a_viewer_sees_no_controls_and_is_refused(lab: World, viewer: AsyncClient) -> None:
    text = (await viewer.get(PAGE)).content.decode()
    assert "image-missing" in text
    assert "<button" not in text[text.index("<main") : text.index("</main>")]
    response = await viewer.post(PAGE, {"scenario": "image-missing", "do": "start"})
    assert response.status_code == 403
    assert lab.api.writes == []


async def test_a_form_starts_a_scenario_and_leads_back(lab: World, editor: AsyncClient) -> None:
    response = await editor.post(PAGE, {"scenario": "image-missing", "do": "start"})
    assert (response.status_code, response["Location"]) == (303, f"{PAGE}#s-image-missing")
    [call] = lab.api.writes
    assert (call.method, call.path, call.body) == ("POST", "/sandbox/scenarios/image-missing", {"do": "start"})


async def test_a_loop_is_slowed_and_stepped(lab: World, editor: AsyncClient) -> None:
    await editor.post(PAGE, {"loop": "deployment-controller", "do": "slow", "delay": "2.5"})
    stepped = await editor.post(PAGE, {"loop": "deployment-controller", "do": "step"})
    assert [call.body for call in lab.api.writes] == [{"do": "slow", "delay": 2.5}, {"do": "step"}]
    assert "works on shop/web once" in stepped.content.decode()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"loop": "deployment-controller", "do": "slow", "delay": "nan"}, "delay"),
        ({"loop": "deployment-controller", "do": "slow", "delay": "1e9"}, "delay"),
        ({"loop": "deployment-controller", "do": "explode"}, "explode"),
        ({"scenario": "image-missing", "do": "pause"}, "pause"),
        ({"scenario": "../../api/v1/namespaces", "do": "start"}, "there is no scenario"),
        ({}, "do"),
    ],
)
async def test_a_wrong_form_changes_nothing(lab: World, editor: AsyncClient, form: dict[str, str], said: str) -> None:
    response = await editor.post(PAGE, form)
    assert response.status_code in (400, 404)
    assert said in response.content.decode()
    assert lab.api.writes == []


@pytest.mark.parametrize(
    ("problem", "status"),
    [(NotFound(404, "NotFound", "did you mean image-missing?"), 404), (BadRequest(400, "BadRequest", "too slow"), 400)],
)
async def test_what_the_sandbox_refuses_is_told(
    lab: World, editor: AsyncClient, problem: Exception, status: int
) -> None:
    lab.api.failing = problem
    response = await editor.post(
        PAGE, {"scenario": "image-missing", "do": "start"}, headers={"Accept": "application/json"}
    )
    assert response.status_code == status
    assert str(problem).split(": ")[-1] in response.json()["message"]


async def test_a_real_cluster_has_no_such_page(world: World, real: World, editor: AsyncClient) -> None:
    assert (await editor.get(PAGE)).status_code == 404
    assert (await editor.post(PAGE, {"scenario": "image-missing", "do": "start"})).status_code == 404
    assert real.api.calls == []
    board = (await editor.get("/c/sandbox/")).content.decode()
    assert "/sandbox/sandbox/" not in board


async def test_a_server_that_is_no_sandbox_receives_no_write(lab: World, editor: AsyncClient) -> None:
    """Even where this process was told that it is one."""
    lab.api.objects |= answers(version="v1.36.2")
    response = await editor.post(PAGE, {"scenario": "image-missing", "do": "start"})
    assert response.status_code == 503
    assert "is not a sandbox" in response.content.decode()
    assert lab.api.writes == []
