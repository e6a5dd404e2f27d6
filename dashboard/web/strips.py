"""How long a workload's episodes took, as one strip: a dot each, the median, the 95th percentile, on one scale for all.

The scale is logarithmic: half a second and half an hour are both seen. Seconds in, places out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from dashboard.history.values import Distribution
from dashboard.web.amounts import about

WIDTH = 160
EDGE = 4
LEAST = 0.1
"""Seconds at the left edge: what is shorter lies there too."""
MARKS = ((0.1, "0.1 s"), (1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (86400, "1 d"))


@dataclass(frozen=True, slots=True)
class Scale:
    """Seconds to pixels: `most` is at the right edge."""

    most: float

    def x(self, seconds: float) -> float:
        """Where a span lies, from EDGE to WIDTH - EDGE."""
        part = log10(max(LEAST, seconds) / LEAST) / log10(self.most / LEAST)
        return round(EDGE + min(1.0, part) * (WIDTH - 2 * EDGE), 1)

    @property
    def marks(self) -> list[tuple[float, str]]:
        """Round spans on the scale, and their words."""
        return [(self.x(seconds), words) for seconds, words in MARKS if seconds <= self.most]


def scale_for(spans: Sequence[float]) -> Scale:
    """A scale that all spans have room on."""
    most = max(spans, default=0.0)
    return Scale(next((seconds for seconds, _ in MARKS[3:] if seconds >= most), most))


@dataclass(frozen=True, slots=True)
class Strip:
    """A drawing: dots, the median and the 95th percentile, `this` the one that it is shown for."""

    dots: tuple[float, ...] = ()
    p50: float | None = None
    p95: float | None = None
    this: float | None = None
    words: str = "nothing to compare with"

    @property
    def band(self) -> float:
        """The width from the median to the 95th percentile."""
        return 0.0 if self.p50 is None or self.p95 is None else round(self.p95 - self.p50, 1)


def strip(scale: Scale, past: Distribution | None, this: float | None = None) -> Strip:
    """The strip of a workload's past, and where `this` lies in it."""
    place = None if this is None else scale.x(this)
    if past is None or past.p50 is None or past.p95 is None:
        return Strip(this=place)
    words = f"{past.converged} converged: half within {about(past.p50)}, 95 % within {about(past.p95)}"
    return Strip(tuple(scale.x(each) for each in past.last), scale.x(past.p50), scale.x(past.p95), place, words)
