"""The JSON API: every answer is what its own document says, and every refusal names the field and the value."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from django.test import AsyncClient

from dashboard.web.openapi import ROUTES, document
from tests.live.factory import deployment, pod, replicaset
from tests.web.world import World

API = "/api/v1"


def answers_with(schema: str, body: Any) -> None:
    """Raises where the body is not what the document promises."""
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document()["components"]}
    jsonschema_rs.Draft202012Validator(whole).validate(body)


async def get(visitor: AsyncClient, path: str, status: int = 200) -> Any:
    answer = await visitor.get(f"{API}/{path}")
    assert answer.status_code == status, answer.content
    kind = "application/json" if status == 200 else "application/problem+json"
    assert answer["Content-Type"] == kind
    return answer.json()


def test_the_document_is_openapi_3_1_with_a_schema_for_every_answer() -> None:
    whole = document()
    assert whole["openapi"] == "3.1.0"
    assert set(whole["paths"]) == {f"/{route.path}" for route in ROUTES}
    for schema in whole["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "components": whole["components"]})
    for path, item in whole["paths"].items():
        named = {each["name"] for each in item["get"]["parameters"] if each["in"] == "path"}
        assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}


async def test_the_document_is_served_and_needs_a_token(world: World, viewer: AsyncClient) -> None:
    assert (await get(viewer, "openapi.json"))["info"]["title"] == "ReconcilerViz"
    refused = await AsyncClient().get(f"{API}/openapi.json")
    assert (refused.status_code, refused.json()["ok"]) == (401, False)


async def test_clusters(world: World, viewer: AsyncClient) -> None:
    world.put(deployment("web"))
    body = await get(viewer, "clusters")
    answers_with("Clusters", body)
    (cluster,) = body["clusters"]
    assert (cluster["name"], cluster["state"], cluster["counts"]["converged"]) == ("sandbox", "live", 1)


async def test_rows_are_filtered_and_cut_as_the_board_is(world: World, viewer: AsyncClient) -> None:
    world.put(deployment("web"), deployment("slow", ready=1))
    body = await get(viewer, "clusters/sandbox/rows?kind=Deployment&count=1")
    answers_with("Window", body)
    assert [row["name"] for row in body["rows"]] == ["slow"]
    assert (body["total"], body["start"], body["counts"]["converged"]) == (2, 0, 1)
    rest = await get(viewer, "clusters/sandbox/rows?kind=Deployment&start=1")
    assert [row["name"] for row in rest["rows"]] == ["web"]


async def test_an_object_is_told_as_its_page_tells_it_without_what_changes_it(
    world: World, editor: AsyncClient
) -> None:
    owner = deployment("web", ready=1)
    sets = replicaset("web-1", owner)
    world.put(owner, sets, pod("web-1-a", sets))
    body = await get(editor, "clusters/sandbox/objects/apps/Deployment/shop/web")
    answers_with("ObjectView", body)
    assert "edit" not in body
    assert body["verdict"] == "converging"
    assert {gap["field"] for gap in body["ledger"] if gap["open"]} >= {"replicas · ready"}
    assert [each["kind"] for level in body["chain"] for each in level] == ["Deployment", "ReplicaSet", "Pod"]


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("clusters/other/rows", 404, ("cluster", "'other'")),
        ("clusters/sandbox/rows?verdict=fine", 400, ("verdict", "'fine'")),
        ("clusters/sandbox/rows?count=501", 400, ("count", "'501'")),
        ("clusters/sandbox/rows?start=-1", 400, ("start", "'-1'")),
        ("clusters/sandbox/rows?owner=web", 400, ("owner", "'web'")),
        ("clusters/sandbox/objects/apps/Deployment/shop/nope", 404, ("object", "'apps/Deployment/shop/nope'")),
        ("clusters/sandbox/episodes?ended=never", 400, ("ended", "'never'")),
        ("clusters/sandbox/episodes?slower=soon", 400, ("slower", "'soon'")),
        ("clusters/sandbox/episodes?count=0", 400, ("count", "'0'")),
        ("clusters/sandbox/episodes?before=yesterday", 400, ("before", "'yesterday'")),
        ("clusters/other/episodes/k", 404, ("cluster", "'other'")),
        ("clusters/sandbox/nodes", 404, ("path", "'clusters/sandbox/nodes'")),
        ("clusters/sandbox/objects/a/b/c", 404, ("path", "'clusters/sandbox/objects/a/b/c'")),
    ],
)
async def test_what_cannot_be_answered_names_the_field_and_the_value(
    world: World, viewer: AsyncClient, path: str, status: int, named: tuple[str, str]
) -> None:
    body = await get(viewer, path, status)
    answers_with("Problem", body)
    assert (body["status"], body["field"], body["value"]) == (status, *named)


async def test_nothing_can_be_changed_through_it(world: World, editor: AsyncClient) -> None:
    for route in ROUTES:
        path = route.path.replace("{name}", "sandbox").replace("{", "").replace("}", "")
        answer = await editor.post(f"{API}/{path}", {"a": "b"})
        assert answer.status_code == 405
