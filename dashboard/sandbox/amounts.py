"""Resource quantities with exact arithmetic: `100m`, `1.5Gi`, and their sums written as the API writes them. Pure.

Source: the canonical form of `k8s.io/apimachinery/pkg/api/resource`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

BINARY = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4, "Pi": 1024**5, "Ei": 1024**6}
DECIMAL = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
SMALL = {"m": Fraction(1, 1000), "u": Fraction(1, 10**6), "n": Fraction(1, 10**9)}
SHAPE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|[kMGTPEmun]|[eE][+-]?\d+)?")


def amount(quantity: Any) -> Fraction:
    """The exact value of a quantity. Raises ValueError for what is none."""
    found = SHAPE.fullmatch(str(quantity).strip())
    if not found:
        raise ValueError(f"not a quantity: {quantity!r}")
    number, suffix = Fraction(found[1]), found[2] or ""
    if suffix[:1] in ("e", "E") and len(suffix) > 1 and suffix != "Ei":
        return number * Fraction(10) ** int(suffix[1:])
    factor = BINARY.get(suffix) or DECIMAL.get(suffix) or SMALL.get(suffix) or 1
    return number * factor


def written(value: Fraction, *, binary: bool = False) -> str:
    """The canonical form: the largest suffix without a fraction; `binary` for bytes."""
    if value.denominator != 1:
        for suffix, unit in SMALL.items():
            if (value / unit).denominator == 1:
                return f"{int(value / unit)}{suffix}"
        return f"{-(-value.numerator * 10**9 // value.denominator)}n"
    whole = int(value)
    for suffix, factor in reversed((BINARY if binary else DECIMAL).items()):
        if whole and whole % factor == 0:
            return f"{whole // factor}{suffix}"
    return str(whole)


def is_bytes(resource: str) -> bool:
    """Whether a quota's or a container's resource counts bytes."""
    return resource.endswith(("memory", "storage")) or "hugepages-" in resource
