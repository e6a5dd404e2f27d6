"""Values as the API writes them: quantities, durations, and numbers that may be percentages.

Formats and examples: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ ,
https://pkg.go.dev/time#ParseDuration , IntOrString of
https://github.com/kubernetes/apimachinery/blob/master/pkg/util/intstr/intstr.go
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

LONGEST = 40
"""Characters of a value that is read: the API's own quantities have at most 18 digits and a suffix."""

LARGEST_EXPONENT = 30
"""Powers of ten beyond this are no quantity of this world; reading them would cost memory."""

_BINARY = {suffix: Fraction(1024**power) for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}
_DECIMAL = {
    "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": Fraction(1), "k": Fraction(10**3),
    "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12), "P": Fraction(10**15), "E": Fraction(10**18),
}  # fmt: skip
_SUFFIX = {**_BINARY, **_DECIMAL}
_QUANTITY = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:[eE]([+-]?\d{1,3})|([KMGTPE]i|[numkMGTPE])?)\Z", re.ASCII)

_UNIT = {
    "ns": Fraction(1, 10**9), "us": Fraction(1, 10**6), "µs": Fraction(1, 10**6), "μs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600), "d": Fraction(86400),
    "w": Fraction(7 * 86400),
}  # fmt: skip
_DURATION = re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d|w))+\Z", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)", re.ASCII)
_PERCENT = re.compile(r"([+-]?\d{1,9})%\Z", re.ASCII)


def quantity(value: Any) -> Fraction | None:
    """A Kubernetes quantity as an exact number, None where it is none.

    >>> quantity("1Gi") == quantity("1024Mi") == quantity(1073741824), quantity("0.5") == quantity("500m")
    (True, True)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Fraction(value)
    if isinstance(value, float):
        return Fraction(value).limit_denominator(10**9) if abs(value) < 1e30 else None
    return _quantity(value) if isinstance(value, str) and 0 < len(value) <= LONGEST else None


@lru_cache(maxsize=4096)
def _quantity(value: str) -> Fraction | None:
    match = _QUANTITY.match(value)
    if match is None:
        return None
    number, exponent, suffix = match.groups()
    if exponent is None:
        return Fraction(number) * _SUFFIX[suffix or ""]
    power = int(exponent)
    return Fraction(number) * Fraction(10) ** power if abs(power) <= LARGEST_EXPONENT else None


@lru_cache(maxsize=1024)
def _duration(value: str) -> Fraction | None:
    if _DURATION.match(value) is None:
        return None
    total = sum((Fraction(number) * _UNIT[unit] for number, unit in _DURATION_PART.findall(value)), Fraction(0))
    return -total if value.startswith("-") else total


def duration(value: Any) -> Fraction | None:
    """A duration in seconds, None where it is none. Go's units, and the days and weeks of Prometheus.

    >>> duration("1h30m") == 5400, duration("1.5h") == duration("90m"), duration("90")
    (True, True, None)
    """
    return _duration(value) if isinstance(value, str) and 1 < len(value) <= LONGEST else None


def percentage(value: Any) -> int | None:
    """The number of an IntOrString percentage (`"25%"` is 25), None where it is none."""
    match = _PERCENT.match(value) if isinstance(value, str) and len(value) < 12 else None
    return int(match.group(1)) if match else None


def scaled(value: Any, total: int, *, round_up: bool) -> int | None:
    """An IntOrString as a count of `total`: maxSurge rounds up, maxUnavailable down (`GetScaledValueFromIntOrPercent`).

    >>> scaled("25%", 3, round_up=True), scaled("25%", 3, round_up=False), scaled(2, 3, round_up=True)
    (1, 0, 2)
    """
    if type(value) is int:
        return value
    percent = percentage(value)
    if percent is None:
        return None
    return -(-percent * total // 100) if round_up else percent * total // 100


def short(number: Fraction | float) -> str:
    """A number for a reader: at most three significant decimals, no exponent."""
    value = float(number)
    return f"{value:.0f}" if value == int(value) else f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
