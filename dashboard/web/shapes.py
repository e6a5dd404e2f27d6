"""Geometry of the two glyphs: the verdict's mark and the gap bar. Numbers in, rectangles out.

The browser's twin is static/js/shapes.js; tests/web/test_twins.py holds them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from math import floor, isfinite
from typing import Any

WIDTH = 124
HEIGHT = 14
SLOTS = 20
"""Up to this many Pods each has a slot of its own; above, the bar is proportional."""
NOTCH = 4
"""Pixels that the notch takes between the slots before it and those beyond it."""

PARTS = ("ready", "failing", "starting", "ending")
"""In the order in which they fill the bar. `missing` fills up to the notch; beyond it, `ready` is `surplus`."""


@dataclass(frozen=True, slots=True)
class Part:
    """One rectangle of a bar: what it stands for, where it begins and how wide it is, in pixels."""

    name: str
    x: int
    width: int

    @property
    def inner(self) -> int:
        """The width between the middles of a one-pixel outline."""
        return max(0, self.width - 1)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A gap bar to be drawn. `notch` is the desired value's x; `words` says the same for those who do not see it."""

    slots: bool
    parts: tuple[Part, ...]
    notch: int
    words: str
    width: int = WIDTH
    height: int = HEIGHT


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and isfinite(value) and value > 0 else 0.0


def number(value: float) -> str:
    """A count without a needless fraction.

    >>> number(3.0), number(0.25)
    ('3', '0.25')
    """
    rounded = value if value == int(value) else float(f"{value:.4g}")
    return str(int(rounded)) if rounded == int(rounded) else repr(rounded)


def draw(bar: Any) -> Drawing | None:
    """The drawing of a Bar (the dataclass or its JSON); None where there is none."""
    if is_dataclass(bar) and not isinstance(bar, type):
        bar = asdict(bar)
    if not isinstance(bar, Mapping):
        return None
    want = _number(bar.get("want"))
    amounts = {name: _number(bar.get(name)) for name in PARTS}
    unit = str(bar.get("unit") or "")[:12]
    total = max(want, sum(amounts.values()))
    words = _words(want, amounts, unit)
    countable = not unit and all(amount == int(amount) for amount in (want, *amounts.values()))
    if countable and total <= SLOTS:
        return _slots(int(want), {name: int(amount) for name, amount in amounts.items()}, words)
    return _track(want, amounts, total, words)


def _words(want: float, amounts: Mapping[str, float], unit: str) -> str:
    present = [f"{number(amount)}{unit} {name}" for name, amount in amounts.items() if amount or name == "ready"]
    if unit:
        present = [f"{number(amounts['ready'])}{unit}"]
    return f"{', '.join(present)} of {number(want)}{unit}"


def _slots(want: int, amounts: Mapping[str, int], words: str) -> Drawing:
    names = [name for name in PARTS for _ in range(amounts[name])]
    names += ["missing"] * (want - len(names))
    pitch = min(10, (WIDTH - NOTCH) // max(1, len(names)))
    parts = []
    for index, name in enumerate(names):
        beyond = index >= want
        shown = "surplus" if beyond and name == "ready" else name
        parts.append(Part(shown, index * pitch + (NOTCH if beyond else 0), pitch - 2))
    return Drawing(True, tuple(parts), want * pitch, words)


def _track(want: float, amounts: Mapping[str, float], total: float, words: str) -> Drawing:
    scale = (WIDTH - NOTCH) / total if total else 0.0

    def x(value: float) -> int:
        return floor(value * scale + 0.5)

    notch = x(want)
    parts = [Part("track", 0, WIDTH - NOTCH)]
    at = 0.0
    for name in PARTS:
        begin, at = x(at), at + amounts[name]
        end = x(at)
        if end <= begin and amounts[name]:
            end = begin + 1  # what is there is seen, however little it is
        if begin < notch < end:
            parts.append(Part(name, begin, notch - begin))
            begin = notch
        if end > begin:
            beyond = begin >= notch
            shown = "surplus" if beyond and name == "ready" else name
            parts.append(Part(shown, begin + (NOTCH if beyond else 0), end - begin))
    return Drawing(False, tuple(parts), notch, words)
