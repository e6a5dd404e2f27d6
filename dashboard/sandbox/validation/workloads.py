"""Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs."""

from __future__ import annotations

import re
from typing import Any

from dashboard.sandbox.validation.errors import IMMUTABLE, Errors
from dashboard.sandbox.validation.names import labels as check_labels
from dashboard.sandbox.validation.podspec import pod_spec
from dashboard.sandbox.validation.selectors import amount, at_most_all
from dashboard.sandbox.validation.selectors import selector as check_selector

Obj = dict[str, Any]

NO_MATCH = "`selector` does not match template `labels`"


def selects(selector: Obj, labels: Obj) -> bool:
    """Whether a label selector matches labels."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression(rule, labels) for rule in selector.get("matchExpressions") or ())


def _expression(rule: Obj, labels: Obj) -> bool:
    key, values = str(rule.get("key", "")), rule.get("values") or ()
    return {
        "In": labels.get(key) in values,
        "NotIn": key not in labels or labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }.get(rule.get("operator", ""), False)


def _selector(errors: Errors, obj: Obj, kind: str) -> None:
    selector = obj["spec"].get("selector")
    if selector is None:
        errors.required("spec.selector")
        selector = {}
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        errors.invalid("spec.selector", selector, f"empty selector is invalid for {kind}")
    check_selector(errors, "spec.selector", selector)
    template = obj["spec"].get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not selects(selector, labels):
        errors.invalid("spec.template.metadata.labels", labels, NO_MATCH)
    check_labels(errors, "spec.template.labels", labels)


def _template(
    errors: Errors, obj: Obj, restart: tuple[str, ...] = ("Always",), volumes: frozenset[str] = frozenset()
) -> None:
    template = obj["spec"].get("template") or {}
    pod_spec(errors, "spec.template.spec", template.get("spec") or {}, restart, volumes)


def _unchanged(errors: Errors, obj: Obj, live: Obj | None, name: str) -> None:
    if live is not None and obj["spec"].get(name) != live["spec"].get(name):
        errors.invalid(f"spec.{name}", obj["spec"].get(name), IMMUTABLE)


def _zero(value: Any) -> bool:
    return value == 0 or (isinstance(value, str) and value.rstrip("%").strip("0") == "" and value.endswith("%"))


def _rolling(errors: Errors, path: str, rolling: Obj) -> None:
    for name in ("maxUnavailable", "maxSurge"):
        amount(errors, f"{path}.{name}", rolling.get(name))
    unavailable = rolling.get("maxUnavailable")
    at_most_all(errors, f"{path}.maxUnavailable", unavailable)
    if _zero(unavailable) and _zero(rolling.get("maxSurge")):
        errors.invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0")


def deployment(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """apps/v1 Deployment."""
    spec = obj["spec"]
    errors.at_least_0("spec.replicas", spec.get("replicas"))
    _selector(errors, obj, "deployment")
    _template(errors, obj)
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        if strategy.get("rollingUpdate"):
            text = "may not be specified when strategy `type` is 'Recreate'"
            errors.forbidden("spec.strategy.rollingUpdate", text)
    elif strategy.get("type") == "RollingUpdate":
        _rolling(errors, "spec.strategy.rollingUpdate", strategy.get("rollingUpdate") or {})
    else:
        errors.unsupported("spec.strategy", strategy, ("Recreate", "RollingUpdate"))
    errors.at_least_0("spec.minReadySeconds", spec.get("minReadySeconds"))
    errors.at_least_0("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))
    errors.at_least_0("spec.progressDeadlineSeconds", spec.get("progressDeadlineSeconds"))
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= (spec.get("minReadySeconds") or 0):
        errors.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")
    _unchanged(errors, obj, live, "selector")


def replica_set(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """apps/v1 ReplicaSet."""
    errors.at_least_0("spec.replicas", obj["spec"].get("replicas"))
    errors.at_least_0("spec.minReadySeconds", obj["spec"].get("minReadySeconds"))
    _selector(errors, obj, "replica set")
    _template(errors, obj)
    _unchanged(errors, obj, live, "selector")


CHANGEABLE = frozenset(
    {
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
)
STATEFUL_FORBIDDEN = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def _claims(errors: Errors, templates: list[Obj]) -> frozenset[str]:
    """The names that containers may mount. One without a name is refused here; a real server takes it, and its
    Pods never come, because no claim of theirs can be created."""
    names = [str((template.get("metadata") or {}).get("name") or "") for template in templates]
    for index, name in enumerate(names):
        if not name:
            errors.required(f"spec.volumeClaimTemplates[{index}].metadata.name")
        elif name in names[:index]:
            errors.duplicate(f"spec.volumeClaimTemplates[{index}].metadata.name", name)
    return frozenset(names)


def stateful_set(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """apps/v1 StatefulSet."""
    spec = obj["spec"]
    errors.at_least_0("spec.replicas", spec.get("replicas"))
    _selector(errors, obj, "statefulset")
    _template(errors, obj, volumes=_claims(errors, spec.get("volumeClaimTemplates") or []))
    if spec.get("podManagementPolicy") not in ("OrderedReady", "Parallel"):
        errors.unsupported("spec.podManagementPolicy", spec.get("podManagementPolicy"), ("OrderedReady", "Parallel"))
    if live is not None:
        names = (spec.keys() | live["spec"].keys()) - CHANGEABLE
        if any(spec.get(name) != live["spec"].get(name) for name in names):
            errors.forbidden("spec", STATEFUL_FORBIDDEN)


def daemon_set(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """apps/v1 DaemonSet."""
    _selector(errors, obj, "daemonset")
    _template(errors, obj)
    strategy = obj["spec"].get("updateStrategy") or {}
    if strategy.get("type") not in ("RollingUpdate", "OnDelete"):
        errors.unsupported("spec.updateStrategy.type", strategy.get("type"), ("RollingUpdate", "OnDelete"))
    _unchanged(errors, obj, live, "selector")


def job(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """batch/v1 Job."""
    spec = obj["spec"]
    for name in ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        errors.at_least_0(f"spec.{name}", spec.get(name))
    _template(errors, obj, ("OnFailure", "Never"))
    if live is not None:
        names = ("completions",) if spec.get("completionMode") != "Indexed" else ()
        for name in (*names, "selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex"):
            _unchanged(errors, obj, live, name)
        if not live["spec"].get("suspend"):
            _unchanged(errors, obj, live, "template")


MACROS = re.compile(r"^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$")


def cron_job(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """batch/v1 CronJob."""
    spec = obj["spec"]
    schedule = spec.get("schedule")
    if not schedule:
        errors.required("spec.schedule")
    elif not MACROS.match(schedule):
        fields = schedule.split()
        if len(fields) != 5:
            text = f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
            errors.invalid("spec.schedule", schedule, text)
    if spec.get("concurrencyPolicy") not in ("Allow", "Forbid", "Replace"):
        errors.unsupported("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), ("Allow", "Forbid", "Replace"))
    template = ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template") or {}
    pod_spec(errors, "spec.jobTemplate.spec.template.spec", template.get("spec") or {}, ("OnFailure", "Never"))
