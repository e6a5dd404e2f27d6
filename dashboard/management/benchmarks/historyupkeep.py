"""What keeping house costs where so many episodes are kept, each by what is new or goes, and who has to wait for it.

Import it where Django knows its settings.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

from dashboard.history import accounts, models, upkeep, upkeep_tally
from dashboard.history.writing import write
from dashboard.management.benchmarks import historycosts
from dashboard.management.benchmarks.historymade import CLUSTER, NOW
from dashboard.management.benchmarks.historyserver import Meter

GOES = 500
"""Episodes that are let go of in one measured round: at most so many, and a twentieth."""

DAY = 86_400.0


def costs(many: int, meter: Meter) -> dict[str, tuple[float, float]]:
    """Microseconds of CPU and of time for a row that is new, open or goes; milliseconds of what has none."""
    models.Rollup.objects.all().delete()
    goes = min(GOES, many // 20)
    ended = models.Episode.objects.exclude(closed=None).count()
    two_days = models.Episode.objects.filter(closed__gte=NOW - DAY).count()
    upkeep_tally.advance()
    upkeep_tally.advance()
    left = len(accounts.unfinished(CLUSTER, NOW))
    acts: dict[str, tuple[Callable[[], Any], int]] = {
        "roll-up from nothing, a row": (lambda: upkeep.roll_up(NOW), ended),
        "roll-up, nothing new, a row": (lambda: upkeep.roll_up(NOW), two_days),
        "taking up, a row": (lambda: accounts.unfinished(CLUSTER, NOW), left),
        "retention, a row": (lambda: _retain(goes), goes),
        "retention, nothing goes": (lambda: upkeep.retain(NOW, 400), 1_000),
        "sweep": (lambda: upkeep.sweep(NOW), 1_000),
    }
    return {name: _each(act, rows, meter) for name, (act, rows) in acts.items()}


def _each(act: Callable[[], Any], rows: int, meter: Meter) -> tuple[float, float]:
    """Of one of so many rows; of a thousand where it has none, which makes milliseconds of it."""
    meter.look()
    before, began = meter.spent(), time.perf_counter()
    act()
    took, spent = time.perf_counter() - began, meter.spent() - before
    return round(spent / max(rows, 1) * 1e6, 3), round(took / max(rows, 1) * 1e6, 3)


def _retain(goes: int) -> int:
    """Let go of so many: as if these were a month old and no older."""
    oldest = models.Episode.objects.exclude(closed=None).order_by("closed").values_list("closed", flat=True)
    first_kept = list(oldest[: goes + 1])[-1]
    return upkeep.retain(float(first_kept or 0) + 30 * DAY, 30)


def waits() -> dict[str, float]:
    """The longest that a batch took, in ms, while AT_ONCE episodes are removed beside it, and while nothing is."""
    alone = _longest(threading.Event(), turns=20)
    over = threading.Event()
    found: list[float] = []
    writer = threading.Thread(target=lambda: found.append(_longest(over)), name="writer")
    writer.start()
    began = time.perf_counter()
    try:
        gone = _retain(upkeep.AT_ONCE)
        seconds = time.perf_counter() - began
    finally:
        over.set()
        writer.join()
    return {"alone_ms": alone, "beside_ms": found[0], "removed": gone, "removing_s": round(seconds, 2)}


def _longest(over: threading.Event, turns: int = 0) -> float:
    """Batches one after the other, so many of them or until it is over."""
    took: list[float] = []
    try:
        while not over.is_set() and (not turns or len(took) < turns):
            batch = historycosts.batch()
            began = time.perf_counter()
            write(batch)
            took.append(time.perf_counter() - began)
    finally:
        connection.close()
    return round(max(took) * 1e3, 1)
