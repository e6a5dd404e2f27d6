"""CustomResourceDefinitions themselves: defaults and rules."""

from __future__ import annotations

import re
from typing import Any

from dashboard.sandbox.custom import schema_rules
from dashboard.sandbox.validation.errors import IMMUTABLE, Errors

Obj = dict[str, Any]

PROTECTED = (".k8s.io", ".kubernetes.io")
APPROVED = "api-approved.kubernetes.io"
APPROVED_TEXT = (
    f'protected groups must have approval annotation "{APPROVED}", see '
    "https://github.com/kubernetes/enhancements/pull/1111"
)
LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)


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
    stored = [version.get("name", "") for version in obj["spec"].get("versions") or () if version.get("storage")]
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
    group, marks = str(spec.get("group") or ""), obj["metadata"].get("annotations") or {}
    if group.endswith(PROTECTED) and not marks.get(APPROVED):
        errors.required(f"metadata.annotations[{APPROVED}]", APPROVED_TEXT)
    kind = names.get("kind") or ""
    if kind and not LABEL_1035.fullmatch(kind.lower()):
        errors.invalid("spec.names.kind", kind, f"may have mixed case, but should otherwise match: {LABEL_1035_TEXT}")
    for field in ("plural", "kind"):
        if not names.get(field):
            errors.required(f"spec.names.{field}")
    _versions(errors, spec.get("versions") or [])
    if live is not None and live["spec"].get("scope") != spec.get("scope"):
        errors.invalid("spec.scope", spec.get("scope"), IMMUTABLE)


def _versions(errors: Errors, versions: list[Obj]) -> None:
    if sum(1 for version in versions if version.get("storage")) != 1:
        errors.invalid("spec.versions", versions, "must have exactly one version marked as storage version")
    names: set[str] = set()
    for index, version in enumerate(versions):
        path, name = f"spec.versions[{index}]", version.get("name") or ""
        if not name:
            errors.required(f"{path}.name")
        elif not LABEL_1035.fullmatch(name):
            errors.invalid(f"{path}.name", name, LABEL_1035_TEXT)
        elif name in names:
            errors.duplicate(f"{path}.name", name)
        names.add(name)
        declared = (version.get("schema") or {}).get("openAPIV3Schema")
        if not declared:
            errors.required(f"{path}.schema.openAPIV3Schema", "schemas are required")
        else:
            schema_rules.check(errors, f"{path}.schema.openAPIV3Schema", declared, top=True)
