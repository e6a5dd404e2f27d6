"""Episodes of recordings of a real control plane: what a table says, however the watches were in step."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.core.model import Ended, Episode
from tests.live.episodes import Told

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


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("trace", sorted(TABLE))
def test_watches_that_are_out_of_step_tell_the_same(trace: str, seed: int) -> None:
    late = {kind: random.Random(f"{seed}{kind}").random() * 0.3 for kind in KINDS}
    straight, skewed = Told(trace).episodes.values(), Told(trace, late).episodes.values()
    assert sorted(map(dated_by_the_api, skewed), key=str) == sorted(map(dated_by_the_api, straight), key=str)


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
