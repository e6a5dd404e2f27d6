"""Creating, replacing, deleting: identities, generations, grace, finalizers, refusals."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dashboard.sandbox.client import Client
from dashboard.sandbox.failures import ApiFailure
from tests.sandbox.conftest import Sandbox, config_map, deployment

MAPS = "/api/v1/namespaces/shop/configmaps"
WEB = "/apis/apps/v1/namespaces/shop/deployments/web"
PODS = "/api/v1/namespaces/shop/pods"


def pod(name: str = "p", node: str = "") -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [{"name": "c", "image": "nginx:1"}]}
    if node:
        spec["nodeName"] = node
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}


async def test_generated_names_are_unique(sandbox: Sandbox) -> None:
    made = config_map("")
    made["metadata"] = {"generateName": "part-"}
    found = {(await sandbox.call("POST", MAPS, made)).json["metadata"]["name"] for _ in range(5)}
    assert len(found) == 5
    assert all(name.startswith("part-") and len(name) == 10 for name in found)


async def test_nothing_is_made_without_its_namespace(sandbox: Sandbox) -> None:
    answer = await sandbox.call(
        "POST", "/api/v1/namespaces/nowhere/configmaps", config_map("x") | {"metadata": {"name": "x"}}
    )
    assert (answer.status, answer.json["message"]) == (404, 'namespaces "nowhere" not found')
    sandbox.client.delete("Namespace", "", "shop")
    answer = await sandbox.call("POST", MAPS, config_map("late"))
    assert answer.status == 403
    assert answer.json["message"] == (
        'configmaps "late" is forbidden: unable to create new content in namespace shop because it is being terminated'
    )


async def test_namespace_waits_for_its_content(sandbox: Sandbox) -> None:
    answer = await sandbox.call("DELETE", "/api/v1/namespaces/shop")
    assert (answer.status, answer.json["status"]["phase"]) == (200, "Terminating")
    obj = copy.deepcopy(sandbox.client.get("Namespace", "", "shop"))
    assert obj is not None
    obj["spec"]["finalizers"] = []
    await sandbox.call("PUT", "/api/v1/namespaces/shop", obj)
    assert sandbox.client.get("Namespace", "", "shop") is not None, "only /finalize may take the finalizer"
    await sandbox.call("PUT", "/api/v1/namespaces/shop/finalize", obj)
    assert sandbox.client.get("Namespace", "", "shop") is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"spec": {"replicas": 4}}, 2),
        ({"spec": {"paused": True}}, 2),
        ({"metadata": {"labels": {"a": "b"}}}, 1),
        ({"metadata": {"finalizers": ["example.com/x"]}}, 1),
        ({"status": {"replicas": 3}}, 1),
    ],
)
def test_generation(sandbox: Sandbox, change: dict[str, Any], expected: int) -> None:
    sandbox.client.create("Deployment", deployment())
    assert sandbox.client.patch("Deployment", "shop", "web", change)["metadata"]["generation"] == expected


async def test_status_is_written_apart(sandbox: Sandbox) -> None:
    made = sandbox.client.create("Deployment", deployment())
    both = {**copy.deepcopy(made), "status": {"replicas": 7}}
    both["spec"]["replicas"] = 9
    changed = sandbox.client.update_status("Deployment", both)
    assert (changed["spec"]["replicas"], changed["status"]["replicas"]) == (3, 7)
    both = {**copy.deepcopy(changed), "status": {"replicas": 1}}
    both["spec"]["replicas"] = 9
    changed = sandbox.client.update("Deployment", both)
    assert (changed["spec"]["replicas"], changed["status"]["replicas"]) == (9, 7)


def test_stale_update(sandbox: Sandbox) -> None:
    made = sandbox.client.create("ConfigMap", config_map("x", a="1"))
    sandbox.client.patch("ConfigMap", "shop", "x", {"data": {"a": "2"}})
    with pytest.raises(ApiFailure) as refused:
        sandbox.client.update("ConfigMap", {**made, "data": {"a": "3"}})
    assert (refused.value.code, refused.value.reason) == (409, "Conflict")


def test_what_clients_may_not_set(sandbox: Sandbox) -> None:
    made = config_map("x")
    made["metadata"] |= {"uid": "mine", "creationTimestamp": "1970-01-01T00:00:00Z", "generation": 99}
    meta = sandbox.client.create("ConfigMap", made)["metadata"]
    assert meta["uid"] != "mine"
    assert meta["creationTimestamp"] > "2020"
    assert "generation" not in meta


async def test_scheduled_pod_is_given_grace(sandbox: Sandbox) -> None:
    sandbox.client.create("Pod", pod(node="n1"))
    answer = await sandbox.call("DELETE", f"{PODS}/p")
    meta = answer.json["metadata"]
    assert (answer.json["kind"], meta["deletionGracePeriodSeconds"], meta["generation"]) == ("Pod", 30, 2)
    again = await sandbox.call("DELETE", f"{PODS}/p", {"gracePeriodSeconds": 60})
    assert again.json["metadata"]["deletionGracePeriodSeconds"] == 30, "a second deletion never lengthens"
    shorter = await sandbox.call("DELETE", f"{PODS}/p", {"gracePeriodSeconds": 5})
    assert shorter.json["metadata"]["deletionGracePeriodSeconds"] == 5
    gone = await sandbox.call("DELETE", f"{PODS}/p?gracePeriodSeconds=0")
    assert (gone.status, sandbox.client.get("Pod", "shop", "p")) == (200, None)


async def test_unscheduled_pod_goes_at_once(sandbox: Sandbox) -> None:
    sandbox.client.create("Pod", pod())
    await sandbox.call("DELETE", f"{PODS}/p")
    assert sandbox.client.get("Pod", "shop", "p") is None


async def test_finalizers_hold(sandbox: Sandbox) -> None:
    held = config_map("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    sandbox.client.create("ConfigMap", held)
    answer = await sandbox.call("DELETE", f"{MAPS}/held")
    assert answer.json["metadata"]["deletionTimestamp"]
    with pytest.raises(ApiFailure) as refused:
        sandbox.client.patch("ConfigMap", "shop", "held", {"metadata": {"finalizers": ["example.com/hold", "new/one"]}})
    assert "no new finalizers can be added" in refused.value.message
    sandbox.client.patch("ConfigMap", "shop", "held", {"metadata": {"finalizers": None}})
    assert sandbox.client.get("ConfigMap", "shop", "held") is None


@pytest.mark.parametrize(
    ("policy", "finalizers"), [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"]), ("Background", None)]
)
async def test_propagation(sandbox: Sandbox, policy: str, finalizers: list[str] | None) -> None:
    sandbox.client.create("Deployment", deployment())
    answer = await sandbox.call("DELETE", WEB, {"propagationPolicy": policy})
    assert answer.status == 200
    assert answer.json["metadata"].get("finalizers") == finalizers
    assert (sandbox.client.get("Deployment", "shop", "web") is None) is (finalizers is None)


async def test_preconditions(sandbox: Sandbox) -> None:
    sandbox.client.create("ConfigMap", config_map("x"))
    answer = await sandbox.call("DELETE", f"{MAPS}/x", {"preconditions": {"uid": "other"}})
    assert answer.status == 409
    assert "the UID in the precondition (other) does not match the UID in record" in answer.json["message"]
    assert sandbox.client.get("ConfigMap", "shop", "x") is not None


async def test_delete_collection(sandbox: Sandbox) -> None:
    for name in ("a", "b"):
        made = config_map(name)
        made["metadata"]["labels"] = {"app": name}
        sandbox.client.create("ConfigMap", made)
    answer = await sandbox.call("DELETE", f"{MAPS}?labelSelector=app%3Da")
    assert [item["metadata"]["name"] for item in answer.json["items"]] == ["a"]
    assert sandbox.client.get("ConfigMap", "shop", "b") is not None


def broken(**change: Any) -> dict[str, Any]:
    made = deployment()
    made["spec"] |= change
    return made


def container(**change: Any) -> dict[str, Any]:
    made = deployment()
    made["spec"]["template"]["spec"]["containers"][0] |= change
    return made


REFUSALS = [
    (broken(replicas=-1), 422, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
    (
        broken(replicas=1.5),
        400,
        "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas",
    ),
    (
        broken(replicas=2**40),
        400,
        "cannot unmarshal number 1099511627776 into Go struct field DeploymentSpec.spec.replicas",
    ),
    (
        broken(replicas="3"),
        400,
        "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas",
    ),
    (broken(selector=None), 422, "spec.selector: Required value"),
    (broken(template=None), 422, "spec.template.spec.containers: Required value"),
    (broken(strategy={"type": "Sideways"}), 422, "spec.strategy: Unsupported value"),
    (
        broken(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}),
        422,
        "may not be 0 when `maxSurge` is 0",
    ),
    (broken(progressDeadlineSeconds=5, minReadySeconds=9), 422, "must be greater than minReadySeconds"),
    (container(image=""), 422, "spec.template.spec.containers[0].image: Required value"),
    (container(image=" nginx"), 422, "must not have leading or trailing whitespace"),
    (container(name="Upper"), 422, "a lowercase RFC 1123 label must consist of"),
    (container(ports=[{"containerPort": 70000}]), 422, "must be between 1 and 65535, inclusive"),
    (container(volumeMounts=[{"name": "no", "mountPath": "/x"}]), 422, 'volumeMounts[0].name: Not found: "no"'),
    (
        container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "500m"}}),
        422,
        "must be less than or equal to cpu limit of 500m",
    ),
    (
        container(env="x"),
        400,
        "field Container.spec.template.spec.containers.env of type []v1.EnvVar",
    ),
]


@pytest.mark.parametrize(("obj", "code", "text"), REFUSALS, ids=[text[:40] for _, _, text in REFUSALS])
async def test_refused_deployments(sandbox: Sandbox, obj: dict[str, Any], code: int, text: str) -> None:
    answer = await sandbox.call("POST", "/apis/apps/v1/namespaces/shop/deployments", obj)
    assert (answer.status, answer.json["code"]) == (code, code)
    assert text in answer.json["message"]
    assert sandbox.client.get("Deployment", "shop", "web") is None


async def test_pods_may_not_change(sandbox: Sandbox) -> None:
    sandbox.client.create("Pod", pod())
    merge = "application/merge-patch+json"
    answer = await sandbox.call("PATCH", f"{PODS}/p", {"spec": {"restartPolicy": "Never"}}, content_type=merge)
    assert answer.status == 422
    assert "pod updates may not change fields other than" in answer.json["message"]
    image = {"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}}
    content = "application/strategic-merge-patch+json"
    answer = await sandbox.call("PATCH", f"{PODS}/p", image, content_type=content)
    assert (answer.status, answer.json["metadata"]["generation"]) == (200, 2)


async def test_eviction_respects_a_budget(sandbox: Sandbox) -> None:
    made = pod(node="n1")
    made["metadata"]["labels"] = {"app": "web"}
    sandbox.client.create("Pod", made)
    # A Pod that has not started may always go.
    sandbox.client.patch("Pod", "shop", "p", {"status": {"phase": "Running"}}, subresource="status")
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    sandbox.client.create("PodDisruptionBudget", {"metadata": {"name": "b", "namespace": "shop"}, "spec": spec})
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p", "namespace": "shop"}}
    answer = await sandbox.call("POST", f"{PODS}/p/eviction", body)
    assert (answer.status, answer.json["reason"]) == (429, "TooManyRequests")
    sandbox.client.delete("PodDisruptionBudget", "shop", "b")
    answer = await sandbox.call("POST", f"{PODS}/p/eviction", body)
    assert answer.status == 201
    live = sandbox.client.get("Pod", "shop", "p")
    assert live is not None
    assert live["metadata"]["deletionTimestamp"]


def test_services_get_addresses(sandbox: Sandbox) -> None:
    def made(name: str, **spec: Any) -> dict[str, Any]:
        whole = {"ports": [{"port": 80}], **spec}
        return sandbox.client.create("Service", {"metadata": {"name": name, "namespace": "shop"}, "spec": whole})[
            "spec"
        ]

    first, second, headless = made("a"), made("b"), made("c", clusterIP="None")
    assert first["clusterIP"] != second["clusterIP"]
    assert (headless["clusterIP"], headless["clusterIPs"]) == ("None", ["None"])
    assert first["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert 30000 <= made("d", type="NodePort")["ports"][0]["nodePort"] < 32768


def test_one_event_two_apis(sandbox: Sandbox) -> None:
    reference = {"kind": "Pod", "namespace": "shop", "name": "p"}
    made = {
        "metadata": {"name": "e", "namespace": "shop"},
        "involvedObject": reference,
        "reason": "Started",
        "message": "hello",
        "count": 2,
    }
    sandbox.client.create("Event", made)
    other = sandbox.api.registry.find("events.k8s.io", "v1", "events")
    assert other is not None
    shown = sandbox.api.get(other, "shop", "e")
    assert (shown["apiVersion"], shown["note"], shown["regarding"]["name"], shown["deprecatedCount"]) == (
        "events.k8s.io/v1",
        "hello",
        "p",
        2,
    )


async def test_client_watch_begins_with_what_is_there(sandbox: Sandbox) -> None:
    sandbox.client.create("ConfigMap", config_map("x"))
    seen = []
    async for kind, change, obj in Client(sandbox.api, "loop").watch("ConfigMap", "Namespace"):
        seen.append((kind, change, obj["metadata"]["name"]))
        if change == "DELETED":
            break
        if ("ConfigMap", "ADDED", "x") in seen and ("Namespace", "ADDED", "shop") in seen:
            sandbox.client.delete("ConfigMap", "shop", "x")
    assert seen[-1] == ("ConfigMap", "DELETED", "x")
