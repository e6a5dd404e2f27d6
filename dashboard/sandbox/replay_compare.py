"""Comparing a replay with a recording, object by object.

What has to be equal, and what may differ because two runs of one control plane differ in it too:

* *exact* facets (generation, conditions with status and reason, phase, readiness, waiting reason, deletion, owner)
  go through the same values in the same order. Two conditions may change in one write or in two; but what
  the recording shows clearly (0.3 s) after something else may not come before it.
* *counts* may skip values on the way: a controller that is a few milliseconds later merges two status
  writes. They may not leave the range that the other side shows, or that the Deployment's own maxSurge and
  maxUnavailable allow for that generation; where one side only grows or only shrinks, so does the other. Dips that
  last a moment may be missing on either side; a ReplicaSet that a command overtakes in a rollout may have come
  a Pod further, and a Pod that is deleted within two seconds of its birth may have started more or less of the way.
* a state that the recording held for two seconds or more is no accident of timing: it has to be there, whole,
  in the same order; and the last state has to be the same.
* siblings (Pods of one ReplicaSet) are alike: which of them becomes ready first, or is deleted of several
  that rank the same, is chance. They are matched by order of creation, and where that fails, those with the same
  story are matched; not those that a command named.
* Events: for each object the same types, reasons, components and messages (names translated). How often, and
  in which order those of different components arrive, is chance; so are the steps in which a rollout
  scales, and whether a Pod landed on a node that had its image.
* commands have to end with the same exit code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from dashboard.sandbox.replay_bounds import Range, ranges
from dashboard.sandbox.replay_states import Kind, State
from dashboard.sandbox.replay_trace import Track

HELD = 2.0
"""Seconds after which a recorded state counts as settled."""
MOMENT = 0.3
"""Seconds below which order between facets, and a dip of a count, may be chance."""
YOUNG = 2.0
"""Seconds after its birth in which a Pod still starts: how far it has come when it is deleted may be chance."""
GONE: State = {"gone": True}

Timed = Sequence[tuple[float, State]]


@dataclass(slots=True)
class Story:
    """One object on one side: its states (compressed), each with the time when it began; until `end`."""

    name: str
    track: Track | None
    states: list[tuple[float, State]] = field(default_factory=list)
    end: float = 0.0

    def facet(self, name: str) -> list[Any]:
        """The values of one facet in order, without repetitions."""
        values = [state.get(name) for _, state in self.states if state is not GONE]
        return [value for index, value in enumerate(values) if index == 0 or value != values[index - 1]]

    def settled(self) -> list[State]:
        """The states held for HELD or more, and the last one."""
        times = [at for at, _ in self.states] + [max(self.end, self.states[-1][0])]
        held = [
            state for (_, state), (at, later) in zip(self.states, pairwise(times), strict=True) if later - at >= HELD
        ]
        last = self.states[-1][1]
        return held if held and held[-1] is last else [*held, last]


def tell(track: Track, states: Iterable[tuple[float, State]], name: str, end: float) -> Story:
    """The story of an object from the states of all its versions."""
    story = Story(name, track, end=end)
    for at, state in states:
        if not story.states or story.states[-1][1] != state:
            story.states.append((at, state))
    if track.gone is not None:
        story.states.append((track.gone, GONE))
    return story


def compare(recorded: Story, replayed: Story, kind: Kind) -> list[str]:
    """What differs, in words; [] when nothing that matters does."""
    found = []
    for name in _exact(recorded, replayed, kind):
        ours, theirs = replayed.facet(name), recorded.facet(name)
        if ours != theirs and not (name == "pod" and _cut_short_alike(recorded, replayed)):
            found.append(f"{name}: recorded {_path(theirs)}, replayed {_path(ours)}")
    found += _order(recorded, replayed, _exact(recorded, replayed, kind))
    found += _counts(recorded, replayed, kind)
    found += _settled(recorded, replayed)
    return found


def _cut_short_alike(recorded: Story, replayed: Story) -> bool:
    """Whether both Pods were deleted while they started: one may have come further than the other before that."""
    theirs, ours = _cut_short(recorded), _cut_short(replayed)
    if theirs is None or ours is None:
        return False
    shared = min(len(theirs[0]), len(ours[0]))
    return theirs[0][:shared] == ours[0][:shared] and theirs[1] == ours[1]


def _cut_short(story: Story) -> tuple[list[Any], list[str]] | None:
    """(what the Pod was before its deletion, how that went on); None when it was not deleted soon after its birth."""
    pods = [(at, state["pod"]) for at, state in story.states if "pod" in state]
    doomed = [at for at, pod in pods if pod["deletion"]]
    if not doomed or doomed[0] - pods[0][0] > YOUNG:
        return None
    ending = [pod["deletion"] for _, pod in pods if pod["deletion"]]
    steps = [step for index, step in enumerate(ending) if index == 0 or step != ending[index - 1]]
    return [pod for _, pod in pods if not pod["deletion"]], steps


def _exact(recorded: Story, replayed: Story, kind: Kind) -> list[str]:
    seen = {name for story in (recorded, replayed) for _, state in story.states for name in state}
    return [*kind.exact, *sorted(name for name in seen if name.startswith("condition ")), "gone"]


def _path(values: Sequence[Any]) -> str:
    return " → ".join(_short(value) for value in values)


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={inner}" for key, inner in value.items() if inner not in ("", False, 0)) + "}"
    return "absent" if value is None else str(value)


def _changes(story: Story, names: Sequence[str]) -> dict[tuple[str, str, int], tuple[int, float]]:
    """Each new value of an exact facet → (in which state, when). The third part counts repetitions."""
    found: dict[tuple[str, str, int], tuple[int, float]] = {}
    before: State = {}
    for index, (at, state) in enumerate(story.states):
        for name in names:
            value = state.get(name)
            if value != before.get(name) and state is not GONE:
                times = sum(1 for key in found if key[:2] == (name, str(value)))
                found[name, str(value), times] = (index, at)
        before = state
    return found


def _order(recorded: Story, replayed: Story, names: Sequence[str]) -> list[str]:
    theirs, ours = _changes(recorded, names), _changes(replayed, names)
    both = [key for key in theirs if key in ours]
    found = []
    for first in both:
        for second in both:
            clearly = theirs[second][1] - theirs[first][1] > MOMENT
            if clearly and ours[second][0] < ours[first][0]:
                found.append(
                    f"{first[0]} {first[1]} was recorded before {second[0]} {second[1]}, and replayed after it"
                )
    return found[:1]


def _counts(recorded: Story, replayed: Story, kind: Kind) -> list[str]:
    found = []
    limits = ranges(recorded.states, replayed.states, kind.counts)
    for name in kind.counts:
        for story, side in ((replayed, "replayed"), (recorded, "recorded")):
            stray = _stray(story, name, limits[side][name])
            if stray is not None:
                found.append(f"{name}: {side} {stray}, out of the range of the other side")
        if not _directions(recorded, name) & _directions(replayed, name):
            found.append(f"{name}: recorded {_path(recorded.facet(name))}, replayed {_path(replayed.facet(name))}")
    return found


def _stray(story: Story, name: str, allowed: dict[Any, Range]) -> int | None:
    """A value outside its range. A dip that lasts a moment only may have been merged away on the other side."""
    times = [at for at, _ in story.states] + [max(story.end, story.states[-1][0])]
    for (_, state), (at, later) in zip(story.states, pairwise(times), strict=True):
        value = state.get(name)
        limit = allowed.get(state.get("generation"))
        if not isinstance(value, int) or limit is None:
            continue
        low = limit.low if later - at >= MOMENT else 0
        if not low <= value <= limit.high:
            return value
    return None


def _directions(story: Story, name: str) -> set[str]:
    """up, down, both or still: with everything in between, and without what was held for a moment, or a second.

    How long a dip lasts is chance; whether there is one that lasts is not.
    """
    return {_direction(story, name, least) for least in (0.0, MOMENT, 1.0)}


def _direction(story: Story, name: str, least: float) -> str:
    """The way the count goes, by its first and last value and those in between that were held for `least` seconds."""
    states = [(at, state) for at, state in story.states if name in state]
    times = [at for at, _ in states] + [story.end]
    values = [
        state[name]
        for index, (at, state) in enumerate(states)
        if index in (0, len(states) - 1) or times[index + 1] - at >= least
    ]
    ups = any(later > earlier for earlier, later in pairwise(values))
    downs = any(later < earlier for earlier, later in pairwise(values))
    return "both" if ups and downs else "up" if ups else "down" if downs else "still"


def _settled(recorded: Story, replayed: Story) -> list[str]:
    """Recorded states that were held have to come, whole and in order; the last one last."""
    states = [state for _, state in replayed.states]
    at = 0
    for wanted in recorded.settled():
        while at < len(states) and states[at] != wanted:
            at += 1
        if at == len(states):
            return [f"never replayed, or not in this order: {_short(wanted)}"]
    if states[-1] != recorded.states[-1][1]:
        return [f"ends with {_short(states[-1])}, recorded was {_short(recorded.states[-1][1])}"]
    return []
