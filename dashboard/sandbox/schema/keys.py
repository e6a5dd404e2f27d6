"""How lists and maps of the built-in types merge: the API's list-map keys, sets and atomic parts.

From the Kubernetes API types (`+listType`, `+listMapKey`, `+structType`, `patchStrategy`,
`patchMergeKey`). `Type.field` → keys. What is not named here is atomic for a list, granular for a map or struct.
"""

from __future__ import annotations

SET = ("",)
"""A list whose elements are its keys."""

_CONDITIONS = [
    "V1PodStatus",
    "V1DeploymentStatus",
    "V1ReplicaSetStatus",
    "V1StatefulSetStatus",
    "V1DaemonSetStatus",
    "V1NodeStatus",
    "V1NamespaceStatus",
    "V1PersistentVolumeClaimStatus",
    "V1ServiceStatus",
    "V1ReplicationControllerStatus",
    "V2HorizontalPodAutoscalerStatus",
    "V1PodDisruptionBudgetStatus",
    "V1CustomResourceDefinitionStatus",
    "V1APIServiceStatus",
]

APPLY_KEYS: dict[str, tuple[str, ...]] = {
    **{f"{name}.conditions": ("type",) for name in _CONDITIONS},
    "V1ObjectMeta.ownerReferences": ("uid",),
    "V1ObjectMeta.finalizers": SET,
    "V1PodSpec.containers": ("name",),
    "V1PodSpec.initContainers": ("name",),
    "V1PodSpec.ephemeralContainers": ("name",),
    "V1PodSpec.volumes": ("name",),
    "V1PodSpec.imagePullSecrets": ("name",),
    "V1PodSpec.hostAliases": ("ip",),
    "V1PodSpec.schedulingGates": ("name",),
    "V1PodSpec.resourceClaims": ("name",),
    "V1PodSpec.topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "V1Container.ports": ("containerPort", "protocol"),
    "V1Container.env": ("name",),
    "V1Container.volumeMounts": ("mountPath",),
    "V1Container.volumeDevices": ("devicePath",),
    "V1EphemeralContainer.env": ("name",),
    "V1EphemeralContainer.volumeMounts": ("mountPath",),
    "V1EphemeralContainer.ports": ("containerPort", "protocol"),
    "V1PodStatus.podIPs": ("ip",),
    "V1ServiceSpec.ports": ("port", "protocol"),
    "V1ServiceAccount.secrets": ("name",),
    "V1NodeStatus.addresses": ("type",),
    "V1NodeSpec.podCIDRs": SET,
    "V1MutatingWebhookConfiguration.webhooks": ("name",),
    "V1ValidatingWebhookConfiguration.webhooks": ("name",),
    "V1LabelSelectorRequirement.values": (),
}
"""Server-side apply and managedFields."""

STRATEGIC_KEYS: dict[str, tuple[str, ...]] = {
    **{key: value[:1] for key, value in APPLY_KEYS.items() if value},
    "V1JobStatus.conditions": ("type",),
    "V1PodStatus.hostIPs": ("ip",),
}
"""Strategic merge patch: one key a list; a set merges its primitive elements."""

RETAIN_KEYS = frozenset({"V1DeploymentSpec.strategy", "V1PodSpec.volumes"})
"""Fields of which only the keys named by `$retainKeys` survive (unions)."""

ATOMIC_TYPES = frozenset(
    [
        "V1LabelSelector",
        "V1SecretKeySelector",
        "V1ConfigMapKeySelector",
        "V1ObjectFieldSelector",
        "V1ResourceFieldSelector",
        "V1LocalObjectReference",
        "V1ObjectReference",
        "V1NodeSelector",
        "V1NodeSelectorTerm",
        "V1TypedLocalObjectReference",
        "V1ScopeSelector",
        "V1CrossVersionObjectReference",
        "V1RoleRef",
        "V1SecretReference",
        "V1FileKeySelector",
    ]
)

ATOMIC_FIELDS = frozenset(["V1PodSpec.nodeSelector", "V1ServiceSpec.selector", "V1ReplicationControllerSpec.selector"])

INT64 = frozenset(
    [
        "V1ObjectMeta.generation",
        "V1ObjectMeta.deletionGracePeriodSeconds",
        "V1PodSpec.activeDeadlineSeconds",
        "V1PodSpec.terminationGracePeriodSeconds",
        "V1JobSpec.activeDeadlineSeconds",
        "V1CronJobSpec.startingDeadlineSeconds",
        "V1ControllerRevision.revision",
        "V1DeleteOptions.gracePeriodSeconds",
        "V1Toleration.tolerationSeconds",
        "V1Probe.terminationGracePeriodSeconds",
    ]
)
"""Integers that are not 32 bits wide (besides every `observedGeneration` and `runAs…`)."""
INT64_NAMES = frozenset({"observedGeneration", "runAsUser", "runAsGroup", "fsGroup"})
