"""Are the quantities of an object quantities? A real server cannot even decode those that are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.sandbox.amounts import amount
from dashboard.sandbox.failures import bad_request
from dashboard.sandbox.registry import Resource

KINDS = frozenset(
    [
        "pods",
        "podtemplates",
        "replicationcontrollers",
        "deployments.apps",
        "replicasets.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "jobs.batch",
        "cronjobs.batch",
        "resourcequotas",
        "limitranges",
        "persistentvolumes",
        "persistentvolumeclaims",
        "horizontalpodautoscalers.autoscaling",
    ]
)
"""Kinds that have quantities, by storage name."""

PATTERN = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
MAPS = frozenset(
    ["requests", "limits", "hard", "capacity", "min", "max", "default", "defaultRequest", "maxLimitRequestRatio"]
)
"""Fields of these kinds whose values, where they are maps of strings, are quantities."""

SINGLE = frozenset(["averageValue", "sizeLimit"])


def check_quantities(resource: Resource, obj: Mapping[str, Any]) -> None:
    """Raises ApiFailure 400 for the first value that is none."""
    if resource.storage not in KINDS:
        return
    for value in _quantities(obj.get("spec")):
        try:
            amount(value)
        except ValueError as error:
            where = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
            raise bad_request(f"{where}: quantities must match the regular expression '{PATTERN}'") from error


def _quantities(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _quantities(item)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in SINGLE and inner is not None:
                yield inner
            elif name in MAPS and isinstance(inner, dict):
                yield from inner.values()
            elif name not in ("labels", "annotations", "matchLabels"):
                yield from _quantities(inner)
