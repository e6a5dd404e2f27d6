"""CustomResourceDefinitions themselves: defaults and rules."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.validation.errors import IMMUTABLE, Errors

Obj = dict[str, Any]


def fill(obj: Obj) -> None:
    """Defaults of a CRD (in place)."""
    spec = obj["spec"]
    names = spec.setdefault("names", {})
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")
    spec.setdefault("conversion", {}).setdefault("strategy", "None")


def initial_status(obj: Obj) -> Obj:
    """The status of a new CRD."""
    stored = [version["name"] for version in obj["spec"].get("versions") or () if version.get("storage")]
    return {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored}


def check(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """Rules of a CRD."""
    spec, name = obj["spec"], obj["metadata"].get("name", "")
    names = spec.get("names") or {}
    wanted = f"{names.get('plural', '')}.{spec.get('group', '')}"
    if name != wanted:
        errors.invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    if not spec.get("group"):
        errors.required("spec.group")
    elif "." not in spec["group"]:
        errors.invalid("spec.group", spec["group"], "should be a domain with at least one dot")
    if spec.get("scope") not in ("Cluster", "Namespaced"):
        errors.unsupported("spec.scope", spec.get("scope", ""), ("Cluster", "Namespaced"))
    for field in ("plural", "kind"):
        if not names.get(field):
            errors.required(f"spec.names.{field}")
    _versions(errors, spec.get("versions") or [])
    if live is not None and live["spec"].get("scope") != spec.get("scope"):
        errors.invalid("spec.scope", spec.get("scope"), IMMUTABLE)


def _versions(errors: Errors, versions: list[Obj]) -> None:
    if sum(1 for version in versions if version.get("storage")) != 1:
        errors.invalid("spec.versions", versions, "must have exactly one version marked as storage version")
    for index, version in enumerate(versions):
        if not version.get("name"):
            errors.required(f"spec.versions[{index}].name")
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            errors.required(f"spec.versions[{index}].schema.openAPIV3Schema", "schemas are required")
