"""Services: endpoints, their conditions, ports, slices."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.controllers import service_endpoints as rules
from tests.sandbox.loops import Obj, World, pod, workload, world


def service(name: str = "web", **spec: Any) -> Obj:
    base = {"selector": {"app": name}, "ports": [{"port": 80}]}
    meta = {"name": name, "namespace": "shop", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": base | spec}


def shown(name: str, ip: str = "10.0.0.1", **how: Any) -> Obj:
    found = pod(name, **how)
    found["status"]["podIP"] = ip
    return found


@pytest.mark.parametrize(
    ("how", "spec", "conditions"),
    [
        ({}, {}, (True, True, False)),
        ({"ready": False}, {}, (False, False, False)),
        ({"leaving": True}, {}, (False, True, True)),
        ({"leaving": True, "ready": False}, {}, (False, False, True)),
        ({"ready": False}, {"publishNotReadyAddresses": True}, (True, False, False)),
    ],
)
def test_conditions(how: Obj, spec: Obj, conditions: tuple[bool, bool, bool]) -> None:
    found = rules.endpoint(service(**spec), shown("a", **how))["conditions"]
    assert (found["ready"], found["serving"], found["terminating"]) == conditions


def test_a_host_name_only_below_its_own_service() -> None:
    member = shown("db-0")
    member["spec"] |= {"hostname": "db-0", "subdomain": "db"}
    assert rules.endpoint(service("db"), member)["hostname"] == "db-0"
    assert "hostname" not in rules.endpoint(service("web"), member)


@pytest.mark.parametrize(
    ("phase", "ip", "expected"),
    [
        ("Running", "10.0.0.1", True),
        ("Pending", "10.0.0.1", True),
        ("Running", "", False),
        ("Succeeded", "10.0.0.1", False),
        ("Failed", "10.0.0.1", False),
    ],
)
def test_who_has_a_place(phase: str, ip: str, expected: bool) -> None:
    assert rules.has_place(shown("a", ip, phase=phase)) is expected


def test_named_target_ports_are_looked_up_in_the_pods() -> None:
    member = shown("a")
    member["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8080}]
    wanted = service(ports=[{"name": "web", "port": 80, "targetPort": "http"}, {"port": 1, "targetPort": "none"}])
    assert rules.ports(wanted, [member]) == [{"name": "web", "port": 8080, "protocol": "TCP"}]


def test_who_has_a_place_keeps_it_and_a_hundred_fill_a_slice() -> None:
    pods = [shown(f"p{n:03}", f"10.0.0.{n}") for n in range(150)]
    wanted = [rules.endpoint(service(), one) for one in pods]
    kept, fresh = rules.arrange(wanted, [])
    assert kept == {}
    assert [len(entries) for entries in fresh] == [100, 50]
    old = {"metadata": {"name": "s"}, "endpoints": [wanted[7], wanted[3]]}
    kept, fresh = rules.arrange([wanted[3], wanted[5], wanted[7]], [old])
    assert [entry["targetRef"]["name"] for entry in kept["s"]] == ["p007", "p003", "p005"]
    assert fresh == []


def test_the_trigger_is_the_earliest_change_not_seen_before() -> None:
    triggers = rules.Triggers()
    web, one = service(), shown("a")
    assert triggers.changed(web, [one]) == 1767225600.0
    assert triggers.changed(web, [one]) is None
    one["status"]["conditions"][0]["lastTransitionTime"] = "2026-01-01T00:00:05Z"
    assert triggers.changed(web, [one]) == 1767225605.0
    assert triggers.changed(web, []) is None


def slice_of(w: World, name: str) -> Obj:
    found = w.client.list("EndpointSlice", "shop", {"kubernetes.io/service-name": name})
    return found[0] if found else {}


def ready(w: World, name: str) -> int:
    return sum(1 for end in slice_of(w, name).get("endpoints") or () if end["conditions"]["ready"])


async def test_endpoints_follow_the_pods() -> None:
    async with world() as w:
        w.apply(service())
        await w.until(lambda: slice_of(w, "web"))
        assert not slice_of(w, "web").get("endpoints")
        assert slice_of(w, "web")["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] == rules.MANAGER
        w.apply(workload("Deployment", "web", replicas=3))
        await w.until(lambda: ready(w, "web") == 3)
        assert slice_of(w, "web")["ports"] == [{"name": "", "port": 80, "protocol": "TCP"}]
        w.patch("Deployment", "web", {"spec": {"replicas": 1}})
        await w.until(lambda: ready(w, "web") == 1 and len(slice_of(w, "web")["endpoints"]) == 1)
        w.client.delete("Service", "shop", "web")
        await w.until(lambda: not slice_of(w, "web"))


async def test_a_slice_that_somebody_deletes_comes_back() -> None:
    async with world() as w:
        w.apply(service())
        first = await w.until(lambda: slice_of(w, "web"))
        w.client.delete("EndpointSlice", "shop", first["metadata"]["name"])
        await w.until(lambda: slice_of(w, "web") and slice_of(w, "web")["metadata"]["uid"] != first["metadata"]["uid"])


async def test_without_a_selector_nothing_is_made() -> None:
    async with world() as w:
        bare = service("bare")
        del bare["spec"]["selector"]
        w.apply(bare)
        w.apply(service("web"))
        await w.until(lambda: slice_of(w, "web"))
        assert not slice_of(w, "bare")
