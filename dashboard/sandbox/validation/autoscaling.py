"""HorizontalPodAutoscalers: their metrics and how fast they may scale (`pkg/apis/autoscaling/validation`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.sandbox.validation.errors import Errors
from dashboard.sandbox.validation.podspec import quantity

Obj = dict[str, Any]

LONGEST_WINDOW = 3600
"""Seconds of the longest stabilisation window."""
LONGEST_PERIOD = 1800
"""Seconds of the longest period of a scaling policy."""
UTILIZATION = "must set either a target raw value or a target utilization"


def autoscaler(errors: Errors, obj: Obj, live: Obj | None) -> None:
    """autoscaling HorizontalPodAutoscaler."""
    spec = obj["spec"]
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    if isinstance(least, int) and least < 1:
        errors.invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most < 1:
        errors.invalid("spec.maxReplicas", most, "must be greater than 0")
    if isinstance(least, int) and most < least:
        errors.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    _reference(errors, "spec.scaleTargetRef", spec.get("scaleTargetRef") or {})
    for index, metric in enumerate(spec.get("metrics") or ()):
        _metric(errors, f"spec.metrics[{index}]", metric or {})
    for side in ("scaleUp", "scaleDown"):
        rules = (spec.get("behavior") or {}).get(side)
        if rules is not None:
            _rules(errors, f"spec.behavior.{side}", rules)


def _reference(errors: Errors, path: str, reference: Obj) -> None:
    for name in ("kind", "name"):
        value = reference.get(name)
        if not value:
            errors.required(f"{path}.{name}")
        elif value in (".", ".."):
            errors.invalid(f"{path}.{name}", value, f"may not be '{value}'")
        else:
            for letter in ("/", "%"):
                if letter in value:
                    errors.invalid(f"{path}.{name}", value, f"may not contain '{letter}'")


def _metric(errors: Errors, path: str, metric: Obj) -> None:
    kind = metric.get("type", "")
    if not kind:
        errors.required(f"{path}.type", "must specify a metric source type")
    if kind not in SOURCES:
        errors.unsupported(f"{path}.type", kind, sorted(SOURCES))
    expected = SOURCES[kind][0] if kind in SOURCES else ""
    present = [(name, check) for name, check in SOURCES.values() if metric.get(name) is not None]
    for name, check in present[:1]:
        check(errors, f"{path}.{name}", metric[name])
    if expected and metric.get(expected) is None:
        errors.required(f"{path}.{expected}", "must populate information for the given metric source")
    for name, _ in present if len(present) > 1 else ():
        if name != expected:
            errors.forbidden(f"{path}.{name}", "must populate the given metric source only")


def _target(errors: Errors, path: str, target: Obj) -> None:
    kind = target.get("type", "")
    if not kind:
        errors.required(f"{path}.type", "must specify a metric target type")
    if kind not in ("Utilization", "Value", "AverageValue"):
        errors.invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue")
    for name in ("value", "averageValue"):
        if target.get(name) is not None and not _positive(target[name]):
            errors.invalid(f"{path}.{name}", target[name], "must be positive")
    share = target.get("averageUtilization")
    if share is not None and share < 1:
        errors.invalid(f"{path}.averageUtilization", share, "must be greater than 0")


def _positive(value: Any) -> bool:
    number = quantity(value)
    return number is not None and number > 0


def _identifier(errors: Errors, path: str, source: Obj) -> None:
    if not (source.get("metric") or {}).get("name"):
        errors.required(f"{path}.metric.name", "must specify a metric name")


def _shares(errors: Errors, path: str, target: Obj) -> None:
    _target(errors, path, target)
    share, value = target.get("averageUtilization"), target.get("averageValue")
    if share is None and value is None:
        errors.required(f"{path}.averageUtilization", UTILIZATION)
    if share is not None and value is not None:
        text = "may not set both a target raw value and a target utilization"
        errors.forbidden(f"{path}.averageValue", text)


def _resource(errors: Errors, path: str, source: Obj) -> None:
    if not source.get("name"):
        errors.required(f"{path}.name", "must specify a resource name")
    _shares(errors, f"{path}.target", source.get("target") or {})


def _container(errors: Errors, path: str, source: Obj) -> None:
    if not source.get("name"):
        errors.required(f"{path}.name", "must specify a resource name")
    if not source.get("container"):
        errors.required(f"{path}.container", "must specify a container")
    _shares(errors, f"{path}.target", source.get("target") or {})


def _pods(errors: Errors, path: str, source: Obj) -> None:
    target = source.get("target") or {}
    _identifier(errors, path, source)
    _target(errors, f"{path}.target", target)
    if not _positive(target.get("averageValue")):
        errors.required(f"{path}.target.averageValue", "must specify a positive target averageValue")


def _object(errors: Errors, path: str, source: Obj) -> None:
    target = source.get("target") or {}
    _reference(errors, f"{path}.describedObject", source.get("describedObject") or {})
    _identifier(errors, path, source)
    _target(errors, f"{path}.target", target)
    if target.get("value") is None and target.get("averageValue") is None:
        errors.required(f"{path}.target.averageValue", "must set either a target value or averageValue")


def _external(errors: Errors, path: str, source: Obj) -> None:
    target = source.get("target") or {}
    _identifier(errors, path, source)
    _target(errors, f"{path}.target", target)
    value, average = target.get("value"), target.get("averageValue")
    if value is None and average is None:
        text = "must set either a target value for metric or a per-pod target"
        errors.required(f"{path}.target.averageValue", text)
    if value is not None and average is not None:
        text = "may not set both a target value for metric and a per-pod target"
        errors.forbidden(f"{path}.target.value", text)


SOURCES: dict[str, tuple[str, Callable[[Errors, str, Obj], None]]] = {
    "Object": ("object", _object),
    "External": ("external", _external),
    "Pods": ("pods", _pods),
    "Resource": ("resource", _resource),
    "ContainerResource": ("containerResource", _container),
}
"""Type of a metric → its field and its rules, in the order in which the API looks at them."""


def _rules(errors: Errors, path: str, rules: Obj) -> None:
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        errors.invalid(f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > LONGEST_WINDOW:
        errors.invalid(f"{path}.stabilizationWindowSeconds", window, f"must be less than or equal to {LONGEST_WINDOW}")
    choice = rules.get("selectPolicy")
    if choice is not None and choice not in ("Disabled", "Max", "Min"):
        errors.unsupported(f"{path}.selectPolicy", choice, ("Disabled", "Max", "Min"))
    if not rules.get("policies"):
        errors.required(f"{path}.policies", "must specify at least one Policy")
    for index, policy in enumerate(rules.get("policies") or ()):
        _policy(errors, f"{path}.policies[{index}]", policy or {})


def _policy(errors: Errors, path: str, policy: Obj) -> None:
    kind, value, period = policy.get("type", ""), policy.get("value", 0), policy.get("periodSeconds", 0)
    if kind not in ("Percent", "Pods"):
        errors.unsupported(f"{path}.type", kind, ("Percent", "Pods"))
    if value <= 0:
        errors.invalid(f"{path}.value", value, "must be greater than zero")
    if period <= 0:
        errors.invalid(f"{path}.periodSeconds", period, "must be greater than zero")
    if period > LONGEST_PERIOD:
        errors.invalid(f"{path}.periodSeconds", period, f"must be less than or equal to {LONGEST_PERIOD}")
