"""Figures of durations."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(durations: Sequence[float], part: float) -> float | None:
    """The smallest of sorted durations that `part` per cent of them do not exceed (nearest rank); None of none."""
    if not durations:
        return None
    return durations[max(math.ceil(part / 100 * len(durations)) - 1, 0)]
