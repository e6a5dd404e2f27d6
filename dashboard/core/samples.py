"""The response of an episode: one point for each change of what is counted, bounded without losing a dip or a surge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dashboard.core.model import Sample

MAX_SAMPLES = 240


def sampled(samples: tuple[Sample, ...], new: Sample | None) -> tuple[Sample, ...]:
    """The samples with one more, unless it says the same; cut to a bound by leaving out what changed least lately."""
    if new is None or (samples and (samples[-1].at >= new.at or replace(samples[-1], at=new.at) == new)):
        return samples
    samples = (*samples, new)
    return thinned(samples, MAX_SAMPLES) if len(samples) > 2 * MAX_SAMPLES else samples


def thinned(samples: tuple[Sample, ...], limit: int) -> tuple[Sample, ...]:
    """At most `limit` samples: the first, the last, and of each stretch between those in which it was farthest off one
    way or the other, so that no dip and no surge is smoothed away, and no other setpoint."""
    if len(samples) <= limit:
        return samples
    inner, stretches = samples[1:-1], max(1, (limit - 2) // len(EXTREMES))
    kept = {0, len(samples) - 1}
    for place in range(stretches):
        within = range(place * len(inner) // stretches, (place + 1) * len(inner) // stretches)
        kept.update(1 + pick(within, key=lambda at: of(inner[at])) for pick, of in EXTREMES if within)
    spare = limit - len(kept)
    kept.update(place * len(samples) // spare for place in range(spare))  # and of the rest as many as there is room for
    return tuple(samples[at] for at in sorted(kept))


EXTREMES: tuple[tuple[Callable[..., int], Callable[[Sample], float]], ...] = (
    (min, lambda each: each.ready or 0.0),
    (max, lambda each: each.ready or 0.0),
    (min, lambda each: each.available or 0.0),
    (max, lambda each: each.terminating or 0.0),
    (min, lambda each: each.setpoint or 0.0),
    (max, lambda each: each.setpoint or 0.0),
)
"""What is kept of each stretch."""
