"""`bench assess`: what judging an object costs, against what merely decoding its bytes costs in the same run.

A ratio, since it survives another machine; the two are timed in turns, so that a busy neighbour slows both.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time
from typing import Any

import orjson

from dashboard.core.verdict import assess
from dashboard.management.benchmarks.samples import Sample

BOUND = 3.0
"""Verdict and gaps may cost this many times what decoding the same bytes costs."""

NOW = 1.9e9
ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Cost:
    """What one sample costs: objects per CPU second judged, and merely decoded (the floor)."""

    source: str
    objects: int
    bytes: int
    judged: float
    decoded: float

    @property
    def ratio(self) -> float:
        """Judging ÷ decoding, in time."""
        return self.decoded / self.judged


def measure(samples: Iterable[Sample], rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure every sample; `ok` when those of the recorded traces stay within the bound together, all of them where
    there are no traces. Larger objects are cheaper by this measure, since most of their bytes are never read."""
    with _quiet():
        costs = [_cost(sample, rounds) for sample in samples]
    counted = [each for each in costs if each.source.startswith("traces")] or costs
    seconds = sum(each.objects / each.judged for each in counted)
    floor = sum(each.objects / each.decoded for each in counted)
    objects = sum(each.objects for each in counted)
    ratio = seconds / floor
    return {
        "benchmark": "assess",
        "objects": objects,
        "per_second": round(objects / seconds),
        "floor": round(objects / floor),
        "ratio": round(ratio, 3),
        "bound": BOUND,
        "ok": ratio <= BOUND,
        "samples": [
            {
                "source": each.source, "objects": each.objects, "bytes": each.bytes, "per_second": round(each.judged),
                "floor": round(each.decoded), "ratio": round(each.ratio, 3),
            }
            for each in costs
        ],
    }  # fmt: skip


def _cost(sample: Sample, rounds: int) -> Cost:
    bodies = sample.bodies
    objects = [orjson.loads(body) for body in bodies]
    decoding = judging = float("inf")
    for _ in range(rounds):
        decoding = min(decoding, _seconds(orjson.loads, bodies))
        judging = min(judging, _seconds(_judge, objects))
    count = len(bodies)
    return Cost(sample.source, count, sum(map(len, bodies)), count / judging, count / decoding)


def _judge(obj: Any) -> None:
    assess(obj, NOW)


def _seconds(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """CPU seconds that `work` takes for all items; at least a clock tick, so that nothing divides by zero."""
    started = process_time()
    for item in items:
        work(item)
    return max(process_time() - started, 1e-7)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the cyclic collector: with thousands of objects alive it would be most of what is timed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
