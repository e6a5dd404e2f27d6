"""Episodes through the JSON API, from a real database."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema_rs
import pytest
from django.test import AsyncClient

from dashboard.history.writing import write
from dashboard.web import access, clusters
from dashboard.web.openapi import document
from tests.history.made import NOW, batch, episode, told
from tests.web.world import World

TOKEN = "view-token-4567"


@pytest.fixture
def visitor(kept: str) -> Iterator[AsyncClient]:
    world = World()
    world.cluster.name = "c"
    clusters.clusters["c"] = world.cluster
    access.install(access.Policy(port=1, token="full-token-0123", view_token=TOKEN))
    write(batch(*(told(episode(f"k{at}", opened=NOW + at, took=at + 1), at + 1) for at in range(5))))
    yield AsyncClient(authorization=f"Bearer {TOKEN}")
    access.install(access.Policy())
    clusters.clusters.pop("c")


def is_as_described(schema: str, body: object) -> None:
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document()["components"]}
    jsonschema_rs.Draft202012Validator(whole).validate(body)


async def test_pages_lead_on_until_everything_was_told_once(visitor: AsyncClient) -> None:
    found: list[str] = []
    before = ""
    while True:
        body = (await visitor.get(f"/api/v1/clusters/c/episodes?count=2&before={before}")).json()
        is_as_described("Episodes", body)
        found += [each["episode"]["key"] for each in body["episodes"]]
        before = body["before"]
        if not before:
            break
    assert found == ["k4", "k3", "k2", "k1", "k0"]


async def test_filters_choose(visitor: AsyncClient) -> None:
    body = (await visitor.get("/api/v1/clusters/c/episodes?slower=3.5")).json()
    assert [each["episode"]["key"] for each in body["episodes"]] == ["k4", "k3"]


async def test_one_episode_has_its_hops_and_samples(visitor: AsyncClient) -> None:
    answer = await visitor.get("/api/v1/clusters/c/episodes/k2")
    is_as_described("KeptEpisode", answer.json())
    assert (answer.json()["kind"], answer.json()["name"]) == ("Deployment", "web")
    assert [hop["name"] for hop in answer.json()["episode"]["hops"]] == ["accepted", "observed", "ready"]
    assert answer.json()["episode"]["samples"]


async def test_no_such_episode_is_a_problem_that_names_it(visitor: AsyncClient) -> None:
    answer = await visitor.get("/api/v1/clusters/c/episodes/nope")
    assert answer.status_code == 404
    assert (answer.json()["field"], answer.json()["value"]) == ("key", "'nope'")
