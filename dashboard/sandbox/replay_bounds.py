"""The range in which a count may move during one generation of an object.

It is what the other side shows while that generation is current, widened by what a rollout may do on its way:
a Deployment's replicas up to maxSurge above, its available Pods down to maxUnavailable below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox.replay_states import State

Timed = Sequence[tuple[float, State]]
Ranges = dict[str, dict[Any, "Range"]]
"""Count → generation → range."""


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both included."""

    low: int
    high: int

    def over(self, values: Iterable[int]) -> Range:
        """The smallest range that also holds these."""
        every = (self.low, self.high, *values)
        return Range(min(every), max(every))


def ranges(recorded: Timed, replayed: Timed, counts: Sequence[str]) -> dict[str, Ranges]:
    """For each side ("recorded", "replayed") the ranges that the *other* side and the strategy allow."""
    return {"recorded": _ranges(replayed, recorded, counts), "replayed": _ranges(recorded, replayed, counts)}


def _ranges(other: Timed, own: Timed, counts: Sequence[str]) -> Ranges:
    found: Ranges = {}
    generations = {state.get("generation") for _, state in own}
    for name in counts:
        found[name] = {}
        for generation in generations:
            values = _values(other, name, generation)
            if values:
                # A ReplicaSet's size has no generation to go by: in a rollout it may have come a Pod further.
                spare = [max(values) + 1] if generation is None and name in ("wanted", "replicas") else []
                found[name][generation] = Range(values[0], values[0]).over([*values, *spare])
    _widen(found, other)
    return found


def _values(states: Timed, name: str, generation: Any) -> list[int]:
    """The count's values while the generation was current; for objects without one, all of them."""
    return [state[name] for _, state in states if name in state and state.get("generation") == generation]


def _widen(found: Ranges, states: Timed) -> None:
    """A Deployment carries its limits in its states (`_limits`): wanted, surge, unavailable."""
    before: tuple[int, int, int] | None = None
    for _, state in states:
        limits = state.get("_limits")
        if limits is None:
            return
        spans = [limits] if before is None or before == limits else [before, limits]
        most = max(wanted + surge for wanted, surge, _ in spans)
        least = min(max(0, wanted - unavailable) for wanted, _, unavailable in spans)
        allowed = {
            "replicas": Range(least, most),
            "updated": Range(0, most),
            "ready": Range(least, most),
            "available": Range(least, most),
            "unavailable": Range(0, most - least),
        }
        generation = state.get("generation")
        for name, span in allowed.items():
            current = found.get(name, {}).get(generation)
            if current is not None:
                found[name][generation] = current.over((span.low, span.high))
        before = limits
