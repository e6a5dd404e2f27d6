"""Server-side apply and managedFields: who owns what, conflicts, co-ownership, removal."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox import fieldsets
from tests.sandbox.conftest import Answer, Sandbox, config_map, deployment

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
MAP = "/api/v1/namespaces/shop/configmaps/shared"
WEB = "/apis/apps/v1/namespaces/shop/deployments/web"


async def apply(sandbox: Sandbox, manager: str, path: str, body: Any, force: bool = False) -> Answer:
    query = f"?fieldManager={manager}" + ("&force=true" if force else "")
    return await sandbox.call("PATCH", path + query, body, content_type=APPLY)


def shared(**data: str) -> dict[str, Any]:
    return config_map("shared", **data)


def owners(obj: dict[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {
        (e["manager"], e["operation"], e.get("subresource", "")): e["fieldsV1"]
        for e in obj["metadata"]["managedFields"]
    }


async def test_removes_what_is_applied_no_more(sandbox: Sandbox) -> None:
    await apply(sandbox, "alice", MAP, shared(a="1", b="1"))
    answer = await apply(sandbox, "alice", MAP, shared(a="1"))
    assert answer.json["data"] == {"a": "1"}


async def test_keeps_what_somebody_else_owns_too(sandbox: Sandbox) -> None:
    await apply(sandbox, "alice", MAP, shared(a="1", b="1"))
    await apply(sandbox, "bob", MAP, shared(b="1"))
    answer = await apply(sandbox, "alice", MAP, shared(a="1"))
    assert answer.json["data"] == {"a": "1", "b": "1"}
    assert owners(answer.json) == {
        ("alice", "Apply", ""): {"f:data": {"f:a": {}}},
        ("bob", "Apply", ""): {"f:data": {"f:b": {}}},
    }


async def test_conflicts_name_every_manager(sandbox: Sandbox) -> None:
    await apply(sandbox, "alice", MAP, shared(a="1", b="1"))
    await sandbox.call("PATCH", MAP + "?fieldManager=carol", {"data": {"c": "1"}}, content_type=MERGE)
    answer = await apply(sandbox, "bob", MAP, shared(a="2", b="2", c="2"))
    assert answer.status == 409
    assert answer.json["message"] == (
        'Apply failed with 3 conflicts: conflicts with "alice":\n- .data.a\n- .data.b\n'
        'conflicts with "carol" using v1:\n- .data.c'
    )
    assert {cause["reason"] for cause in answer.json["details"]["causes"]} == {"FieldManagerConflict"}


async def test_scale_takes_replicas_from_an_applier(sandbox: Sandbox) -> None:
    await apply(sandbox, "gitops", WEB, deployment(replicas=3))
    await sandbox.call("PATCH", f"{WEB}/scale?fieldManager=kubectl", {"spec": {"replicas": 5}}, content_type=MERGE)
    live = sandbox.client.get("Deployment", "shop", "web")
    assert live is not None
    assert owners(live)["kubectl", "Update", "scale"] == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in owners(live)["gitops", "Apply", ""]["f:spec"]
    refused = await apply(sandbox, "gitops", WEB, deployment(replicas=3))
    assert refused.json["message"] == (
        'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas'
    )
    forced = await apply(sandbox, "gitops", WEB, deployment(replicas=3), force=True)
    assert (forced.status, forced.json["spec"]["replicas"]) == (200, 3)
    assert ("kubectl", "Update", "scale") not in owners(forced.json)


async def test_list_items_have_owners(sandbox: Sandbox) -> None:
    await apply(sandbox, "gitops", WEB, deployment())
    sidecar = deployment()
    sidecar["spec"] = {"template": {"spec": {"containers": [{"name": "side", "image": "side:1"}]}}}
    answer = await apply(sandbox, "mesh", WEB, sidecar)
    names = [c["name"] for c in answer.json["spec"]["template"]["spec"]["containers"]]
    assert names == ["nginx", "side"]
    again = await apply(sandbox, "gitops", WEB, deployment())
    assert [c["name"] for c in again.json["spec"]["template"]["spec"]["containers"]] == ["nginx", "side"]
    mine = owners(answer.json)["mesh", "Apply", ""]["f:spec"]["f:template"]["f:spec"]["f:containers"]
    assert mine == {'k:{"name":"side"}': {".": {}, "f:image": {}, "f:name": {}}}


async def test_same_again_writes_nothing(sandbox: Sandbox) -> None:
    await apply(sandbox, "alice", MAP, shared(a="1"))
    before = sandbox.api.store.revision
    answer = await apply(sandbox, "alice", MAP, shared(a="1"))
    assert (answer.status, sandbox.api.store.revision) == (200, before)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "fieldManager: Required value: is required for apply patch"),
        ("?fieldManager=x&dryRun=y", 'supported values: "All"'),
    ],
)
async def test_parameters(sandbox: Sandbox, query: str, text: str) -> None:
    answer = await sandbox.call("PATCH", MAP + query, shared(a="1"), content_type=APPLY)
    assert answer.status == 422
    assert text in answer.json["message"]


async def test_managed_fields_may_not_be_applied(sandbox: Sandbox) -> None:
    body = shared(a="1")
    body["metadata"]["managedFields"] = [{"manager": "x"}]
    answer = await apply(sandbox, "alice", MAP, body)
    assert (answer.status, answer.json["message"]) == (400, "metadata.managedFields must be nil")


async def test_status_has_its_own_entry(sandbox: Sandbox) -> None:
    sandbox.client.create("Deployment", deployment())
    body = {"status": {"replicas": 1}, "spec": {"replicas": 9}}
    answer = await sandbox.call("PATCH", f"{WEB}/status?fieldManager=me", body, content_type=MERGE)
    assert answer.json["spec"]["replicas"] == 3
    assert answer.json["metadata"]["generation"] == 1
    assert owners(answer.json)["me", "Update", "status"] == {"f:status": {"f:replicas": {}}}


def test_field_sets_survive_being_written() -> None:
    tree = {
        "f:metadata": {"f:labels": {".": {}, "f:app": {}}, "f:finalizers": {'v:"x"': {}}},
        "f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}}},
    }
    assert fieldsets.encode(fieldsets.decode(tree)) == tree
    path = ("f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:port")
    assert fieldsets.written(path) == '.spec.ports[port=80,protocol="TCP"].port'
