"""CustomResourceDefinitions: names, schema, columns, subresources, removal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Sandbox

HOGES = "/apis/stable.example.com/v1/namespaces/shop/hoges"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 0, "maximum": 10},
                "note": {"type": "string", "default": "none", "maxLength": 5, "pattern": "^[a-z]*$"},
                "mode": {"type": "string", "enum": ["fast", "slow"]},
                "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
            },
        },
        "status": {"type": "object", "properties": {"phase": {"type": "string"}, "replicas": {"type": "integer"}}},
    },
}
CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "hoges.stable.example.com"},
    "spec": {
        "group": "stable.example.com",
        "scope": "Namespaced",
        "names": {"plural": "hoges", "kind": "Hoge", "shortNames": ["hg"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": SCHEMA},
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.replicas"},
                },
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
            }
        ],
    },
}


def hoge(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "stable.example.com/v1", "kind": "Hoge", "metadata": {"name": "one"}, "spec": spec}


@pytest.fixture
async def served(sandbox: Sandbox) -> Sandbox:
    answer = await sandbox.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CRD)
    assert answer.status == 201, answer.body
    return sandbox


async def test_established_and_discovered(served: Sandbox) -> None:
    crd = served.client.get("CustomResourceDefinition", "", "hoges.stable.example.com")
    assert crd is not None
    assert {c["type"]: c["status"] for c in crd["status"]["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    answer = await served.call("GET", "/apis/stable.example.com/v1")
    names = [entry["name"] for entry in answer.json["resources"]]
    assert names == ["hoges", "hoges/status", "hoges/scale"]


async def test_defaults_and_generation(served: Sandbox) -> None:
    made = await served.call("POST", HOGES, hoge(size=3))
    assert (made.status, made.json["spec"]) == (201, {"size": 3, "note": "none"})
    merge = "application/merge-patch+json"
    grown = await served.call("PATCH", f"{HOGES}/one/status", {"status": {"phase": "Grown"}}, content_type=merge)
    assert (grown.json["status"], grown.json["metadata"]["generation"]) == ({"phase": "Grown"}, 1)
    changed = await served.call("PATCH", f"{HOGES}/one", {"spec": {"size": 4}}, content_type=merge)
    assert changed.json["metadata"]["generation"] == 2
    scaled = await served.call("PATCH", f"{HOGES}/one/scale", {"spec": {"replicas": 7}}, content_type=merge)
    assert (scaled.json["kind"], scaled.json["spec"]["replicas"]) == ("Scale", 7)
    table = await served.call("GET", HOGES, headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})
    assert table.json["rows"][0]["cells"] == ["one", 7]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({}, "spec.size: Required value"),
        ({"size": 99}, "spec.size: Invalid value: 99: spec.size in body should be less than or equal to 10"),
        ({"size": "x"}, 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'),
        ({"size": 1, "mode": "odd"}, 'spec.mode: Unsupported value: "odd": supported values: "fast", "slow"'),
        ({"size": 1, "note": "UP"}, "spec.note in body should match '^[a-z]*$'"),
        ({"size": 1, "tags": ["a", "b", "c"]}, "spec.tags in body should have at most 2 items"),
        ({"size": 1, "tags": [1]}, 'spec.tags[0] in body must be of type string: "integer"'),
    ],
)
async def test_schema(served: Sandbox, spec: dict[str, Any], text: str) -> None:
    answer = await served.call("POST", HOGES, hoge(**spec))
    assert answer.status == 422
    assert text in answer.json["message"]


async def test_unknown_fields(served: Sandbox) -> None:
    warned = await served.call("POST", HOGES, hoge(size=1, extra=1))
    assert warned.headers["Warning"] == '299 - "unknown field \\"spec.extra\\""'
    assert "extra" not in warned.json["spec"]
    strict = await served.call("POST", f"{HOGES}?fieldValidation=Strict", hoge(size=1, extra=1))
    assert (strict.status, 'strict decoding error: unknown field \\"spec.extra\\"' in strict.body.decode()) == (
        400,
        True,
    )


async def test_removal_takes_the_objects_along(served: Sandbox) -> None:
    held = hoge(size=1)
    held["metadata"]["finalizers"] = ["example.com/hold"]
    await served.call("POST", HOGES, held)
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/hoges.stable.example.com"
    answer = await served.call("DELETE", path)
    assert answer.json["metadata"]["deletionTimestamp"]
    assert (await served.call("GET", path)).status == 200, "an object holds it"
    merge = "application/merge-patch+json"
    await served.call("PATCH", f"{HOGES}/one", {"metadata": {"finalizers": None}}, content_type=merge)
    assert (await served.call("GET", path)).status == 404
    assert (await served.call("GET", HOGES)).body == b"404 page not found\n"


async def test_strategic_merge_is_for_built_in_kinds(served: Sandbox) -> None:
    await served.call("POST", HOGES, hoge(size=1))
    content = "application/strategic-merge-patch+json"
    assert (await served.call("PATCH", f"{HOGES}/one", {}, content_type=content)).status == 415
