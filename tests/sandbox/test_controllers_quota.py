"""Quotas and limit ranges: amounts, costs, refusals, defaults, and the status."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sandbox.amounts import amount, written
from dashboard.sandbox.failures import ApiFailure
from dashboard.sandbox.limits import fill_limits, limit_refusals
from dashboard.sandbox.quota import cost, kinds_of, quota_refusal, used
from tests.sandbox.loops import Obj, workload, world


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("100m", Fraction(1, 10)),
        ("1.5Gi", 3 * 2**29),
        ("1k", 1000),
        ("2e3", 2000),
        (".5", Fraction(1, 2)),
        ("1E", 10**18),
        ("1Ei", 2**60),
        ("5n", Fraction(5, 10**9)),
        (3, 3),
    ],
)
def test_amount(text: Any, value: Any) -> None:
    assert amount(text) == value


@pytest.mark.parametrize("text", ["", "1X", "m", "1 Gi", "--1", "1e", None])
def test_no_amount(text: Any) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        amount(text)


@pytest.mark.parametrize(
    ("value", "binary", "text"),
    [
        (Fraction(3, 10), False, "300m"),
        (Fraction(2), False, "2"),
        (Fraction(2000), False, "2k"),
        (Fraction(2**30), True, "1Gi"),
        (Fraction(2**30 + 2**20), True, "1025Mi"),
        (Fraction(1000), True, "1000"),
        (Fraction(0), True, "0"),
        (Fraction(1, 10**7), False, "100n"),
    ],
)
def test_written(value: Fraction, *, binary: bool, text: str) -> None:
    assert written(value, binary=binary) == text


@given(st.integers(0, 10**15), st.booleans())
def test_what_is_written_is_read_again(thousandths: int, binary: bool) -> None:
    value = Fraction(thousandths, 1000)
    assert amount(written(value, binary=binary)) == value


def pod(*containers: Obj, **spec: Any) -> Obj:
    made = [{"name": f"c{n}", "image": "nginx:1", "resources": r} for n, r in enumerate(containers or ({},))]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": made} | spec}


def asks(cpu: str, limit: str = "") -> Obj:
    return {"requests": {"cpu": cpu}} | ({"limits": {"cpu": limit}} if limit else {})


def quota(scopes: list[str] | None = None, **hard: str) -> Obj:
    spec: Obj = {"hard": {key.replace("_", "."): value for key, value in hard.items()}}
    spec |= {"scopes": scopes} if scopes else {}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": spec}


def test_what_a_pod_costs() -> None:
    found = cost("pods", pod(asks("100m", "1"), asks("200m")))
    assert found["pods"] == found["count/pods"] == 1
    assert found["cpu"] == found["requests.cpu"] == Fraction(3, 10)
    assert found["limits.cpu"] == 1


def test_what_services_and_claims_cost() -> None:
    ports = [{"port": 1}, {"port": 2}]
    assert cost("services", {"spec": {"type": "NodePort", "ports": ports}})["services.nodeports"] == 2
    assert cost("services", {"spec": {"type": "LoadBalancer", "ports": ports}})["services.loadbalancers"] == 1
    claim = {"spec": {"storageClassName": "gold", "resources": {"requests": {"storage": "2Gi"}}}}
    found = cost("persistentvolumeclaims", claim)
    assert found["requests.storage"] == found["gold.storageclass.storage.k8s.io/requests.storage"] == 2**31


def test_kinds_that_matter_to_a_quota() -> None:
    names = ["pods", "requests.cpu", "count/jobs.batch", "services.nodeports", "requests.storage", "configmaps"]
    assert kinds_of(names) == {"pods", "jobs.batch", "services", "persistentvolumeclaims", "configmaps"}


def test_ended_pods_cost_nothing() -> None:
    ended = pod() | {"status": {"phase": "Succeeded"}}
    assert used(quota(pods="9"), lambda _: [ended, pod()]) == {"pods": 1}


@pytest.mark.parametrize(
    ("held", "new", "usage", "said"),
    [
        (quota(pods="2"), pod(), {"pods": Fraction(1)}, ""),
        (
            quota(pods="2"),
            pod(),
            {"pods": Fraction(2)},
            "exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2",
        ),
        (
            quota(requests_cpu="1"),
            pod(asks("600m")),
            {"requests.cpu": Fraction(1, 2)},
            "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=500m, limited: requests.cpu=1",
        ),
        (quota(requests_cpu="1"), pod(), {}, "failed quota: q: must specify requests.cpu for: c0"),
        (
            quota(limits_cpu="1", memory="1Gi"),
            pod({}, {}),
            {},
            "failed quota: q: must specify limits.cpu for: c0,c1; memory for: c0,c1",
        ),
        (quota(["BestEffort"], pods="0"), pod(asks("1")), {}, ""),
        (
            quota(["BestEffort"], pods="0"),
            pod(),
            {},
            "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0",
        ),
        (quota(["Terminating"], pods="0"), pod(), {}, ""),
    ],
)
def test_quota_refusal(held: Obj, new: Obj, usage: dict[str, Fraction], said: str) -> None:
    assert quota_refusal(held, "pods", new, usage) == said


def limits(**item: Any) -> Obj:
    spec = {"limits": [{"type": "Container"} | item]}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": spec}


def test_defaults_fill_only_what_is_missing() -> None:
    one = pod({}, asks("50m", "60m"))
    fill_limits([limits(default={"cpu": "200m"}, defaultRequest={"cpu": "100m"})], one)
    assert one["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "200m"}, "requests": {"cpu": "100m"}}
    assert one["spec"]["containers"][1]["resources"] == asks("50m", "60m")


@pytest.mark.parametrize(
    ("item", "new", "said"),
    [
        ({"max": {"cpu": "500m"}}, pod(asks("1", "1")), ["maximum cpu usage per Container is 500m, but limit is 1"]),
        ({"max": {"cpu": "500m"}}, pod(), ["maximum cpu usage per Container is 500m.  No limit is specified"]),
        ({"min": {"cpu": "100m"}}, pod(asks("50m")), ["minimum cpu usage per Container is 100m, but request is 50m"]),
        ({"min": {"cpu": "100m"}, "max": {"cpu": "1"}}, pod(asks("100m", "1")), []),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            pod(asks("100m", "500m")),
            ["cpu max limit to request ratio per Container is 2, but provided ratio is 5.000000"],
        ),
        (
            {"type": "Pod", "max": {"cpu": "1"}},
            pod(asks("600m", "600m"), asks("600m", "600m")),
            ["maximum cpu usage per Pod is 1, but limit is 1.2"],
        ),
    ],
)
def test_limit_refusals(item: Obj, new: Obj, said: list[str]) -> None:
    assert limit_refusals([limits(**item)], "pods", new) == said


async def test_a_quota_is_counted_and_holds() -> None:
    async with world() as w:
        w.apply(quota(pods="2"))
        await w.status("ResourceQuota", "q", used={"pods": "0"})
        w.apply(workload("Deployment", "web", replicas=3))
        await w.status("ResourceQuota", "q", used={"pods": "2"}, hard={"pods": "2"})
        found = await w.until(
            lambda: [c for c in w.get("Deployment", "web")["status"]["conditions"] if c["type"] == "ReplicaFailure"]
        )
        assert found[0]["reason"] == "FailedCreate"
        assert "exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2" in found[0]["message"]
        w.patch("ResourceQuota", "q", {"spec": {"hard": {"pods": "5"}}})
        await w.status("Deployment", "web", readyReplicas=3)


async def test_a_limit_range_fills_and_refuses() -> None:
    async with world() as w:
        w.apply(limits(default={"cpu": "200m"}, defaultRequest={"cpu": "100m"}, max={"cpu": "500m"}))
        made = w.apply(pod())
        assert made["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "200m"}, "requests": {"cpu": "100m"}}
        greedy = pod(asks("1", "1"))
        greedy["metadata"]["name"] = "greedy"
        with pytest.raises(ApiFailure, match='pods "greedy" is forbidden: maximum cpu usage per Container is 500m'):
            w.apply(greedy)
