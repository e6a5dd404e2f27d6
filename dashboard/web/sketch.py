"""The response drawn once, by the server: step lines as SVG paths. Where scripts run, uPlot takes its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from dashboard.core.model import Episode, Sample
from dashboard.core.samples import thinned
from dashboard.web.amounts import amount
from dashboard.web.response import SERIES, Blame, extent
from dashboard.web.shapes import number

WIDTH = 960
HEIGHT = 220
LEFT, RIGHT, TOP, BOTTOM = 36, 12, 10, 24
MAX_POINTS = 500
TICKS = 4
LEAST = 0.001
"""What is less is drawn as nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its name, which is its style, and its path."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what stands there."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Sketch:
    """A response to be drawn. `culprit` is the x and the width of where most time went, None for none."""

    lines: tuple[Line, ...]
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    culprit: tuple[float, float] | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM

    @property
    def tall(self) -> int:
        """The height of the plot itself."""
        return self.bottom - self.top


def sketch(episode: Episode, culprit: Blame | None, now: float | None = None) -> Sketch | None:
    """The drawing of an episode's response until `now` (None: until its end); None where nothing was counted."""
    samples = thinned(tuple(each for each in episode.samples if each.setpoint is not None), MAX_POINTS)
    if not samples:
        return None
    whole = max(extent(episode, now), 0.1)
    values = [value for each in samples for name in SERIES if (value := getattr(each, name)) is not None]
    y = ticks(max(values) if max(values) >= LEAST else 1.0)
    top = y[-1]

    def across(seconds: float) -> float:
        return round(LEFT + min(1.0, max(0.0, seconds / whole)) * (WIDTH - LEFT - RIGHT), 1)

    def up(value: float) -> float:
        return round(HEIGHT - BOTTOM - min(1.0, max(0.0, value / top)) * (HEIGHT - TOP - BOTTOM), 1)

    lines = []
    for name in reversed(SERIES):
        points = [(across(each.at - episode.opened), up(value)) for each, value in _values(samples, name)]
        if points:
            lines.append(Line(name, _steps(points, across(whole))))
    return Sketch(
        lines=tuple(lines),
        x=tuple(Tick(across(at), f"{number(at)} s") for at in ticks(whole) if at <= whole),
        y=tuple(Tick(up(at), amount(at)) for at in y),
        culprit=_culprit(culprit, across),
    )


def _culprit(culprit: Blame | None, across: Callable[[float], float]) -> tuple[float, float] | None:
    if culprit is None:
        return None
    begin = across(culprit.begin)
    return begin, round(across(culprit.end) - begin, 1)


def _values(samples: Sequence[Sample], name: str) -> list[tuple[Sample, float]]:
    return [(each, value) for each in samples if (value := getattr(each, name)) is not None]


def _steps(points: Sequence[tuple[float, float]], end: float) -> str:
    """A value holds until the next one: right, then up or down."""
    path = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for x, y in points[1:]:
        path.append(f"H{x:g}V{y:g}")
    return "".join([*path, f"H{end:g}"])


def ticks(top: float) -> list[float]:
    """Round numbers from 0 to at least `top`.

    >>> ticks(3), ticks(9.2)
    ([0.0, 1.0, 2.0, 3.0], [0.0, 5.0, 10.0])
    """
    rough = top / TICKS
    size = 10.0 ** floor(log10(rough))
    step = next(each * size for each in (1, 2, 5, 10) if each * size >= rough * 0.999)
    if top >= 1 and step < 1 and top <= TICKS:
        step = 1.0
    return [round(place * step, 6) for place in range(ceil(top / step - 1e-9) + 1)]
