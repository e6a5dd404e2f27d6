"""Owners, field managers, undoers, rows and fights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard.core.fights import fights
from dashboard.core.managed import entries, setter_of, setters, slim
from dashboard.core.objects import plain
from dashboard.core.ownership import controller_of, drives, undoers
from dashboard.core.relatives import digest
from dashboard.core.rows import row
from dashboard.core.verdict import assess

IMAGE = 'spec.template.spec.containers[name="nginx"].image'


def entry(manager: str, time: str, fields: dict[str, Any], subresource: str = "") -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields, "subresource": subresource}


def deployment(**meta: Any) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "nginx", "image": "nginx:1.19.5"}]}}
    meta = {"name": "web", "namespace": "shop", "uid": "d", **meta}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
            "spec": {"replicas": 3, "template": template}, "status": {"replicas": 3, "readyReplicas": 2}}  # fmt: skip


REPLICAS = {"f:spec": {"f:replicas": {}}}
IMAGES = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"nginx"}': {"f:image": {}}}}}}}


def test_the_latest_manager_of_a_field_is_named() -> None:
    managed = [entry("a", "2026-01-01T00:00:00Z", IMAGES), entry("b", "2026-01-02T00:00:00Z", REPLICAS | IMAGES)]
    obj = deployment(managedFields=managed)
    found = setter_of(entries(obj), IMAGE)
    assert found is not None and found.manager == "b"
    assert setters(obj)[IMAGE].manager == "b"
    assert setter_of(entries(obj), "spec.paused") is None
    slimmed = setter_of(slim(managed), IMAGE)
    assert slimmed is not None and slimmed.manager == "b"


@pytest.mark.parametrize(
    ("meta", "sentence"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}},
         "Argo CD application shop sets replicas and images: it will be undone with its next sync"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"},
          "managedFields": [entry("kustomize-controller", "2026-01-01T00:00:00Z", IMAGES)]},
         "Flux Kustomization flux/apps sets images: it will be undone with its next reconciliation"),
        ({"annotations": {"meta.helm.sh/release-name": "web"}, "labels": {"app.kubernetes.io/managed-by": "Helm"}},
         "Helm release web sets replicas and images: it will be undone with its next upgrade"),
        ({"ownerReferences": [{"apiVersion": "acid.zalan.do/v1", "kind": "postgresql", "name": "db", "uid": "o",
                               "controller": True}]},
         "postgresql db controls replicas and images: it will be undone"),
        ({"managedFields": [entry("kube-controller-manager", "2026-01-01T00:00:00Z", REPLICAS, "scale")]},
         "an autoscaler set replicas last: it will be undone"),
    ],
)  # fmt: skip
def test_who_would_undo_an_edit(meta: dict[str, Any], sentence: str) -> None:
    assert undoers(deployment(**meta)) == (sentence,)
    assert undoers(deployment()) == ()


def hpa() -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": "shop"}, "spec": {"scaleTargetRef": target}}  # fmt: skip


def test_an_autoscaler_that_drives_it_is_named() -> None:
    obj = hpa()
    target = drives(obj)
    assert target is not None and target.id == "apps/Deployment/shop/web"
    assert undoers(deployment(), (digest(obj, assess(obj, 0)),)) == ("HPA web sets replicas: it will be undone",)


def test_a_row_says_what_is_wanted_and_what_is_there() -> None:
    def child(name: str, image: str, replicas: int) -> Any:
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d", "controller": True}
        obj = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name, "ownerReferences": [owner]},
               "spec": {"template": {"spec": {"containers": [{"name": "nginx", "image": image}]}}},
               "status": {"replicas": replicas, "readyReplicas": replicas}}  # fmt: skip
        return digest(obj, assess(obj, 0))

    obj = deployment()
    made = row(obj, assess(obj, 0), (child("new", "nginx:1.19.5", 1), child("old", "nginx:1.18.0", 2)))
    assert (made.glance, made.images) == ("2 of 3 ready", "wants nginx:1.19.5 · has 1.18.0 on 2 of 3")
    assert made.bar is not None and (made.bar.want, made.bar.ready, made.bar.starting) == (3, 2, 1)
    assert row(obj, assess(obj, 0)).images == "nginx:1.19.5"


def test_hostile_text_is_made_visible() -> None:
    assert plain("a\x1b[31m\u202eb\nc") == "a␛[31m\ufffdb c"
    assert plain("x" * 1_000_000, 10) == "x" * 9 + "…"
    assert plain(None) == "" and plain("Größe 3 · ✓") == "Größe 3 · ✓"


def version(replicas: int, manager: str, at: int) -> dict[str, Any]:
    obj = deployment(managedFields=[entry(manager, f"2026-01-01T00:00:{at:02}Z", REPLICAS)])
    obj["spec"]["replicas"] = replicas
    return obj


def test_two_managers_who_undo_each_other_fight() -> None:
    found = fights([version(3, "kubectl", 0), version(8, "hpa", 1), version(3, "kubectl", 2), version(8, "hpa", 3)])
    assert [(each.path, each.managers, each.changes) for each in found] == [("spec.replicas", ("hpa", "kubectl"), 3)]
    assert found[0].sentence == "hpa and kubectl set spec.replicas back and forth between 8 and 3"


def test_a_value_that_another_manager_brings_back_is_fought_over() -> None:
    (found,) = fights([version(3, "kubectl", 0), version(8, "hpa", 1), version(3, "kubectl", 2)])
    assert (found.path, found.managers, found.values) == ("spec.replicas", ("hpa", "kubectl"), (8, 3))


def test_one_manager_or_one_person_s_commands_do_not_fight() -> None:
    assert fights([version(each, "hpa", at) for at, each in enumerate((3, 8, 3, 8, 3))]) == ()
    assert fights([version(each, ("a", "b")[at % 2], at) for at, each in enumerate((1, 2, 3, 4, 5))]) == ()
    applied, again = version(3, "kubectl-client-side-apply", 0), version(3, "kubectl", 2)
    for manager in ("kubectl-scale", "reconcilerviz"):
        assert fights([applied, version(8, manager, 1), again]) == ()


def test_what_comes_back_much_later_is_no_fight() -> None:
    late = version(3, "kubectl", 2)
    late["metadata"]["managedFields"][0]["time"] = "2026-01-01T00:06:00Z"
    assert fights([version(3, "kubectl", 0), version(8, "hpa", 1), late]) == ()


def test_pods_of_a_recording_name_their_owner(shared: Path) -> None:
    from .test_gaps import events

    pod = next(iter(events(shared, "01", "pods")))
    owner = controller_of(pod)
    assert owner is not None and owner[0].kind == "ReplicaSet" and owner[1]
    assert undoers(pod) == (f"ReplicaSet {owner[0].name} makes another Pod when this one is deleted",)
