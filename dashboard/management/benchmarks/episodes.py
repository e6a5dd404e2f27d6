"""`bench episodes`: CPU per watch event with episodes followed, against the same without.

The events are those of `bench ingest`: Pods alone, as fast as they come, whose owners are at rest, so that hardly an
episode opens. The ratio of a recorded rollout at its own pace, where nearly every event belongs to one, stands beside.
"""

from __future__ import annotations

from typing import Any

from dashboard.management.benchmarks import rolling, workers
from dashboard.management.benchmarks.blocks import blocks_for
from dashboard.management.benchmarks.ingest import EVENTS, OBJECTS

BOUND = 1.15
ROUNDS = 5


def measure(objects: int | None = None, events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, Any]:
    """The best of some rounds of each, in turns."""
    blocks = blocks_for(objects or OBJECTS)
    without, followed = workers.cost("ingest", "episodes", blocks, events, rounds)
    played = rolling.measure(blocks, min(rounds, 2), rolling.NOTHING, rolling.FOLLOWED)
    return {
        "benchmark": "episodes",
        "ratio": round(followed / without, 3),
        "floor": round(without * 1e6, 1),
        "bound": BOUND,
        "ok": followed / without <= BOUND,
        "unit": "CPU µs an event",
        "per_event": round(followed * 1e6, 1),
        "ratio_rolling": round(played[rolling.FOLLOWED]["seconds"] / played[rolling.NOTHING]["seconds"], 3),
        "episodes_rolling": played[rolling.FOLLOWED]["episodes"],
        "objects": objects or OBJECTS,
        "events": events,
    }
