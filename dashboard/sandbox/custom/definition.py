"""A CRD as resource types: one for each served version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dashboard.sandbox.custom.schema import default, prune, validate
from dashboard.sandbox.registry import Resource, Subresource, subresource
from dashboard.sandbox.schema.nodes import Node, from_openapi
from dashboard.sandbox.validation.errors import Errors

Obj = dict[str, Any]

VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
"""In the order in which discovery lists them for custom kinds."""


@dataclass(frozen=True, slots=True)
class Custom:
    """What one version of a CRD says about its objects."""

    schema: Obj
    node: Node
    columns: list[Obj] = field(default_factory=list)
    scale: Obj = field(default_factory=dict)

    def prune(self, obj: Obj, unknown: list[str]) -> Obj:
        """A copy without fields that the schema does not know; their paths are added to `unknown`."""
        pruned: Obj = prune(self.schema, obj, "", unknown, top=True)
        return pruned

    def default(self, obj: Obj) -> None:
        """Fill in the schema's defaults (in place)."""
        default(self.schema, obj)

    def validate(self, errors: Errors, obj: Obj) -> None:
        """Add what breaks the schema."""
        validate(errors, self.schema, {k: v for k, v in obj.items() if k != "metadata"}, "")


def key(crd: Obj) -> str:
    """The store's name of a CRD's objects."""
    return f"{crd['spec']['names']['plural']}.{crd['spec']['group']}"


def resources(crd: Obj) -> list[Resource]:
    """The types that a CRD serves, the preferred version first."""
    served = [version for version in crd["spec"]["versions"] if version.get("served")]
    return [_resource(crd, version) for version in sorted(served, key=_preference)]


def _preference(version: Obj) -> tuple[int, str]:
    # v1 before v1beta1 before v1alpha1, as kube-apiserver prefers them.
    name = version["name"]
    stage = 2 if "alpha" in name else 1 if "beta" in name else 0
    return stage, name


def _resource(crd: Obj, version: Obj) -> Resource:
    spec = crd["spec"]
    names, declared = spec["names"], version.get("subresources") or {}
    schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    subs: list[Subresource] = []
    for name in ("status", "scale"):
        if name in declared:
            subs.append(subresource(name, names["kind"], spec["group"], version["name"]))
    return Resource(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        kind=names["kind"],
        namespaced=spec["scope"] == "Namespaced",
        singular=names.get("singular") or names["kind"].lower(),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        verbs=VERBS,
        subresources=tuple(subs),
        storage=key(crd),
        list_kind=names.get("listKind") or f"{names['kind']}List",
        custom=Custom(
            schema=schema,
            node=from_openapi(schema, top=True),
            columns=version.get("additionalPrinterColumns") or [],
            scale=declared.get("scale") or {},
        ),
    )
