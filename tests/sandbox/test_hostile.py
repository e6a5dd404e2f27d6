"""Objects that make no sense: refused where a real server refuses them, and never the end of a loop."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.api import Api
from dashboard.sandbox.failures import ApiFailure
from tests.sandbox.loops import Obj, workload, world


def obj(kind: str, api: str, **spec: Any) -> Obj:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "odd"}, "spec": spec}


def pod(**resources: Any) -> Obj:
    return obj("Pod", "v1", containers=[{"name": "main", "image": "nginx:1", "resources": resources}])


STORAGE = {"accessModes": ["ReadWriteOnce"], "storageClassName": ""}
REFUSED = [
    pod(requests={"cpu": "abc"}),
    pod(limits={"memory": "1 Gi"}),
    obj("ResourceQuota", "v1", hard={"pods": "many"}),
    obj("LimitRange", "v1", limits=[{"type": "Container", "max": {"cpu": "x"}}]),
    obj("PersistentVolumeClaim", "v1", resources={"requests": {"storage": "big"}}, **STORAGE),
    obj("PersistentVolume", "v1", capacity={"storage": "big"}, **STORAGE),
]


@pytest.mark.parametrize("new", REFUSED, ids=[one["kind"] for one in REFUSED])
async def test_a_wrong_quantity_is_a_bad_request(new: Obj) -> None:
    async with world() as w:
        with pytest.raises(ApiFailure, match="quantities must match the regular expression") as refused:
            w.apply(new)
        assert refused.value.code == 400


async def test_a_wrong_quantity_does_not_come_in_by_a_patch() -> None:
    async with world() as w:
        w.apply(obj("ResourceQuota", "v1", hard={"pods": "5"}))
        with pytest.raises(ApiFailure, match="quantities must match"):
            w.patch("ResourceQuota", "odd", {"spec": {"hard": {"pods": "many"}}})


async def test_an_object_that_no_loop_understands_is_refused_and_stops_none() -> None:
    """A claim template without a name, metrics without a source; and as if they had been stored before the rules."""
    async with world(60) as w:
        odd = workload("StatefulSet", "odd", volumeClaimTemplates=[{}])
        reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        scaler = obj("HorizontalPodAutoscaler", "autoscaling/v2", scaleTargetRef=reference, maxReplicas=3, metrics=[{}])
        w.apply(workload("Deployment", "web", replicas=1))
        for one in (odd, scaler):
            with pytest.raises(ApiFailure, match="Required value"):
                w.apply(one)
            w.apply({**one, "spec": {k: v for k, v in one["spec"].items() if k not in ODD}})
            _restore(w.api, one)
        w.apply(workload("StatefulSet", "sane", replicas=2))
        await w.status("StatefulSet", "sane", readyReplicas=2)
        found = await w.until(lambda: w.get("HorizontalPodAutoscaler", "odd")["status"].get("conditions"))
        assert found[0]["type"] == "AbleToScale"


ODD = ("volumeClaimTemplates", "metrics")


def _restore(api: Api, wanted: Obj) -> None:
    """Put what the rules refuse into the stored object."""
    resource = api.registry.kind(wanted["kind"])
    (key,) = [key for key in api.store.keys(resource.storage) if key[1] == "odd"]

    def change(stored: Obj) -> None:
        stored["spec"] |= {name: wanted["spec"][name] for name in ODD if name in wanted["spec"]}

    api.rewrite(resource, key, change)
