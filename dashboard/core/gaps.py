"""The gap ledger: which desired field answers to which observed one."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.core.model import Gap, Relative
from dashboard.core.objects import Object


def ledger(obj: Object, now: float, related: Sequence[Relative] = ()) -> tuple[Gap, ...]:
    """The rows of an object's ledger, open and closed."""
    del obj, now, related
    return ()
