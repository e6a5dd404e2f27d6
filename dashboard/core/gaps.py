"""The gap ledger: which desired field answers to which observed one, for any kind.

In this order of trust: the kind's own pairs (`pairs`), or else what holds for any kind (`answers`); then the
generation that the status describes, and a deletion that something holds. No pair is better than a wrong pair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.core.answers import answers
from dashboard.core.model import Gap, Relative
from dashboard.core.objects import plain, timestamp
from dashboard.core.pairs import PAIRS
from dashboard.core.sheet import Sheet
from dashboard.core.subject import as_list


def ledger(obj: Any, now: float, related: Sequence[Relative] = ()) -> tuple[Gap, ...]:
    """The rows of an object's ledger, open and closed. Never raises for any JSON value.

    `related` are digests of its children; `now` in Unix seconds bounds how young a gap may be.
    """
    if not isinstance(obj, Mapping):
        return ()
    sheet = Sheet(obj, now, related)
    version, kind = obj.get("apiVersion"), obj.get("kind")
    group = version.rpartition("/")[0] if isinstance(version, str) else ""
    rule = PAIRS.get((group, kind)) if isinstance(kind, str) else None
    if rule is not None:
        rule(sheet)
    else:
        answers(sheet)
    _generation(sheet)
    _deletion(sheet)
    return tuple(sheet.rows)


def _generation(sheet: Sheet) -> None:
    """metadata.generation ↔ status.observedGeneration: `status describes generation 6, spec is 7`."""
    want, seen = sheet.meta.get("generation"), sheet.status.get("observedGeneration")
    if type(want) is int and type(seen) is int and want > 0:
        dated = _spec_set(sheet) if seen < want else None
        sheet.add("generation", "metadata.generation", want, seen, seen < want, dated=dated)


def _spec_set(sheet: Sheet) -> tuple[float | None, bool]:
    """When the spec was last set: by whoever wrote any of it last."""
    at = sheet.set_at("spec")
    return (at, False) if at is not None else (None, False)


def _deletion(sheet: Sheet) -> None:
    """An object that is being deleted is wanted gone; its finalizers hold it."""
    stamp = sheet.meta.get("deletionTimestamp")
    if not stamp:
        return
    held = [plain(each, 100) for each in as_list(sheet.meta.get("finalizers"))[:5] if isinstance(each, str)]
    grace = sheet.meta.get("deletionGracePeriodSeconds")
    at = timestamp(stamp)
    if at is not None and type(grace) is int and 0 <= grace < 10**7:
        at -= grace  # the stamp is when the grace ends
    sheet.add(
        "deletion", "metadata.deletionTimestamp", "gone", f"held by {', '.join(held)}" if held else "there", True,
        dated=(at, False),
    )  # fmt: skip
