"""Which kinds are watched: patterns over what discovery returns, the user's after ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dashboard.core.objects import ResourceType

DEFAULTS = """
core/Pod, core/ReplicationController, core/Service, core/Node, core/Namespace, core/Event,
core/PersistentVolumeClaim, core/ResourceQuota, core/LimitRange,
apps/*, -apps/ControllerRevision, batch/*, autoscaling/*, policy/PodDisruptionBudget,
networking.k8s.io/Ingress, discovery.k8s.io/EndpointSlice, storage.k8s.io/StorageClass,
apiextensions.k8s.io/CustomResourceDefinition,
custom/*, -metrics.k8s.io/*, -*.metrics.k8s.io/*, -*/*Review, -packages.operators.coreos.com/*
"""
"""In RECONCILERVIZ_KINDS' own syntax. Left out on purpose: what has no loop (ConfigMaps, Leases, RBAC), what
only repeats another (Endpoints, events.k8s.io), and samples without a history (metrics)."""

PATTERN = re.compile(r"([a-z0-9.*?][a-z0-9.*?-]*)/([a-z0-9*?]+)")
NEVER = frozenset({("", "secret")})
"""Not even when asked: a dashboard that never holds a secret cannot leak one."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One `group/Kind` pattern, in lower case."""

    group: str
    kind: str
    include: bool

    def matches(self, resource: ResourceType, custom: bool) -> bool:
        """`custom/…` stands for every group that is not Kubernetes' own; `core` for the group without a name."""
        group = resource.group.lower() or "core"
        in_group = custom if self.group == "custom" else fnmatchcase(group, self.group)
        return in_group and fnmatchcase(resource.kind.lower(), self.kind)


def parse_patterns(text: str) -> tuple[Pattern, ...]:
    """Patterns from their comma-separated form. Raises ValueError naming the bad one."""
    patterns = []
    for part in text.split(","):
        written = part.strip()
        if not written:
            continue
        found = PATTERN.fullmatch(written.lower().removeprefix("-" if written[0] == "-" else "+"))
        if found is None:
            raise ValueError(
                f"{written[:100]!r} is not a kind pattern: expected group/Kind with * and ?, "
                "such as apps/Deployment, core/ConfigMap or -example.com/*"
            )
        patterns.append(Pattern(found[1], found[2], written[0] != "-"))
    return tuple(patterns)


def is_builtin_group(group: str) -> bool:
    """Whether Kubernetes itself serves this group, told by its name alone.

    Its own groups have no dot (`apps`) or one label before k8s.io (`networking.k8s.io`), with two exceptions;
    projects use deeper names (`gateway.networking.k8s.io`) or their own domains. A CRD's group is custom
    whatever its name: callers know those.
    """
    if "." not in group or group.endswith((".apiserver.k8s.io", "rbac.authorization.k8s.io")):
        return True
    return group.endswith(".k8s.io") and group.count(".") == 2


class KindFilter:
    """What RECONCILERVIZ_KINDS says, on top of the defaults.

    Comma-separated patterns `group/Kind` with `*` and `?`, case ignored; `core` is the group without a
    name, `custom` every group that is not Kubernetes' own. A bare pattern or one after `+` includes, one
    after `-` excludes; the last pattern that matches a kind decides. So:

    - `core/ConfigMap` adds ConfigMaps to the defaults,
    - `-core/Event,-example.com/*` leaves those out,
    - `-*/*,apps/Deployment,core/Pod` watches these two and nothing else.

    Secrets are never watched, whatever the patterns say.
    """

    def __init__(self, patterns: tuple[Pattern, ...] = ()) -> None:
        self._patterns = (*parse_patterns(DEFAULTS.replace("\n", " ")), *patterns)

    @classmethod
    def parse(cls, text: str) -> KindFilter:
        """From the variable's text; empty text is the defaults. Raises ValueError naming the bad pattern."""
        return cls(parse_patterns(text))

    @staticmethod
    def is_custom(resource: ResourceType) -> bool:
        """Whether a kind that no known CRD defines counts as custom all the same."""
        return not is_builtin_group(resource.group)

    def wants(self, resource: ResourceType, custom: bool | None = None) -> bool:
        """Whether to watch it; `custom` True when a CRD defines it, None to tell by the group's name."""
        if (resource.group, resource.kind.lower()) in NEVER:
            return False
        is_custom = self.is_custom(resource) if custom is None else custom
        for pattern in reversed(self._patterns):
            if pattern.matches(resource, is_custom):
                return pattern.include
        return False
