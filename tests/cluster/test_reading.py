"""managedFields stay undecoded, and whatever is not as the API writes it is decoded as it is."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from dashboard.cluster.errors import Garbled
from dashboard.cluster.reading import read_event, read_page
from dashboard.core.managed import entries, slim
from dashboard.core.objects import ResourceType

POD = ResourceType("", "v1", "Pod", "pods", True)
FIELDS = {
    "manager": "kubelet",
    "operation": "Update",
    "time": "2026-11-20T10:00:00Z",
    "fieldsType": "FieldsV1",
    "fieldsV1": {"f:status": {'k:{"type":"Ready"}': {".": {}}, 'v:"a}"': {}}},
}


def pod(name: str = "a", **metadata: Any) -> dict[str, Any]:
    """As Go writes one: managedFields at the end of metadata, metadata before spec."""
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "resourceVersion": "7", **metadata},
        "spec": {"containers": [{"name": "c"}]},
    }


def event(obj: dict[str, Any]) -> bytes:
    return orjson.dumps({"type": "MODIFIED", "object": obj})


def test_managed_fields_stay_bytes_until_somebody_reads_them() -> None:
    read = read_event(event(pod(managedFields=[FIELDS, FIELDS])), POD)
    assert read is not None
    assert isinstance(read.object["metadata"]["managedFields"], bytes)
    assert entries(read.object) == [FIELDS, FIELDS]
    assert slim(read.object["metadata"]["managedFields"])[0]["fieldsV1"] == {"f:status": {}}
    read.object["metadata"].pop("managedFields")
    assert read.object == pod()


def test_each_item_of_a_page_has_its_own() -> None:
    items = [pod("a", managedFields=[FIELDS]), pod("b"), pod("c", managedFields=[{**FIELDS, "manager": "me"}])]
    body = orjson.dumps({"metadata": {"resourceVersion": "9"}, "items": items})
    found = read_page(body, POD).take(9)
    assert [[each["manager"] for each in entries(item)] for item in found] == [["kubelet"], [], ["me"]]
    for item in found:
        item["metadata"].pop("managedFields", None)
    assert found == [pod("a"), pod("b"), pod("c")]


NESTED = {**FIELDS, "fieldsV1": {"f:x": {"f:y": [{"a": {}}]}, "f:z": {}}}
ODD: dict[str, dict[str, Any]] = {
    "in alphabetical order": {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"managedFields": [FIELDS], "name": "a", "owners": [{"u": 1}], "resourceVersion": "7"},
        "spec": {"containers": [{"name": "c"}]},
    },
    "lists inside": pod(managedFields=[NESTED]),
    "a bracket in a key": pod(managedFields=[{**FIELDS, "fieldsV1": {"f:a]": {}}}]),
    "an end in a key": pod(managedFields=[{**FIELDS, "fieldsV1": {"f:a}]},": {}}}]),
    "elsewhere": {**pod(), "spec": {"a": 1, "managedFields": [{"x": {}}]}, "status": {"l": [{"m": {}}]}},
    "a number": pod(managedFields=0),
    "in a text": pod(annotations={"note": ',"managedFields":[{}]},"spec":'}),
    "last of all": {"kind": "Pod", "apiVersion": "v1", "metadata": pod(managedFields=[FIELDS])["metadata"]},
}  # fmt: skip


@pytest.mark.parametrize("obj", ODD.values(), ids=ODD)
def test_what_is_not_as_the_api_writes_it_is_decoded_as_it_is(obj: dict[str, Any]) -> None:
    read = read_event(event(obj), POD)
    assert read is not None
    assert json.loads(json.dumps(plain(read.object))) == obj
    body = orjson.dumps({"metadata": {"resourceVersion": "9"}, "items": [obj, obj]})
    assert [plain(item) for item in read_page(body, POD).take(9)] == [obj, obj]


def test_an_undecodable_line_is_told_as_it_came() -> None:
    line = event(pod(managedFields=[FIELDS]))
    with pytest.raises(Garbled):
        read_event(line[:-3], POD)
    assert entries({"metadata": {"managedFields": b"[{"}}) == []


def plain(obj: dict[str, Any]) -> dict[str, Any]:
    managed = obj["metadata"].get("managedFields")
    if isinstance(managed, bytes):
        return {**obj, "metadata": {**obj["metadata"], "managedFields": orjson.loads(managed)}}
    return obj
