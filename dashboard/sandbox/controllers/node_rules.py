"""Whether a Pod and a node suit each other: selectors, affinity, taints and tolerations. Pure.

Source: `k8s.io/component-helpers/scheduling/corev1`, Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dashboard.sandbox.controllers.meta import Obj, labels_of


def node_fits(spec: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    """Whether the Pod spec's nodeSelector and required node affinity allow the node."""
    labels = labels_of(node)
    if any(labels.get(name) != value for name, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return any(_term_holds(term, node) for term in required.get("nodeSelectorTerms") or ())


def _term_holds(term: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    named = {"metadata.name": node["metadata"]["name"]}
    return all(_holds(e, labels_of(node)) for e in expressions) and all(_holds(f, named) for f in fields)


def _holds(expression: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    operator, wanted = expression["operator"], expression.get("values") or ()
    present = expression["key"] in values
    value = values.get(expression["key"])
    if operator == "In":
        return present and value in wanted
    if operator == "NotIn":
        return not present or value not in wanted
    if operator == "Exists":
        return present
    if operator == "DoesNotExist":
        return not present
    return present and _compares(operator, str(value), wanted)


def _compares(operator: str, value: str, wanted: Sequence[str]) -> bool:
    if len(wanted) != 1 or not value.lstrip("-").isdigit() or not wanted[0].lstrip("-").isdigit():
        return False
    return int(value) > int(wanted[0]) if operator == "Gt" else operator == "Lt" and int(value) < int(wanted[0])


def tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    """Whether one toleration covers one taint (Toleration.ToleratesTaint)."""
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint.get("key"):
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")


def untolerated(tolerations: Iterable[Mapping[str, Any]], node: Mapping[str, Any]) -> list[Obj]:
    """The node's taints that none of the tolerations covers."""
    held = list(tolerations)
    taints = (node.get("spec") or {}).get("taints") or ()
    return [taint for taint in taints if not any(tolerates(toleration, taint) for toleration in held)]
