"""The response of an episode: one point for each change of what is counted, bounded without losing a dip or a surge."""

from __future__ import annotations

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
    """At most `limit` samples: the first, the last, and of each stretch between the one with the least and the one
    with the most that was ready, so that a dip or a surge is never smoothed away."""
    if len(samples) <= limit:
        return samples
    inner, stretches = samples[1:-1], max(1, (limit - 2) // 2)
    kept = {0: samples[0], len(samples) - 1: samples[-1]}
    for place in range(stretches):
        low, high = place * len(inner) // stretches, (place + 1) * len(inner) // stretches
        if low < high:
            for pick in (min, max):
                at = pick(range(low, high), key=lambda each: inner[each].ready or 0.0)
                kept[at + 1] = inner[at]
    return tuple(kept[at] for at in sorted(kept))
