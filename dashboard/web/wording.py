"""Words for pages: a stranger's text made inert and cut, and times as people read them.

The browser's twin is static/js/wording.js; tests/web/test_twins.py holds them together.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

LIMIT = 300
"""Characters of a stranger's text that a page shows where nothing else is said."""

# C0 and C1 controls (ANSI escapes begin with one), and what turns or hides text: bidi controls, zero-width and
# line-separating characters, tags. Shown as a visible mark, so that nobody takes the name for another.
_HIDDEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
MARK = "\N{REPLACEMENT CHARACTER}"


def plain(value: object, limit: int = LIMIT) -> str:
    """A stranger's text on one line, without characters that act, at most `limit` characters long."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    text = re.sub("[\t\n\r]+", " ", text[: limit * 2])
    text = _HIDDEN.sub(MARK, text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def middle(value: object, limit: int = 48) -> str:
    """`plain`, cut in its middle: names and tags tell themselves apart by their ends."""
    text = plain(value, 2000)
    if len(text) <= limit:
        return text
    head = (limit - 1) * 3 // 5
    return text[:head] + "…" + text[len(text) - (limit - 1 - head) :]


SHORT_KINDS = {
    "CustomResourceDefinition": "CRD",
    "HorizontalPodAutoscaler": "HPA",
    "PersistentVolume": "PV",
    "PersistentVolumeClaim": "PVC",
    "PodDisruptionBudget": "PDB",
}
"""What people call the kinds with the longest names."""


def kind(value: object) -> str:
    """A kind's name as a column has room for it."""
    text = plain(value, 100)
    return SHORT_KINDS.get(text, middle(text, 24))


def duration(seconds: float) -> str:
    """A span in its largest whole unit: `12 s`, `6 min`, `3 h`, `2 d`.

    >>> duration(12.9), duration(400), duration(200_000)
    ('12 s', '6 min', '2 d')
    """
    whole = max(0, int(seconds))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if whole >= size:
            return f"{whole // size} {unit}"
    return f"{whole} s"


def took(seconds: float) -> str:
    """A measured step: `0.05 s`, `2.4 s`, `3 min 20 s`.

    >>> took(0.046), took(2.41), took(200)
    ('0.05 s', '2.4 s', '3 min 20 s')
    """
    if seconds < 1:
        return f"{max(0.0, seconds):.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    return f"{whole // 60} min {whole % 60} s"


def absolute(moment: float) -> str:
    """A time as a date with its zone: `2026-11-24 06:30:12 UTC`; "" where it is no date."""
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return ""
