"""Figures of durations."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.core import forecast


def percentile(ordered: Sequence[float], part: float) -> float | None:
    """The smallest that `part` per cent of ascending durations do not exceed (nearest rank); None of none."""
    return forecast.percentile(ordered, part / 100) if ordered else None
