"""Discovery as real servers answer it, and what CRDs say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard.cluster.crds import definition, version_rank
from dashboard.cluster.discovery import discover, survey
from dashboard.cluster.errors import Garbled, Unreachable
from dashboard.core.objects import ResourceType
from tests.cluster.mirror import connect
from tests.cluster.wire import DEPLOYMENTS, KINDS, PODS, Wire, body, cut, plain_text


@pytest.mark.parametrize("aggregated", [True, False])
async def test_both_ways_find_the_same(aggregated: bool) -> None:
    async with Wire(aggregated) as wire:
        old = ResourceType("apps", "v1beta1", "Deployment", "deployments", True)
        wire.kinds = {old.path: old, **wire.kinds} if not aggregated else {**wire.kinds, old.path: old}
        connection = connect(wire)
        found = await discover(connection)
        await connection.close()
    assert {(kind.api_version, kind.kind): kind for kind in found} == {(k.api_version, k.kind): k for k in KINDS}


async def test_a_kind_of_an_unpreferred_version_is_found() -> None:
    alpha = ResourceType("apps", "v1alpha1", "Experiment", "experiments", True)
    async with Wire() as wire:
        wire.kinds[alpha.path] = alpha
        connection = connect(wire)
        assert alpha in await discover(connection)
        await connection.close()


@pytest.mark.parametrize("aggregated", [True, False])
async def test_broken_group_is_reported(aggregated: bool) -> None:
    async with Wire(aggregated) as wire:
        wire.broken["metrics.k8s.io", "v1beta1"] = 503
        connection = connect(wire)
        result = await survey(connection)
        await connection.close()
    assert [(found.group, found.version) for found in result.broken] == [("metrics.k8s.io", "v1beta1")]
    assert ("apps", "Deployment") in result.found


async def test_no_api_no_discovery() -> None:
    async with Wire() as wire:
        connection = connect(wire)
        wire.next(lambda request: request.path == "/api", cut, times=5)
        with pytest.raises(Unreachable):
            await discover(connection)
        wire.faults.clear()
        wire.next(lambda request: request.path == "/apis", body(b"<html>login</html>", "text/html"))
        with pytest.raises(Garbled, match="text/html"):
            await discover(connection)
        wire.aggregated = False
        wire.always.append((lambda request: request.path.count("/") > 1, plain_text(503, "down")))
        with pytest.raises(Unreachable, match="no group answers"):
            await discover(connection)
        await connection.close()


async def test_malformed_discovery_is_survived() -> None:
    answer = b"""{"kind":"APIGroupDiscoveryList","items":[null,{},{"metadata":{"name":7},"versions":[{"version":"v1",
      "resources":[null,{"resource":"x"},{"resource":"ys","responseKind":{"kind":"Y"},"verbs":null},
      {"resource":"zs","responseKind":{"kind":"Z"},"scope":"Cluster","verbs":["list","watch"]}]}]}]}"""
    async with Wire() as wire:
        wire.always.append((lambda request: True, body(answer)))
        connection = connect(wire)
        assert await discover(connection) == [ResourceType("", "v1", "Z", "zs", False)]
        await connection.close()


def recorded(shared: Path, name: str) -> bytes:
    text = (shared / "kubernetes" / "http" / name).read_bytes()
    return text.split(b"-" * 72)[1].partition(b"\n\n")[2]


async def test_recorded_discovery_of_a_real_server(shared: Path) -> None:
    async with Wire() as wire:
        for path, name in (("/api", "06-api-aggregated.http"), ("/apis", "07-apis-aggregated.http")):
            wire.always.append((lambda request, path=path: request.path == path, body(recorded(shared, name))))
        connection = connect(wire)
        found = await discover(connection)
        await connection.close()
    assert PODS in found
    assert DEPLOYMENTS in found
    assert ResourceType("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", True) in found
    assert not [kind for kind in found if kind.kind.endswith("Review") or kind.kind == "Binding"]


def crd(**changes: Any) -> dict[str, Any]:
    spec = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets"},
        "versions": [{"name": "v1", "served": True, "schema": {"openAPIV3Schema": {"properties": {"spec": {}}}}}],
        **changes,
    }
    established = {"conditions": [{"type": "Established", "status": "True"}]}
    return {
        "metadata": {"name": "widgets.example.com", "uid": "u", "generation": 3},
        "spec": spec,
        "status": established,
    }


def resource_of(obj: dict[str, Any]) -> ResourceType | None:
    found = definition(obj)
    assert found is not None
    return found.resource


def test_definition_of_a_crd() -> None:
    assert resource_of(crd()) == ResourceType("example.com", "v1", "Widget", "widgets", True, False)
    assert resource_of({**crd(), "status": {}}) is None
    assert resource_of(crd(versions=[{"name": "v1", "served": False}])) is None
    found = definition(crd())
    assert found is not None
    assert found.life == ("u", 3)


@pytest.mark.parametrize(
    ("version", "has_status"),
    [
        ({"subresources": {"status": {}}}, True),
        ({"schema": {"openAPIV3Schema": {"properties": {"status": {}}}}}, True),
        ({"schema": {"openAPIV3Schema": {"x-kubernetes-preserve-unknown-fields": True}}}, True),
        ({"subresources": {"scale": {}}}, False),
        ({}, False),
    ],
)
def test_whether_the_schema_has_a_status(version: dict[str, Any], has_status: bool) -> None:
    found = resource_of(crd(versions=[{"name": "v1", "served": True, **version}]))
    assert found is not None
    assert found.has_status is has_status


def test_best_served_version_is_taken() -> None:
    names = ["v1alpha1", "v2beta1", "v1", "v10", "v2", "odd"]
    found = resource_of(crd(versions=[{"name": name, "served": name != "v10"} for name in names]))
    assert found is not None
    assert found.version == "v2"
    assert sorted(names, key=version_rank, reverse=True) == ["v10", "v2", "v1", "v2beta1", "v1alpha1", "odd"]


@pytest.mark.parametrize("broken", [{}, {"spec": None}, crd(names={}), crd(versions=None), crd(group=7)])
def test_malformed_crd_defines_nothing(broken: dict[str, Any]) -> None:
    assert definition(broken) is None
