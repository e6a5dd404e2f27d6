"""What an edit looks like on the wire, and whose errors come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from dashboard.cluster import edits
from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import BadRequest, Conflict, Forbidden, Invalid
from tests.cluster.mirror import connect
from tests.cluster.wire import DEPLOYMENTS, SECRETS, Fault, Handler, Wire, refuse

JSON_PATCH = "application/json-patch+json"


def answering(content: Any) -> Fault:
    async def fault(wire: Wire, request: web.Request, answer: Handler) -> web.StreamResponse:
        return web.json_response(content)

    return fault


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as wire:
        yield wire


@pytest.fixture
async def connection(wire: Wire) -> AsyncIterator[Connection]:
    connection = connect(wire)
    yield connection
    await connection.close()


@pytest.mark.parametrize("dry_run", [True, False])
async def test_patch_carries_manager_validation_and_dry_run(wire: Wire, connection: Connection, dry_run: bool) -> None:
    wire.always.append((lambda request: True, answering({"kind": "Deployment"})))
    body = [
        {"op": "test", "path": "/spec/replicas", "value": 3},
        {"op": "replace", "path": "/spec/replicas", "value": 5},
    ]
    answer = await edits.patch(
        connection, DEPLOYMENTS, "shop", "web", content_type=JSON_PATCH, body=body, dry_run=dry_run
    )
    assert answer == {"kind": "Deployment"}
    query = {"fieldManager": "reconcilerviz", "fieldValidation": "Strict"}
    path = "/apis/apps/v1/namespaces/shop/deployments/web"
    assert wire.requests == [("PATCH", path, {**query, "dryRun": "All"} if dry_run else query)]
    assert wire.headers[0]["Content-Type"] == JSON_PATCH
    assert wire.bodies == [body]


async def test_scale_subresource(wire: Wire, connection: Connection) -> None:
    wire.always.append((lambda request: True, answering({"kind": "Scale"})))
    body = {"spec": {"replicas": 5}}
    content_type = "application/merge-patch+json"
    await edits.patch(connection, DEPLOYMENTS, "shop", "web", subresource="scale", content_type=content_type, body=body)
    assert wire.requests[0][1].endswith("/web/scale")
    assert wire.headers[0]["Content-Type"] == content_type
    assert wire.bodies == [body]


async def test_names_cannot_leave_their_place(wire: Wire, connection: Connection) -> None:
    wire.always.append((lambda request: True, answering({})))
    await edits.get(connection, DEPLOYMENTS, "../kube-system", "a/../../b?x=1#y %2e")
    assert wire.requests[0][2] == {}
    assert wire.requests[0][1] == "/apis/apps/v1/namespaces/../kube-system/deployments/a/../../b?x=1#y %2e"
    assert "%2F" in wire.raw_paths[0]
    assert "%3F" in wire.raw_paths[0]


@pytest.mark.parametrize(("namespace", "name"), [("..", "web"), ("shop", ".."), (".", "web")])
async def test_dots_are_no_names(wire: Wire, connection: Connection, namespace: str, name: str) -> None:
    with pytest.raises(BadRequest):
        await edits.delete(connection, DEPLOYMENTS, namespace, name)
    assert wire.requests == []


async def test_delete_with_preconditions(wire: Wire, connection: Connection) -> None:
    wire.always.append((lambda request: True, answering({"kind": "Status"})))
    await edits.delete(connection, DEPLOYMENTS, "shop", "web", uid="u-1", grace=0, dry_run=True)
    assert wire.requests[0][0] == "DELETE"
    assert wire.bodies == [
        {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "propagationPolicy": "Background",
            "preconditions": {"uid": "u-1"},
            "gracePeriodSeconds": 0,
            "dryRun": ["All"],
        }
    ]


@pytest.mark.parametrize(("code", "error"), [(403, Forbidden), (409, Conflict), (422, Invalid)])
async def test_refusals_pass_through(wire: Wire, connection: Connection, code: int, error: type[Exception]) -> None:
    wire.next(lambda request: True, refuse(code, "Why", causes=[{"field": "spec.replicas"}]))
    with pytest.raises(error) as raised:
        await edits.patch(connection, DEPLOYMENTS, "shop", "web", content_type=JSON_PATCH, body=[])
    assert raised.value.details["causes"][0]["field"] == "spec.replicas"  # type: ignore[attr-defined] - an ApiError


async def test_secrets_are_not_touched(wire: Wire, connection: Connection) -> None:
    with pytest.raises(Forbidden):
        await edits.get(connection, SECRETS, "shop", "password")
    with pytest.raises(Forbidden):
        await edits.delete(connection, SECRETS, "shop", "password")
    assert wire.requests == []


async def test_revisions_are_the_owned_ones(wire: Wire, connection: Connection) -> None:
    def replica_set(name: str, uid: str, controller: bool = True) -> dict[str, Any]:
        return {"metadata": {"name": name, "ownerReferences": [{"uid": uid, "controller": controller}]}}

    items = [replica_set("ours", "u"), replica_set("theirs", "v"), replica_set("friend", "u", False), {}, None]
    wire.always.append((lambda request: True, answering({"items": items})))
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u"},
        "spec": {
            "selector": {
                "matchLabels": {"app": "web"},
                "matchExpressions": [
                    {"key": "tier", "operator": "In", "values": ["a", "b"]},
                    {"key": "old", "operator": "DoesNotExist"},
                ],
            }
        },
    }
    found = await edits.revisions(connection, deployment)
    assert [(item["kind"], item["apiVersion"], item["metadata"]["name"]) for item in found] == [
        ("ReplicaSet", "apps/v1", "ours")
    ]
    assert wire.requests[0][1] == "/apis/apps/v1/namespaces/shop/replicasets"
    assert wire.requests[0][2]["labelSelector"] == "app=web,tier in (a,b),!old"
    assert await edits.revisions(connection, {"apiVersion": "v1", "kind": "Pod"}) == []
