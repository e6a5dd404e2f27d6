"""What templates need to show a verdict, a gap bar, a time, and a stranger's text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import template

from dashboard.web import amounts, shapes, wording

register = template.Library()


@register.filter
def plain(value: object, limit: int = wording.LIMIT) -> str:
    """A stranger's text made inert and cut."""
    return wording.plain(value, limit)


@register.filter
def middle(value: object, limit: int = 48) -> str:
    """A name or a tag, cut in its middle."""
    return wording.middle(value, limit)


@register.filter
def shortkind(value: object) -> str:
    """A kind's name as a column has room for it."""
    return wording.kind(value)


@register.filter
def value(given: object) -> str:
    """A field's value as the ledger shows it: text as it is, nothing as a dash, the rest as JSON."""
    if given is None or given == "":
        return "—"
    if isinstance(given, bool | list | dict):
        return wording.plain(json.dumps(given, ensure_ascii=False, default=str))
    if isinstance(given, float):
        return shapes.number(given)
    return wording.plain(given)


@register.filter
def took(seconds: float) -> str:
    """A measured step."""
    return wording.took(seconds)


@register.filter
def about(seconds: float) -> str:
    """A span that is no measurement."""
    return amounts.about(seconds)


@register.filter
def shortpath(path: str) -> str:
    """What a line has room for of a field's path."""
    return amounts.short_path(path)


@register.filter
def brief(seconds: float) -> str:
    """A span for a narrow column: `9 s`, `1.4 min`, `2.1 h`."""
    return amounts.brief(seconds)


@register.filter
def amount(value: float | None) -> str:
    """What was counted, at one moment."""
    return amounts.amount(value)


@register.inclusion_tag("parts/glyph.html")
def glyph(verdict: str) -> dict[str, Any]:
    """A verdict's mark: its shape and colour, with its word for those who do not see it."""
    return {"verdict": verdict}


@register.inclusion_tag("parts/bar.html")
def gapbar(bar: Any) -> dict[str, Any]:
    """A gap bar, or nothing."""
    return {"drawing": shapes.draw(bar)}


@register.inclusion_tag("parts/since.html")
def since(moment: float | None, now: float, at_least: bool = False, prefix: str = "") -> dict[str, Any]:
    """How long ago, ticking in the browser, absolute on hover; `≥` where it is only a bound."""
    if moment is None:
        return {"at": None}
    return {
        "at": repr(float(moment)),
        "least": at_least,
        "prefix": prefix,
        "text": wording.duration(now - moment),
        "absolute": wording.absolute(moment),
        "iso": wording.absolute(moment).replace(" UTC", "Z").replace(" ", "T"),
    }


@register.filter
def get(mapping: Mapping[str, Any], key: str) -> Any:
    """The value under a computed key, None where there is none."""
    return mapping.get(key)
