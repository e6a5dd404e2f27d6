"""Edits and actions: what reaches the API, what is refused, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.cluster.errors import Forbidden, Invalid, Unreachable
from dashboard.web import clusters
from tests.live.factory import deployment, hpa, pod
from tests.web.world import World

WEB = "/c/sandbox/o/apps/Deployment/shop/web"
PATH = "/apis/apps/v1/namespaces/shop/deployments/web"
SHOWN = {"replicas": "2", "shown.replicas": "2", "image.main": "nginx:1", "shown.image.main": "nginx:1"}


@pytest.fixture
def shop(world: World) -> World:
    world.put(deployment("web"))
    return world


async def post(client: AsyncClient, path: str, status: int, **form: str) -> dict[str, Any]:
    answer = await client.post(path, form, headers={"accept": "application/json"})
    assert answer.status_code == status, answer.content[:500]
    answered: dict[str, Any] = answer.json()
    assert answered["ok"] is (status == 200)
    return answered


async def test_replicas_alone_go_to_scale_with_the_value_that_was_shown(shop: World, editor: AsyncClient) -> None:
    await post(editor, f"{WEB}/edit", 200, **SHOWN | {"replicas": "5", "do": "apply"})
    (call,) = shop.api.writes
    assert (call.method, call.path) == ("PATCH", f"{PATH}/scale")
    assert call.query["fieldManager"] == "reconcilerviz"
    assert call.body[0] == {"op": "test", "path": "/spec/replicas", "value": 2}
    assert shop.api.objects[PATH]["spec"]["replicas"] == 5


async def test_replicas_and_image_are_one_patch(shop: World, editor: AsyncClient) -> None:
    answer = await post(editor, f"{WEB}/edit", 200, **SHOWN | {"replicas": "1", "image.main": ":2", "do": "apply"})
    assert len(shop.api.writes) == 1
    spec = shop.api.objects[PATH]["spec"]
    assert (spec["replicas"], spec["template"]["spec"]["containers"][0]["image"]) == (1, "nginx:2")
    assert len(answer["diff"]) == 2


async def test_a_preview_is_a_dry_run_shown_as_a_difference(shop: World, editor: AsyncClient) -> None:
    answer = await post(editor, f"{WEB}/edit", 200, **SHOWN | {"replicas": "5", "do": "preview"})
    assert [call.query.get("dryRun") for call in shop.api.writes] == ["All"]
    assert answer["diff"] == [{"path": "spec.replicas", "before": 2, "after": 5}]
    assert shop.api.objects[PATH]["spec"]["replicas"] == 2


@pytest.mark.parametrize("value", ["-1", "1.5", "1000000000", "", "five", "٣", "1" * 10_000])
async def test_a_count_that_is_none_is_named_and_changes_nothing(shop: World, editor: AsyncClient, value: str) -> None:
    answer = await post(editor, f"{WEB}/edit", 400, **SHOWN | {"replicas": value, "do": "apply"})
    (problem,) = answer["errors"]
    assert problem["field"] == "replicas"
    assert len(problem["value"]) <= 200
    assert "a whole number from 0" in problem["message"]
    assert shop.api.writes == []


@pytest.mark.parametrize("image", ["nginx/UPPER:1", "a b", "<img src=x>", "nginx:"])
async def test_an_invalid_image_is_named_and_changes_nothing(shop: World, editor: AsyncClient, image: str) -> None:
    answer = await post(editor, f"{WEB}/edit", 400, **SHOWN | {"image.main": image, "do": "apply"})
    assert answer["errors"][0]["field"] == "image.main"
    assert shop.api.writes == []


async def test_what_changed_meanwhile_is_told_with_both_values(shop: World, editor: AsyncClient) -> None:
    shop.api.objects[PATH]["spec"]["replicas"] = 7
    answer = await post(editor, f"{WEB}/edit", 409, **SHOWN | {"replicas": "5", "do": "apply"})
    assert "changed since you looked" in answer["message"]
    assert answer["errors"] == [
        {"field": "replicas", "value": "7", "message": "replicas was 2 when you looked, and is 7 now"}
    ]
    assert shop.api.objects[PATH]["spec"]["replicas"] == 7


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (Forbidden(403, "Forbidden", 'User "ann" cannot patch deployments'), 403, "cannot patch deployments"),
        (Unreachable("no route to host"), 502, "no route to host"),
        (
            Invalid(422, "Invalid", "refused", {"causes": [{"field": "spec.replicas", "message": "too many"}]}),
            422,
            "refused",
        ),
    ],
)
async def test_the_clusters_refusal_is_passed_on(
    shop: World, editor: AsyncClient, failure: Exception, status: int, words: str
) -> None:
    shop.api.failing = failure
    answer = await post(editor, f"{WEB}/edit", status, **SHOWN | {"replicas": "5", "do": "apply"})
    assert words in answer["message"]
    if status == 422:
        assert answer["errors"][0]["message"] == "spec.replicas: too many"


async def test_who_may_only_look_and_a_read_only_process_are_refused(
    shop: World, viewer: AsyncClient, editor: AsyncClient
) -> None:
    for path, form in ((f"{WEB}/edit", SHOWN | {"replicas": "5", "do": "apply"}), (f"{WEB}/act", {"do": "pause"})):
        assert "may only look" in (await post(viewer, path, 403, **form))["message"]
    closed = World(allow_edits=False)
    closed.put(deployment("web"))
    clusters.clusters["sandbox"] = closed.cluster
    for path, form in ((f"{WEB}/edit", SHOWN | {"replicas": "5", "do": "apply"}), (f"{WEB}/act", {"do": "pause"})):
        assert "read-only" in (await post(editor, path, 403, **form))["message"].lower()
    assert shop.api.calls == closed.api.calls == []


async def test_undoers_are_named_in_the_answer(shop: World, editor: AsyncClient) -> None:
    shop.put(hpa("web", deployment("web")))
    answer = await post(editor, f"{WEB}/edit", 200, **SHOWN | {"replicas": "5", "do": "preview"})
    assert answer["undoers"] == ["HPA web sets replicas: it will be undone"]


async def test_pause_and_delete(shop: World, editor: AsyncClient) -> None:
    await post(editor, f"{WEB}/act", 200, do="pause")
    assert shop.api.objects[PATH]["spec"]["paused"] is True
    await post(editor, f"{WEB}/act", 400, do="delete")
    await post(editor, f"{WEB}/act", 400, do="explode")
    shop.put(pod("web-1-a"))
    await post(editor, "/c/sandbox/o/core/Pod/shop/web-1-a/act", 200, do="delete")
    call = shop.api.writes[-1]
    assert (call.method, call.path) == ("DELETE", "/api/v1/namespaces/shop/pods/web-1-a")
    assert call.body["preconditions"] == {"uid": "uid-shop-web-1-a"}


async def test_without_a_script_an_edit_leads_back_and_an_error_stands_beside_its_field(
    shop: World, editor: AsyncClient
) -> None:
    answer = await editor.post(f"{WEB}/edit", SHOWN | {"replicas": "5", "do": "apply"})
    assert (answer.status_code, answer.headers["Location"]) == (303, WEB)
    shop.put(deployment("web"))
    answer = await editor.post(f"{WEB}/edit", SHOWN | {"replicas": "-1", "do": "apply"})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert 'name="replicas" value="-1"' in html
    assert 'aria-invalid="true"' in html
    assert "must be a whole number" in html
    answer = await editor.post(f"{WEB}/edit", SHOWN | {"replicas": "5", "do": "preview"})
    assert "Nothing has been changed yet" in answer.content.decode()
    assert 'http-equiv="refresh"' not in answer.content.decode()
    assert (await editor.get(f"{WEB}/edit")).headers["Location"] == WEB


async def test_json_bodies_are_forms_too_and_anything_else_is_refused(shop: World, editor: AsyncClient) -> None:
    accept = {"accept": "application/json"}
    body: dict[str, object] = {**SHOWN, "replicas": 5, "do": "apply"}
    answer = await editor.post(f"{WEB}/edit", body, content_type="application/json", headers=accept)
    assert answer.status_code == 200
    for text in ("[1]", "{", '"x"'):
        answer = await editor.post(f"{WEB}/edit", text, content_type="application/json", headers=accept)
        assert answer.status_code == 400
    answer = await editor.post(
        f"{WEB}/edit", {**body, "replicas": True}, content_type="application/json", headers=accept
    )
    assert answer.json()["errors"][0]["value"] == "true"


async def test_what_is_not_there_is_404(shop: World, editor: AsyncClient) -> None:
    await post(editor, "/c/sandbox/o/apps/Deployment/shop/none/edit", 404, do="apply")
    await post(editor, "/c/sandbox/o/example.org/Nothing/shop/none/edit", 404, do="apply")
    answer = await editor.post("/c/none/o/apps/Deployment/shop/web/edit", {"do": "apply"})
    assert answer.status_code == 404
