"""Rules that an object must fulfil, with the API's own words for breaking them.

From `pkg/apis/*/validation` of Kubernetes 1.36: the rules that people meet. What is not checked here is accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dashboard.sandbox.custom import rules as crds
from dashboard.sandbox.failures import Invalid, invalid
from dashboard.sandbox.quantities import check_quantities
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.validation import autoscaling, names, others, workloads
from dashboard.sandbox.validation.errors import AT_LEAST_0, Errors

if TYPE_CHECKING:
    from dashboard.sandbox.api import Api

Obj = dict[str, Any]
Rule = Callable[[Errors, Obj, Obj | None], None]

RULES: dict[str, Rule] = {
    "pods": others.pod,
    "deployments.apps": workloads.deployment,
    "replicasets.apps": workloads.replica_set,
    "statefulsets.apps": workloads.stateful_set,
    "daemonsets.apps": workloads.daemon_set,
    "jobs.batch": workloads.job,
    "cronjobs.batch": workloads.cron_job,
    "services": others.service,
    "horizontalpodautoscalers.autoscaling": autoscaling.autoscaler,
    "configmaps": others.config_map,
    "secrets": others.secret,
    "poddisruptionbudgets.policy": others.budget,
    "persistentvolumeclaims": others.claim,
    "customresourcedefinitions.apiextensions.k8s.io": crds.check,
}
"""By storage name. Called with the new object and the stored one (None on creation)."""


def validate(api: Api, resource: Resource, obj: Obj, live: Obj | None, subresource: str = "") -> None:
    """Raise ApiFailure 422 with everything that is wrong with `obj` (replacing `live`), 400 for a wrong quantity."""
    if subresource != "status":
        check_quantities(resource, obj)
    errors = Errors()
    names.metadata(errors, resource, obj["metadata"])
    rule = RULES.get(resource.storage)
    if rule is not None and subresource != "status":
        rule(errors, obj, live)
    if live is not None:
        _finalizers(errors, obj, live)
    if resource.custom is not None:
        resource.custom.validate(errors, obj)
    if errors.causes:
        raise invalid(resource.kind, resource.group, obj["metadata"].get("name", ""), errors.causes)


def _finalizers(errors: Errors, obj: Obj, live: Obj) -> None:
    """Nothing may begin to hold an object that is being deleted."""
    if not live["metadata"].get("deletionTimestamp"):
        return
    had = set(live["metadata"].get("finalizers") or ())
    added = [name for name in obj["metadata"].get("finalizers") or () if name not in had]
    if added:
        text = f"no new finalizers can be added if the object is being deleted, found new finalizers {added}"
        errors.forbidden("metadata.finalizers", text)


def scale(name: str, replicas: Any) -> None:
    """The rules of a Scale. Raises ApiFailure 422."""
    if replicas < 0:
        cause = Invalid("spec.replicas", f"Invalid value: {replicas}: {AT_LEAST_0}")
        raise invalid("Scale", "autoscaling", name, [cause])
