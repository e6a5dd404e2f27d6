"""Which kinds are watched, and how the patterns are read."""

from __future__ import annotations

import pytest

from dashboard.cluster.kinds import KindFilter, is_builtin_group
from dashboard.core.objects import ResourceType


def kind(text: str) -> ResourceType:
    group, _, name = text.partition("/")
    return ResourceType("" if group == "core" else group, "v1", name, f"{name.lower()}s", True)


@pytest.mark.parametrize(
    "wanted",
    [
        "core/Pod",
        "core/Node",
        "core/Namespace",
        "core/Service",
        "core/PersistentVolumeClaim",
        "core/ResourceQuota",
        "core/LimitRange",
        "core/Event",
        "core/ReplicationController",
        "apps/Deployment",
        "apps/ReplicaSet",
        "apps/StatefulSet",
        "apps/DaemonSet",
        "batch/Job",
        "batch/CronJob",
        "autoscaling/HorizontalPodAutoscaler",
        "policy/PodDisruptionBudget",
        "networking.k8s.io/Ingress",
        "discovery.k8s.io/EndpointSlice",
        "storage.k8s.io/StorageClass",
        "apiextensions.k8s.io/CustomResourceDefinition",
        "stable.example.com/Hoge",
        "gateway.networking.k8s.io/Gateway",
        "cluster.x-k8s.io/Machine",
        "argoproj.io/Application",
    ],
)
def test_defaults_include(wanted: str) -> None:
    assert KindFilter().wants(kind(wanted))


@pytest.mark.parametrize(
    "noise",
    [
        "core/Secret",
        "core/ConfigMap",
        "core/Endpoints",
        "core/ServiceAccount",
        "apps/ControllerRevision",
        "coordination.k8s.io/Lease",
        "events.k8s.io/Event",
        "metrics.k8s.io/PodMetrics",
        "custom.metrics.k8s.io/MetricValueList",
        "authorization.k8s.io/SubjectAccessReview",
        "rbac.authorization.k8s.io/Role",
        "flowcontrol.apiserver.k8s.io/FlowSchema",
        "networking.k8s.io/NetworkPolicy",
        "storage.k8s.io/CSINode",
    ],
)
def test_defaults_leave_out(noise: str) -> None:
    assert not KindFilter().wants(kind(noise))


def test_a_crd_in_a_group_with_a_built_in_name_is_custom() -> None:
    assert not KindFilter().wants(kind("policy.k8s.io/Thing"))
    assert KindFilter().wants(kind("policy.k8s.io/Thing"), custom=True)


@pytest.mark.parametrize("text", ["core/Secret", "*/*", "+core/secret", "core/S*", "-*/*,core/Secret"])
def test_secrets_never(text: str) -> None:
    assert not KindFilter.parse(text).wants(kind("core/Secret"))


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        ("", "apps/Deployment", True),
        ("core/ConfigMap", "core/ConfigMap", True),
        ("core/configmap", "core/ConfigMap", True),
        (" core/ConfigMap , -core/Event ", "core/Event", False),
        ("-example.com/*", "example.com/Thing", False),
        ("-*.example.com/*", "sub.example.com/Thing", False),
        ("-*/*,apps/Deployment", "apps/Deployment", True),
        ("-*/*,apps/Deployment", "core/Pod", False),
        ("-custom/*", "example.com/Thing", False),
        ("-custom/*,example.com/T?ing", "example.com/Thing", True),
        ("*/*", "coordination.k8s.io/Lease", True),
        ("core/Event,-core/Event", "core/Event", False),
        ("-core/Event,core/Event", "core/Event", True),
    ],
)
def test_the_last_pattern_that_matches_decides(text: str, name: str, wanted: bool) -> None:
    assert KindFilter.parse(text).wants(kind(name)) is wanted


@pytest.mark.parametrize(
    "bad", ["pods", "apps/", "/Pod", "apps/v1/Deployment", "--apps/X", "apps Deployment/x", "a/b/"]
)
def test_a_bad_pattern_is_named(bad: str) -> None:
    with pytest.raises(ValueError, match="is not a kind pattern") as raised:
        KindFilter.parse(f"core/Pod,{bad}")
    assert repr(bad) in str(raised.value)


@pytest.mark.parametrize(
    ("group", "builtin"),
    [
        ("", True),
        ("apps", True),
        ("networking.k8s.io", True),
        ("rbac.authorization.k8s.io", True),
        ("internal.apiserver.k8s.io", True),
        ("gateway.networking.k8s.io", False),
        ("snapshot.storage.k8s.io", False),
        ("cluster.x-k8s.io", False),
        ("example.com", False),
    ],
)
def test_whose_group_it_is(group: str, builtin: bool) -> None:
    assert is_builtin_group(group) is builtin
