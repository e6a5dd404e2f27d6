"""`bench episodes`: CPU per watch event with episodes followed, against the same without."""

from __future__ import annotations

from typing import Any

from dashboard.management.benchmarks import workers
from dashboard.management.benchmarks.blocks import blocks_for
from dashboard.management.benchmarks.ingest import EVENTS, OBJECTS

BOUND = 1.15
ROUNDS = 3


def measure(objects: int | None = None, events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, Any]:
    """The best of some rounds of each, in turns."""
    without, followed = workers.cost("ingest", "episodes", blocks_for(objects or OBJECTS), events, rounds)
    return {
        "benchmark": "episodes",
        "ratio": round(followed / without, 3),
        "floor": round(without * 1e6, 1),
        "bound": BOUND,
        "ok": followed / without <= BOUND,
        "unit": "CPU µs an event",
        "per_event": round(followed * 1e6, 1),
        "objects": objects or OBJECTS,
        "events": events,
    }
