"""What CustomResourceDefinitions say of the kinds they define."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.core.objects import ResourceType, field

CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
STAGES = {"": 2, "beta": 1, "alpha": 0}


@dataclass(frozen=True, slots=True)
class Definition:
    """One CRD, as far as watching its kind needs. `life` changes whenever the kind must be listed anew."""

    group: str
    kind: str
    plural: str
    resource: ResourceType | None
    life: tuple[str, int]


def version_rank(version: str) -> tuple[int, int, int, str]:
    """The API's order of versions: v2 before v1 before v1beta2 before v1alpha1 before foo; larger is better.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
    """
    found = re.fullmatch(r"v([1-9][0-9]{0,8})(?:(alpha|beta)([1-9][0-9]{0,8}))?", version)
    if found is None:
        return (-1, 0, 0, version)
    return (STAGES[found[2] or ""], int(found[1]), int(found[3] or 0), version)


def _established(crd: Mapping[str, Any]) -> bool:
    conditions = field(crd, "status.conditions", [])
    return isinstance(conditions, list) and any(
        field(condition, "type") == "Established" and field(condition, "status") == "True" for condition in conditions
    )


def _has_status(version: Mapping[str, Any]) -> bool:
    """Whether this version's objects can have a status: a subresource, a schema for it, or anything allowed."""
    schema = field(version, "schema.openAPIV3Schema", {})
    return (
        isinstance(field(version, "subresources.status"), dict)
        or isinstance(field(schema, "properties.status"), dict)
        or field(schema, "x-kubernetes-preserve-unknown-fields") is True
    )


def definition(crd: Mapping[str, Any]) -> Definition | None:
    """Read a CRD object; None when it is malformed. `resource` is None until it is established and served.

    One that is being deleted still counts: its objects are shown until they are gone.
    """
    group, kind, plural = field(crd, "spec.group"), field(crd, "spec.names.kind"), field(crd, "spec.names.plural")
    versions = field(crd, "spec.versions")
    if not all(isinstance(part, str) and part for part in (group, kind, plural)) or not isinstance(versions, list):
        return None
    served = [
        version
        for version in versions
        if isinstance(version, dict) and version.get("served") is True and isinstance(version.get("name"), str)
    ]
    resource = None
    if served and _established(crd):
        best = max(served, key=lambda version: version_rank(version["name"]))
        namespaced = field(crd, "spec.scope") == "Namespaced"
        resource = ResourceType(group, best["name"], kind, plural, namespaced, _has_status(best))
    generation = field(crd, "metadata.generation", 0)
    life = (str(field(crd, "metadata.uid", "")), generation if isinstance(generation, int) else 0)
    return Definition(group, kind, plural, resource, life)
