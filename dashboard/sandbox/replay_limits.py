"""How far a Deployment's own strategy lets its counts move.

Written apart from the controller that is tested with it: a shared mistake would go unnoticed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any


def limits_of(spec: Mapping[str, Any]) -> tuple[int, int, int]:
    """(replicas, maxSurge, maxUnavailable) of a Deployment's spec, as numbers of Pods."""
    wanted = int(spec.get("replicas", 1))
    strategy = spec.get("strategy") or {}
    if strategy.get("type") != "RollingUpdate":
        return wanted, 0, wanted
    rolling = strategy.get("rollingUpdate") or {}
    surge = _pods(rolling.get("maxSurge", 0), wanted, math.ceil)
    unavailable = _pods(rolling.get("maxUnavailable", 0), wanted, math.floor)
    return wanted, surge, unavailable if surge or unavailable else 1


def _pods(value: Any, of: int, rounded: Callable[[float], int]) -> int:
    if isinstance(value, str) and value.endswith("%"):
        return rounded(int(value[:-1]) * of / 100)
    return int(value)
