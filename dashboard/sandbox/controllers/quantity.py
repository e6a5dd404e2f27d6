"""Resource quantities (`100m`, `1.5Gi`) as numbers, and what a Pod asks for."""

from __future__ import annotations

from collections import Counter
from typing import Any

from dashboard.sandbox.controllers.meta import Obj

SUFFIXES = {
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "Pi": 2**50,
    "Ei": 2**60,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
}


def number(quantity: Any) -> float:
    """The quantity's value: `500m` is 0.5, `1Ki` is 1024.0. Raises ValueError for what is none."""
    text = str(quantity)
    for suffix, factor in SUFFIXES.items():
        if text.endswith(suffix):
            return float(text.removesuffix(suffix)) * factor
    return float(text)


def requests(pod: Obj) -> Counter[str]:
    """What the Pod reserves on its node: cpu in milli-units, memory and the rest as they are, and itself."""
    total: Counter[str] = Counter({"pods": 1})
    for container in pod["spec"]["containers"]:
        for name, value in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] += scaled(name, value)
    return total


def scaled(name: str, value: Any) -> int:
    """The quantity in whole units in which it is compared: milli-units for cpu."""
    return round(number(value) * (1000 if name == "cpu" else 1))
