"""Amounts and spans of an episode in words, and its fields' names, cut to what a line has room for.

The browser's twin is static/js/amounts.js; tests/web/test_twins.py holds them together.
"""

from __future__ import annotations

from math import floor

from dashboard.web.shapes import number
from dashboard.web.wording import took

BINARY = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"))
DECIMAL = ((1e12, "T"), (1e9, "G"), (1e6, "M"))


def lasted(seconds: float, *times: float) -> str:
    """A span between such times in words. Where all are whole seconds, as the API writes them, no more is claimed.

    >>> lasted(0.0, 10.0, 10.0), lasted(3.0, 10.0, 13.0), lasted(2.4, 10.2, 12.6)
    ('< 1 s', '3 s', '2.4 s')
    """
    if seconds >= 60 or not all(time == floor(time) for time in times):
        return took(seconds)
    return f"{floor(seconds + 0.5)} s" if seconds >= 1 else "< 1 s"


def about(seconds: float) -> str:
    """A span that is no measurement: `0.5 s`, `9 s`, `3 min 20 s`.

    >>> about(8.96), about(0.52), about(3.4), about(200)
    ('9 s', '0.5 s', '3.4 s', '3 min 20 s')
    """
    if seconds >= 60:
        return took(seconds)
    tenths = floor(max(0.0, seconds) * 10 + 0.5)
    return f"{number(floor(tenths / 10 + 0.5) if tenths >= 100 else tenths / 10)} s"


def brief(seconds: float) -> str:
    """A span for a narrow column.

    >>> brief(0.0), brief(8.96), brief(81.0), brief(7500.0), brief(300_000.0)
    ('< 1 s', '9 s', '1.4 min', '2.1 h', '3.5 d')
    """
    if seconds < 60:
        return about(seconds) if seconds > 0 else "< 1 s"
    size, unit = next(each for each in ((86400, "d"), (3600, "h"), (60, "min")) if seconds >= each[0])
    return f"{number(round(seconds / size, 1))} {unit}"


def amount(value: float | None) -> str:
    """A count, or a size where it is a large one: `5`, `10Gi`, `2.5M`; a dash where nothing is counted.

    >>> amount(5.0), amount(10 * 2**30), amount(2_500_000), amount(None)
    ('5', '10Gi', '2.5M', '—')
    """
    if value is None:
        return "—"
    if abs(value) < 1e6:
        return number(value)
    for size, unit in BINARY:
        if value % size == 0:
            return f"{number(value / size)}{unit}"
    large, unit = next(each for each in DECIMAL if abs(value) >= each[0])
    return f"{number(float(f'{value / large:.4g}'))}{unit}"


def short_path(path: str) -> str:
    """What a line has room for of a field's path.

    >>> short_path("spec.replicas"), short_path('spec.template.spec.containers[name="nginx"].image')
    ('replicas', 'nginx · image')
    """
    last = path.rpartition(".")[2]
    inside = path[: len(path) - len(last) - 1]
    name = inside.rpartition("[")[2].removesuffix("]") if inside.endswith("]") else ""
    name = name.removeprefix('name="').removesuffix('"')
    return f"{name} · {last}" if name else last
