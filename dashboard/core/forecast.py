"""How much longer: from how long the same took before, what it will probably still take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

ENOUGH = 5
"""Episodes to compare with before anything is called slower than usual."""


@dataclass(frozen=True, slots=True)
class Band:
    """Seconds that probably remain: half of such episodes were over after `p50` more, nine of ten after `p90`.

    `count` episodes say so; `of` what they were of (`workload`, `kind`), in the caller's words.
    """

    p50: float
    p90: float
    count: int
    of: str = ""


def comparable(durations: Sequence[float]) -> tuple[float, ...]:
    """Those that took any time. Where nothing had to be done (a label, an annotation), an episode is over within the
    second in which it opened, and many of them would make whatever takes time look slow.

    >>> comparable([0.0, 8.0, 0.0])
    (8.0,)
    """
    return tuple(each for each in durations if each > 0)


def forecast(durations: Sequence[float], elapsed: float, of: str = "") -> Band | None:
    """What remains after `elapsed` seconds, judged by those that had taken at least as long; None where none had."""
    past = comparable(durations)
    longer = sorted(each - elapsed for each in past if each >= elapsed)
    if not longer:
        return None
    return Band(percentile(longer, 0.5), percentile(longer, 0.9), len(past), of)


def slower(durations: Sequence[float], elapsed: float) -> bool:
    """Whether it has taken longer than 95 of 100 did; never said from fewer than five."""
    past = comparable(durations)
    return len(past) >= ENOUGH and elapsed > percentile(sorted(past), 0.95)


def percentile(ordered: Sequence[float], part: float) -> float:
    """The smallest value that `part` of all do not exceed (nearest rank); `ordered` ascending and not empty.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    return ordered[max(0, ceil(part * len(ordered)) - 1)]
