"""Patches: strategic merge by a table, JSON patch, merge patch, what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dashboard.sandbox.patches.strategic import StrategicError, strategic_merge
from dashboard.sandbox.schema.nodes import root
from tests.sandbox.conftest import Sandbox, deployment

PATH = "/apis/apps/v1/namespaces/shop/deployments/web"
JSON = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"

POD = root("", "v1", "Pod")


def pod(**spec: Any) -> dict[str, Any]:
    return {"spec": spec}


def containers(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "image": f"{name}:1"} for name in names]


CASES = {
    "item by key": (
        pod(containers=containers("a", "b")),
        pod(containers=[{"name": "b", "image": "b:2"}]),
        pod(containers=[{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:2"}]),
    ),
    "new item": (
        pod(containers=containers("a")),
        pod(containers=containers("b")),
        pod(containers=containers("a", "b")),
    ),
    "delete item": (
        pod(containers=containers("a", "b")),
        pod(containers=[{"name": "a", "$patch": "delete"}]),
        pod(containers=containers("b")),
    ),
    "replace list": (
        pod(containers=containers("a", "b")),
        pod(containers=[{"$patch": "replace"}, *containers("c")]),
        pod(containers=containers("c")),
    ),
    "replace map": (
        pod(nodeSelector={"a": "1", "b": "2"}),
        pod(nodeSelector={"c": "3", "$patch": "replace"}),
        pod(nodeSelector={"c": "3"}),
    ),
    "null removes": (pod(nodeName="x", hostname="y"), pod(nodeName=None), pod(hostname="y")),
    "maps merge": (pod(nodeSelector={"a": "1"}), pod(nodeSelector={"b": "2"}), pod(nodeSelector={"a": "1", "b": "2"})),
    "atomic list": (
        pod(tolerations=[{"key": "a"}, {"key": "b"}]),
        pod(tolerations=[{"key": "c"}]),
        pod(tolerations=[{"key": "c"}]),
    ),
    "nested lists": (
        pod(containers=[{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}]),
        pod(containers=[{"name": "a", "env": [{"name": "Y", "value": "3"}]}]),
        pod(containers=[{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "3"}]}]),
    ),
    "order": (
        pod(containers=containers("a", "b", "c")),
        pod(**{"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}, {"name": "b"}]}),
        pod(containers=containers("c", "a", "b")),
    ),
    "order and a new item": (
        pod(containers=containers("a", "b")),
        pod(
            **{
                "$setElementOrder/containers": [{"name": "n"}, {"name": "a"}, {"name": "b"}],
                "containers": containers("n"),
            }
        ),
        pod(containers=containers("n", "a", "b")),
    ),
    "primitive list merges": (
        {"metadata": {"finalizers": ["a"]}},
        {"metadata": {"finalizers": ["b"]}},
        {"metadata": {"finalizers": ["a", "b"]}},
    ),
    "delete from primitive list": (
        {"metadata": {"finalizers": ["a", "b", "c"]}},
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a", "c"]}},
        {"metadata": {"finalizers": ["b"]}},
    ),
    "retain keys": (
        pod(volumes=[{"name": "v", "emptyDir": {}}]),
        pod(volumes=[{"name": "v", "hostPath": {"path": "/x"}, "$retainKeys": ["name", "hostPath"]}]),
        pod(volumes=[{"name": "v", "hostPath": {"path": "/x"}}]),
    ),
    "directives never stay": (
        pod(),
        pod(containers=[{"name": "a", "env": [{"name": "X", "$patch": "delete"}]}]),
        pod(containers=[{"name": "a", "env": []}]),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_strategic(name: str) -> None:
    live, patch, expected = copy.deepcopy(CASES[name])
    assert strategic_merge(POD, live, patch) == expected


@pytest.mark.parametrize(
    "patch",
    [
        pod(containers=[{"image": "x"}]),
        {"$patch": "explode"},
        pod(volumes=[{"name": "v", "emptyDir": {}, "$retainKeys": ["name"]}]),
    ],
)
def test_strategic_contradictions(patch: dict[str, Any]) -> None:
    with pytest.raises(StrategicError):
        strategic_merge(POD, pod(containers=containers("a"), volumes=[{"name": "v"}]), patch)


async def test_json_patch_with_a_test(sandbox: Sandbox) -> None:
    sandbox.client.create("Deployment", deployment())
    image = "/spec/template/spec/containers/0/image"
    operations = [
        {"op": "test", "path": "/spec/replicas", "value": 3},
        {"op": "test", "path": image, "value": "nginx:1.18.0-alpine"},
        {"op": "replace", "path": "/spec/replicas", "value": 1},
        {"op": "replace", "path": image, "value": "nginx:1.19.5-alpine"},
    ]
    answer = await sandbox.call("PATCH", PATH, operations, content_type=JSON)
    assert (answer.status, answer.json["spec"]["replicas"], answer.json["metadata"]["generation"]) == (200, 1, 2)
    again = await sandbox.call("PATCH", PATH, operations, content_type=JSON)
    assert again.status == 422
    assert again.json == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "the server rejected our request due to an error in our request",
        "reason": "Invalid",
        "details": {},
        "code": 422,
    }


@pytest.mark.parametrize(
    ("patch", "content_type", "code"),
    [
        ({"op": "add"}, JSON, 400),
        ([{"op": "explode", "path": "/spec"}], JSON, 422),
        ([{"op": "remove", "path": "/spec/nothing"}], JSON, 422),
        ([{"op": "add", "path": "/spec/a/b", "value": 1}], JSON, 422),
        ([{"op": "replace", "path": "/spec/replicas", "value": "x"}], JSON, 422),
        ([{"op": "replace", "path": "/metadata/name", "value": "other"}], JSON, 400),
        ([], MERGE, 400),
        ([], STRATEGIC, 400),
        ({"spec": {"replicas": 2**31}}, MERGE, 422),
        ({"spec": {"replicas": 1.5}}, STRATEGIC, 422),
        ({"spec": {"template": None}}, MERGE, 422),
        ({"metadata": {"resourceVersion": "1"}}, MERGE, 409),
        ({"spec": {"replicas": 1}}, "application/json", 415),
    ],
)
async def test_refused(sandbox: Sandbox, patch: Any, content_type: str, code: int) -> None:
    sandbox.client.create("Deployment", deployment())
    before = sandbox.client.get("Deployment", "shop", "web")
    answer = await sandbox.call("PATCH", PATH, patch, content_type=content_type)
    assert answer.status == code, answer.body
    assert sandbox.client.get("Deployment", "shop", "web") is before


async def test_nothing_changed_is_not_written(sandbox: Sandbox) -> None:
    sandbox.client.create("Deployment", deployment())
    before = sandbox.api.store.revision
    answer = await sandbox.call("PATCH", PATH, {"spec": {"replicas": 3}}, content_type=MERGE)
    assert (answer.status, sandbox.api.store.revision) == (200, before)


async def test_dry_run_writes_nothing(sandbox: Sandbox) -> None:
    before = sandbox.api.store.revision
    collection = "/apis/apps/v1/namespaces/shop/deployments"
    made = await sandbox.call("POST", f"{collection}?dryRun=All", deployment())
    assert (made.status, sandbox.api.store.revision) == (201, before)
    sandbox.client.create("Deployment", deployment())
    before = sandbox.api.store.revision
    for method, path, body, content in (
        ("PATCH", PATH, {"spec": {"replicas": 9}}, MERGE),
        ("PATCH", f"{PATH}/scale", {"spec": {"replicas": 9}}, MERGE),
        ("DELETE", PATH, None, "application/json"),
    ):
        answer = await sandbox.call(method, f"{path}?dryRun=All", body, content_type=content)
        assert (answer.status, sandbox.api.store.revision) == (200, before)
    refused = await sandbox.call("PATCH", f"{PATH}?dryRun=Some", {}, content_type=MERGE)
    assert refused.status == 422
    assert 'supported values: \\"All\\"' in refused.body.decode()
