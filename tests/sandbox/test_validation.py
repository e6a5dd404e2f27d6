"""Rules of single kinds, in the API's words: autoscalers, budgets, StatefulSets, duplicate fields, Scale."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Answer, Sandbox, config_map, deployment

HPAS = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"
PDBS = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
SETS = "/apis/apps/v1/namespaces/shop/statefulsets"
WEBS = "/apis/apps/v1/namespaces/shop/deployments"
MAPS = "/api/v1/namespaces/shop/configmaps"


def hpa(metrics: Any = None, **more: Any) -> dict[str, Any]:
    """An autoscaler of `web`."""
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": reference, "maxReplicas": 5, **more}
    if metrics is not None:
        spec["metrics"] = metrics
    head = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}}
    return {**head, "spec": spec}


def resource(**target: Any) -> dict[str, Any]:
    """A Resource metric on CPU."""
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def causes(answer: Answer) -> list[tuple[str, str]]:
    """(field, message) of a 422."""
    assert answer.status == 422, answer.body
    return [(cause["field"], cause["message"]) for cause in answer.json["details"]["causes"]]


SHARE = {"type": "Utilization", "averageUtilization": 50}
WRONG_METRICS = [
    (
        {"type": "Nonsense"},
        "spec.metrics[0].type",
        'Unsupported value: "Nonsense": supported values: "ContainerResource", "External", "Object", "Pods", '
        '"Resource"',
    ),
    (
        {"type": "Resource"},
        "spec.metrics[0].resource",
        "Required value: must populate information for the given metric source",
    ),
    (
        resource(type="Utilization"),
        "spec.metrics[0].resource.target.averageUtilization",
        "Required value: must set either a target raw value or a target utilization",
    ),
    (
        resource(type="Utilization", averageUtilization=0),
        "spec.metrics[0].resource.target.averageUtilization",
        "Invalid value: 0: must be greater than 0",
    ),
    (
        resource(**SHARE, averageValue="1"),
        "spec.metrics[0].resource.target.averageValue",
        "Forbidden: may not set both a target raw value and a target utilization",
    ),
    (
        resource(type="Sometimes", averageUtilization=5),
        "spec.metrics[0].resource.target.type",
        'Invalid value: "Sometimes": must be either Utilization, Value, or AverageValue',
    ),
    (
        resource(type="AverageValue", averageValue="-1"),
        "spec.metrics[0].resource.target.averageValue",
        'Invalid value: "-1": must be positive',
    ),
    (
        {**resource(**SHARE), "pods": {"metric": {"name": "a"}, "target": SHARE}},
        "spec.metrics[0].pods",
        "Forbidden: must populate the given metric source only",
    ),
    (
        {"type": "Pods", "pods": {"metric": {"name": "a"}, "target": {"type": "AverageValue"}}},
        "spec.metrics[0].pods.target.averageValue",
        "Required value: must specify a positive target averageValue",
    ),
    (
        {"type": "External", "external": {"metric": {"name": ""}, "target": {"type": "Value", "value": "1"}}},
        "spec.metrics[0].external.metric.name",
        "Required value: must specify a metric name",
    ),
    (
        {
            "type": "Object",
            "object": {
                "describedObject": {"kind": "", "name": "a/b"},
                "metric": {"name": "a"},
                "target": {"type": "Value", "value": "1"},
            },
        },
        "spec.metrics[0].object.describedObject.name",
        "Invalid value: \"a/b\": may not contain '/'",
    ),
    (
        {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "", "target": SHARE}},
        "spec.metrics[0].containerResource.container",
        "Required value: must specify a container",
    ),
]


@pytest.mark.parametrize(("metric", "field", "message"), WRONG_METRICS, ids=[w[1] for w in WRONG_METRICS])
async def test_metrics(sandbox: Sandbox, metric: dict[str, Any], field: str, message: str) -> None:
    assert (field, message) in causes(await sandbox.call("POST", HPAS, hpa([metric])))


WRONG_RULES = [
    ({"stabilizationWindowSeconds": 3601}, "stabilizationWindowSeconds"),
    ({"stabilizationWindowSeconds": -1}, "stabilizationWindowSeconds"),
    ({"selectPolicy": "Any"}, "selectPolicy"),
    ({"policies": []}, "policies"),
    ({"policies": [{"type": "All", "value": 1, "periodSeconds": 1}]}, "policies[0].type"),
    ({"policies": [{"type": "Pods", "value": 0, "periodSeconds": 1}]}, "policies[0].value"),
    ({"policies": [{"type": "Pods", "value": 1, "periodSeconds": 1801}]}, "policies[0].periodSeconds"),
]


@pytest.mark.parametrize(("rules", "field"), WRONG_RULES)
async def test_behaviour(sandbox: Sandbox, rules: dict[str, Any], field: str) -> None:
    answer = await sandbox.call("POST", HPAS, hpa(behavior={"scaleDown": rules}))
    assert [name for name, _ in causes(answer)] == [f"spec.behavior.scaleDown.{field}"]


async def test_right_autoscalers(sandbox: Sandbox) -> None:
    pods = {
        "type": "Pods",
        "pods": {"metric": {"name": "a"}, "target": {"type": "AverageValue", "averageValue": "100m"}},
    }
    good = hpa([resource(**SHARE), pods], behavior={"scaleUp": {"stabilizationWindowSeconds": 5}})
    assert (await sandbox.call("POST", HPAS, good)).status == 201


@pytest.mark.parametrize(
    ("spec", "field", "message"),
    [
        ({"minAvailable": "half"}, "spec.minAvailable", "a valid percent string"),
        ({"minAvailable": "50"}, "spec.minAvailable", "a valid percent string"),
        ({"minAvailable": "101%"}, "spec.minAvailable", "must not be greater than 100%"),
        ({"maxUnavailable": -1}, "spec.maxUnavailable", "must be greater than or equal to 0"),
        (
            {"selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
            "spec.selector.matchExpressions[0].values",
            "must be specified",
        ),
        (
            {"selector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}},
            "spec.selector.matchExpressions[0].operator",
            "not a valid selector operator",
        ),
        ({"unhealthyPodEvictionPolicy": "Never"}, "spec.unhealthyPodEvictionPolicy", "supported values"),
    ],
)
async def test_budgets(sandbox: Sandbox, spec: dict[str, Any], field: str, message: str) -> None:
    head = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}}
    ((found, said),) = causes(await sandbox.call("POST", PDBS, {**head, "spec": spec}))
    assert found == field
    assert message in said


def stateful_set(*names: str | None, mounts: str = "data") -> dict[str, Any]:
    """A StatefulSet with claims of these names."""
    obj = {**deployment("db"), "kind": "StatefulSet"}
    spec = {k: v for k, v in obj["spec"].items() if k != "strategy"}
    spec["template"]["spec"]["containers"][0]["volumeMounts"] = [{"name": mounts, "mountPath": "/data"}]
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    spec["volumeClaimTemplates"] = [{"metadata": {"name": n} if n else {}, "spec": wanted} for n in names]
    return {**obj, "spec": spec}


async def test_claim_templates(sandbox: Sandbox) -> None:
    at = "spec.volumeClaimTemplates"
    unnamed = await sandbox.call("POST", SETS, stateful_set("data", None))
    assert causes(unnamed) == [(f"{at}[1].metadata.name", "Required value")]
    twice = await sandbox.call("POST", SETS, stateful_set("data", "data"))
    assert causes(twice) == [(f"{at}[1].metadata.name", 'Duplicate value: "data"')]
    other = await sandbox.call("POST", SETS, stateful_set("data", mounts="logs"))
    assert causes(other)[0][1] == 'Not found: "logs"'
    assert (await sandbox.call("POST", SETS, stateful_set("data"))).status == 201


TWICE = (
    b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","name":"twice"},"data":{"k":"1","k":"2"},"more":1}'
)


async def test_duplicate_fields(sandbox: Sandbox) -> None:
    warned = await sandbox.call("POST", MAPS, TWICE)
    assert (warned.status, warned.json["metadata"]["name"], warned.json["data"]) == (201, "twice", {"k": "2"})
    assert warned.headers.getall("Warning") == [
        '299 - "duplicate field \\"metadata.name\\""',
        '299 - "duplicate field \\"data.k\\""',
        '299 - "unknown field \\"more\\""',
    ]
    refused = await sandbox.call("POST", f"{MAPS}?fieldValidation=Strict", TWICE)
    assert refused.status == 400
    assert refused.json["message"] == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field '
        '"metadata.name", duplicate field "data.k", unknown field "more"'
    )
    ignored = await sandbox.call("PUT", f"{MAPS}/twice?fieldValidation=Ignore", TWICE)
    assert (ignored.status, "Warning" in ignored.headers) == (200, False)


async def test_duplicate_fields_of_patches_and_lists(sandbox: Sandbox) -> None:
    sandbox.client.create("ConfigMap", config_map("a"))
    merge = "application/merge-patch+json"
    warned = await sandbox.call("PATCH", f"{MAPS}/a", b'{"data":{"k":"1","k":"2"}}', content_type=merge)
    assert warned.headers.getall("Warning") == ['299 - "duplicate field \\"data.k\\""']
    containers = b'[{"name":"a"},{"name":"b","name":"c"}]'
    body = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":' + containers + b"}}"
    refused = await sandbox.call("POST", "/api/v1/namespaces/shop/pods?fieldValidation=Strict", body)
    assert 'duplicate field "spec.containers[1].name"' in refused.json["message"]


async def test_many_duplicates_stay_few_words(sandbox: Sandbox) -> None:
    keys = ",".join(f'"k{index // 2}":"v"' for index in range(20_000))
    body = f'{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"a"}},"data":{{{keys}}}}}'.encode()
    answer = await sandbox.call("POST", MAPS, body)
    assert answer.status == 201
    assert len(answer.headers.getall("Warning")) == 100


async def test_scale_to_zero_leaves_the_number_out(sandbox: Sandbox) -> None:
    sandbox.client.create("Deployment", deployment(replicas=0))
    scale = (await sandbox.call("GET", f"{WEBS}/web/scale")).json
    assert (scale["spec"], scale["status"]["replicas"]) == ({}, 0)
    scale["spec"] = {"replicas": 2}
    assert (await sandbox.call("PUT", f"{WEBS}/web/scale", scale)).json["spec"] == {"replicas": 2}
