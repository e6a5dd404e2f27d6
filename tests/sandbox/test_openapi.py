"""OpenAPI v3 documents: complete, honest about types, and of the CRDs as they are written."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dashboard.sandbox.registry import BUILTIN, Registry
from dashboard.sandbox.schema import openapi
from dashboard.sandbox.schema.nodes import root
from dashboard.sandbox.server.openapi import Documents
from tests.sandbox.conftest import Sandbox

DOCUMENTS = Documents(Registry())
VERSIONS = [(group, version) for group, versions in Registry().groups().items() for version in versions]

CRD: Any = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "hoges.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Hoge", "plural": "hoges"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "description": "Something of one's own.",
                        "required": ["spec"],
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {"size": {"type": "integer", "maximum": 10, "description": "How big."}},
                            }
                        },
                    }
                },
            }
        ],
    },
}


def document(group: str, version: str) -> Any:
    """The document of a built-in group version."""
    found = DOCUMENTS.document(group, version)
    assert found is not None
    return found


@pytest.mark.parametrize(("group", "version"), VERSIONS)
def test_every_reference_leads_somewhere(group: str, version: str) -> None:
    made = document(group, version)
    schemas = made["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(made)))
    assert named
    assert named <= schemas.keys()


@pytest.mark.parametrize(("group", "version"), VERSIONS)
def test_every_path_segment_is_a_parameter(group: str, version: str) -> None:
    for path, item in document(group, version)["paths"].items():
        wanted = re.findall(r"{(\w+)}", path)
        assert [p["name"] for p in item.get("parameters", [])] == wanted, path


@pytest.mark.parametrize("resource", BUILTIN, ids=lambda r: f"{r.group}/{r.version}/{r.kind}")
def test_every_kind_has_its_schema(resource: Any) -> None:
    mark = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    schemas = document(resource.group, resource.version)["components"]["schemas"].values()
    (mine,) = [s for s in schemas if s.get("x-kubernetes-group-version-kind") == [mark]]
    assert "metadata" in mine["properties"] or resource.kind == "SelfSubjectReview"
    assert mine["description"]


def test_types_are_those_that_decoding_uses() -> None:
    schemas = document("apps", "v1")["components"]["schemas"]
    spec = schemas["io.k8s.api.apps.v1.DeploymentSpec"]
    assert spec["properties"]["replicas"]["type"] == "integer"
    assert spec["properties"].keys() == root("apps", "v1", "Deployment").fields["spec"].fields.keys()
    assert spec["required"] == ["selector", "template"]
    pod = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert pod["items"] == {"$ref": "#/components/schemas/io.k8s.api.core.v1.Container"}
    assert pod["x-kubernetes-list-map-keys"] == ["name"]


def test_no_text_is_for_a_type_that_does_not_exist() -> None:
    known: set[str] = set()
    for group, version in VERSIONS:
        for name, schema in document(group, version)["components"]["schemas"].items():
            plain = name.rpartition(".")[2]
            fields = schema.get("properties", {})
            known |= {plain, *fields, *(f"{plain}.{field}" for field in fields)}
    # Kinds that only subresources speak are decoded but not listed.
    assert {
        text for text in openapi.texts() if text.lstrip("*") not in known | {"Condition.type", "Condition.status"}
    } <= {
        "Eviction",
        "Scale",
    }


def test_patch_takes_field_validation() -> None:
    patch = document("apps", "v1")["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in [p["name"] for p in patch["parameters"]]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}


async def test_a_definition_is_served_as_it_is_written(sandbox: Sandbox) -> None:
    path = "/openapi/v3/apis/example.com/v1"
    assert (await sandbox.call("GET", path)).status == 404
    sandbox.client.create("CustomResourceDefinition", CRD)
    index = (await sandbox.call("GET", "/openapi/v3")).json["paths"]
    made = (await sandbox.call("GET", index["apis/example.com/v1"]["serverRelativeURL"])).json
    schema = made["components"]["schemas"]["com.example.v1.Hoge"]
    written = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["properties"]["spec"] == written["properties"]["spec"]
    assert (schema["description"], schema["required"]) == (written["description"], written["required"])
    assert set(schema["properties"]) == {"apiVersion", "kind", "metadata", "spec"}
    sandbox.client.delete("CustomResourceDefinition", "", "hoges.example.com")
    assert (await sandbox.call("GET", path)).status == 404


async def test_the_index_changes_with_the_kinds(sandbox: Sandbox) -> None:
    before = (await sandbox.call("GET", "/openapi/v3")).json["paths"]["apis/apps/v1"]
    assert (await sandbox.call("GET", "/openapi/v3")).json["paths"]["apis/apps/v1"] == before
    sandbox.client.create("CustomResourceDefinition", CRD)
    assert (await sandbox.call("GET", "/openapi/v3")).json["paths"]["apis/apps/v1"] != before
