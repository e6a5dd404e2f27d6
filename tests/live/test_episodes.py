"""Episodes of recordings of a real control plane: what a table says, however the watches were in step."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.core.model import Ended, Episode
from tests.live.episodes import Told
from tests.live.test_traces import Line, lines

TABLE: dict[str, list[dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("episodes.yaml").read_text())
KINDS = (
    "pods", "deployments", "replicasets", "events", "statefulsets", "daemonsets", "jobs", "hoges", "configmaps",
    "horizontalpodautoscalers", "persistentvolumeclaims", "namespaces", "poddisruptionbudgets", "endpointslices",
)  # fmt: skip


@pytest.mark.parametrize("trace", sorted(TABLE))
def test_a_recording_tells_its_episodes(trace: str) -> None:
    assert Told(trace).told() == TABLE[trace]


@pytest.mark.parametrize("trace", sorted(TABLE))
def test_hops_lie_in_order_within_the_recording(trace: str) -> None:
    told = Told(trace)
    for episode in told.episodes.values():
        ats = [hop.at for hop in episode.hops]
        assert ats == sorted(ats)
        assert episode.opened <= min(ats, default=episode.opened)
        assert max(ats, default=0.0) <= told.clock.now
        assert sum(hop.took for hop in episode.hops) == pytest.approx(max(ats, default=episode.opened) - episode.opened)
        assert all(hop.object for hop in episode.hops)


def dated_by_the_api(episode: Episode) -> tuple[Any, ...]:
    """What must not depend on which watch told first: all but what the API does not date."""
    hops = [(hop.name, None if hop.name == "accepted" or hop.at % 1 else hop.at, hop.object) for hop in episode.hops]
    return episode.object, episode.kind, episode.ended, episode.generation, hops


def in_order(told: Told) -> list[tuple[Any, ...]]:
    return sorted(map(dated_by_the_api, told.episodes.values()), key=str)


@cache
def straight(trace: str) -> list[tuple[Any, ...]]:
    """As it is told when nothing comes between."""
    return in_order(Told(trace))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("trace", sorted(TABLE))
def test_watches_that_are_out_of_step_tell_the_same(trace: str, seed: int) -> None:
    late = {kind: random.Random(f"{seed}{kind}").random() * 0.3 for kind in KINDS}
    assert in_order(Told(trace, late)) == straight(trace)


class Broken(Told):
    """A recording in the middle of which the process ends, or the watches are cut off for too long."""

    def __init__(self, trace: str, place: float, *, anew: bool) -> None:
        self._lines = 0
        self._anew = anew
        self._at_line = int(place * len(list(lines(trace))))
        super().__init__(trace)

    def take(self, line: Line) -> None:
        super().take(line)
        self._lines += 1
        if self._lines == self._at_line:
            self.board.tick(self.clock.now)
            (self.begin_anew if self._anew else self.list_again)()


@pytest.mark.parametrize("anew", [True, False])
@pytest.mark.parametrize("place", [0.4, 0.8])
@pytest.mark.parametrize("trace", [name for name in sorted(TABLE) if not name.startswith("14")])  # no time of a Service
def test_a_break_in_the_middle_loses_nothing(trace: str, place: float, anew: bool) -> None:
    assert in_order(Broken(trace, place, anew=anew)) == straight(trace)


def test_a_crash_loop_is_one_episode() -> None:
    loops = [each for each in Told("17-crash-loop").episodes.values() if each.kind == "loss"]
    assert [each.ended for each in loops] == [Ended.STALLED]
    assert loops[0].recovered is None


def test_what_replaces_another_is_linked_with_it() -> None:
    episodes = Told("07-rollback").episodes
    rollback = next(each for each in episodes.values() if each.supersedes)
    replaced = episodes[rollback.supersedes]
    assert replaced.superseded_by == rollback.key
    assert replaced.ended is Ended.STALLED
    assert rollback.generation == (replaced.generation or 0) + 1
