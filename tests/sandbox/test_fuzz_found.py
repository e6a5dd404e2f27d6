"""Requests that once were a fault of the server, or left an object that was not whole."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.sandbox.conftest import Sandbox, config_map, deployment
from tests.sandbox.fuzzing import CRD

SHOP = "/api/v1/namespaces/shop"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
APPLY = "application/apply-patch+yaml"
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"


async def test_a_job_without_a_template(sandbox: Sandbox) -> None:
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}}
    answer = await sandbox.call("POST", "/apis/batch/v1/namespaces/shop/jobs", body)
    assert answer.status == 422
    assert "spec.template.spec.containers: Required value" in answer.json["message"]


async def test_a_pod_without_containers_where_there_are_limits_and_quotas(sandbox: Sandbox) -> None:
    sandbox.client.create("LimitRange", {"metadata": {"name": "a", "namespace": "shop"}})
    sandbox.client.create("ResourceQuota", {"metadata": {"name": "a", "namespace": "shop"}})
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}}
    answer = await sandbox.call("POST", f"{SHOP}/pods", body)
    assert (answer.status, "spec.containers: Required value" in answer.json["message"]) == (422, True)
    assert (await sandbox.call("GET", f"{SHOP}/resourcequotas/a")).json["spec"] == {}


@pytest.mark.parametrize(
    "query", ["gracePeriodSeconds=%C2%B2", "gracePeriodSeconds=x", "gracePeriodSeconds=" + "9" * 5000, "limit=%D9%A3"]
)
async def test_numbers_that_are_none(sandbox: Sandbox, query: str) -> None:
    answer = await sandbox.call("DELETE", f"{SHOP}/configmaps?{query}")
    assert answer.status == 400
    assert answer.json["message"].startswith(query.partition("=")[0])


@pytest.mark.parametrize("query", ["timeoutSeconds=%D9%A3", "timeoutSeconds=x"])
async def test_a_watch_of_no_length(sandbox: Sandbox, query: str) -> None:
    assert (await sandbox.call("GET", f"{SHOP}/configmaps?watch=1&{query}")).status == 400


async def test_very_many_unknown_fields(sandbox: Sandbox) -> None:
    body = config_map("a") | {f"field{number}": 1 for number in range(600)}
    answer = await sandbox.call("POST", f"{SHOP}/configmaps", body)
    assert answer.status == 201
    told = answer.headers.getall("Warning")
    assert len(told) <= 100
    assert sum(len(text) for text in told) < 6000


@pytest.mark.parametrize(
    ("below", "body"),
    [
        ("DELETE", {"preconditions": "a"}),
        ("DELETE", {"gracePeriodSeconds": "1"}),
        ("DELETE", []),
        ("eviction", {"deleteOptions": 5}),
        ("binding", {"target": "node-0"}),
    ],
)
async def test_options_of_the_wrong_types(sandbox: Sandbox, below: str, body: Any) -> None:
    spec = {"containers": [{"name": "a", "image": "a"}]}
    sandbox.client.create("Pod", {"metadata": {"name": "a", "namespace": "shop"}, "spec": spec})
    path = f"{SHOP}/pods/a"
    asked = ("DELETE", path) if below == "DELETE" else ("POST", f"{path}/{below}")
    answer = await sandbox.call(*asked, [1] if body == [] else body)
    assert answer.status == 400
    assert "cannot be handled as a" in answer.json["message"]


def definition(**inner: Any) -> dict[str, Any]:
    """A CRD whose `items` are this schema."""
    crd = copy.deepcopy(CRD)
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["tags"] = {"type": "array", "items": inner}
    return crd


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ({"type": "object", "required": [{"a": 1}]}, "must be a schema: cannot unmarshal object"),
        ({"type": "object", "properties": {"a": []}}, "must be a schema: cannot unmarshal array"),
        ({"type": "nothing"}, 'Unsupported value: "nothing"'),
        ({}, "Required value: must not be empty for specified object fields"),
        ({"type": "array"}, "Required value: must be specified"),
        ({"type": "string", "pattern": "(("}, "must be a valid regular expression"),
        ({"type": "object", "additionalProperties": 5}, "must be a schema"),
    ],
)
async def test_schemas_within_schemas(sandbox: Sandbox, inner: dict[str, Any], message: str) -> None:
    answer = await sandbox.call("POST", CRDS, definition(**inner))
    assert answer.status == 422, answer.body
    assert message in answer.json["message"]


async def test_a_definition_takes_no_path_of_a_built_in_kind(sandbox: Sandbox) -> None:
    crd = copy.deepcopy(CRD)
    crd["metadata"]["name"] = "storageclasses.storage.k8s.io"
    crd["spec"] |= {"group": "storage.k8s.io", "names": {"kind": "Own", "plural": "storageclasses"}}
    assert "api-approved" in (await sandbox.call("POST", CRDS, crd)).json["message"]
    crd["metadata"]["annotations"] = {"api-approved.kubernetes.io": "unapproved, a test"}
    made = await sandbox.call("POST", CRDS, crd)
    assert made.status == 201
    stored = (await sandbox.call("GET", f"{CRDS}/storageclasses.storage.k8s.io")).json
    assert [(c["status"], c["reason"]) for c in stored["status"]["conditions"]] == [
        ("False", "PluralConflict"),
        ("False", "NotAccepted"),
    ]
    assert (await sandbox.call("GET", "/apis/storage.k8s.io/v1/storageclasses")).json["kind"] == "StorageClassList"


@pytest.mark.parametrize(
    ("field", "value"), [("name", None), ("name", "é"), ("name", "../v1"), ("name", "v1"), ("schema", {})]
)
async def test_versions_of_definitions(sandbox: Sandbox, field: str, value: Any) -> None:
    crd = copy.deepcopy(CRD)
    crd["spec"]["versions"].append({**crd["spec"]["versions"][0], "name": "v2", "storage": False, field: value})
    answer = await sandbox.call("POST", CRDS, crd)
    assert answer.status == 422
    assert f"spec.versions[1].{field}" in answer.json["message"]


@pytest.mark.parametrize(
    "fields", [{"f:data": "x"}, {"f:data": {"k:((": {}}}, {"data": {}}, {"f:data": {"v:{": {}}}, {"k:[]": {}}]
)
async def test_ownership_that_makes_no_sense_changes_nothing(sandbox: Sandbox, fields: dict[str, Any]) -> None:
    before = sandbox.client.create("ConfigMap", config_map("a", k="1"))
    owners = before["metadata"]["managedFields"]
    given = [{**owners[0], "fieldsV1": fields}]
    patch = {"metadata": {"managedFields": given}}
    answer = await sandbox.call("PATCH", f"{SHOP}/configmaps/a", patch, content_type=MERGE)
    assert (answer.status, answer.json["metadata"]["managedFields"]) == (200, owners)
    applied = config_map("a", k="2")
    clash = await sandbox.call("PATCH", f"{SHOP}/configmaps/a?fieldManager=me", applied, content_type=APPLY)
    assert (clash.status, clash.json["reason"]) == (409, "Conflict")


async def test_a_patch_that_keeps_nothing(sandbox: Sandbox) -> None:
    sandbox.client.create("ConfigMap", config_map("a"))
    answer = await sandbox.call("PATCH", f"{SHOP}/configmaps/a", {"$retainKeys": ["data"]}, content_type=STRATEGIC)
    assert answer.status == 400
    assert (await sandbox.call("GET", f"{SHOP}/configmaps/a")).json["metadata"]["name"] == "a"


async def test_an_applied_namespace_is_that_of_the_path(sandbox: Sandbox) -> None:
    sandbox.client.create("ConfigMap", config_map("a"))
    body = config_map("a")
    body["metadata"]["namespace"] = "default"
    answer = await sandbox.call("PATCH", f"{SHOP}/configmaps/a?fieldManager=me", body, content_type=APPLY)
    assert answer.status == 400
    assert "does not match the namespace" in answer.json["message"]


async def test_null_in_a_list_is_an_empty_element(sandbox: Sandbox) -> None:
    body = deployment()
    body["spec"]["template"]["spec"]["containers"].append(None)
    answer = await sandbox.call("POST", "/apis/apps/v1/namespaces/shop/deployments", body)
    assert answer.status == 422
    assert "spec.template.spec.containers[1].name: Required value" in answer.json["message"]


async def test_a_kind_that_another_definition_has(sandbox: Sandbox) -> None:
    sandbox.client.create("CustomResourceDefinition", CRD)
    other = copy.deepcopy(CRD)
    other["metadata"]["name"] = "others.stable.example.com"
    other["spec"]["names"] = {"kind": "Hoge", "plural": "others"}
    assert (await sandbox.call("POST", CRDS, other)).status == 201
    stored = (await sandbox.call("GET", f"{CRDS}/others.stable.example.com")).json
    assert [c["reason"] for c in stored["status"]["conditions"]] == ["KindConflict", "NotAccepted"]
    assert (await sandbox.call("GET", "/apis/stable.example.com/v1/others")).status == 404
    # Nobody's objects go with it.
    sandbox.client.create("Hoge", {"metadata": {"name": "a", "namespace": "shop"}, "spec": {"size": 1}})
    assert (await sandbox.call("DELETE", f"{CRDS}/others.stable.example.com")).status == 200
    assert (await sandbox.call("GET", "/apis/stable.example.com/v1/namespaces/shop/hoges/a")).status == 200
