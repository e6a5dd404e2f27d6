"""What holds of `advance` whatever it is asked: any assessment, with any evidence or none, one after another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.core.episodes import advance, is_over
from dashboard.core.evidence import Before, Evidence, Own
from dashboard.core.marks import Marks
from dashboard.core.model import Assessment, Cause, Ended, Episode, Gap, Sample, Verdict
from dashboard.core.objects import ObjectKey
from tests.core.recording import Replay

T0 = 1000.0
POD = ObjectKey("", "Pod", "n", "p")
MOST = 6
"""States that one look may go through."""

times = st.none() | st.integers(0, 60).map(lambda after: T0 + after)
paths = st.sampled_from(["spec.replicas", "metadata.generation", "metadata.deletionTimestamp", "spec.x"])
values = st.none() | st.integers(0, 4) | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
gaps = st.builds(
    Gap, field=st.sampled_from(["replicas · ready", "generation", "x"]), path=paths, desired=values, observed=values,
    open=st.booleans(), since=times, at_least=st.booleans(), set_by=st.text(max_size=3), set_at=times,
)  # fmt: skip
causes = st.none() | st.builds(Cause, sentence=st.text(max_size=5), at=st.none() | st.just(POD))
assessments = st.builds(
    Assessment, verdict=st.sampled_from(Verdict), reason=st.sampled_from(["R", "Fight", ""]), cause=causes,
    gaps=st.lists(gaps, max_size=4).map(tuple), since=times | st.floats(), at_least=st.booleans(),
)  # fmt: skip
wishes = st.lists(
    st.tuples(st.sampled_from(["spec.a", "spec.b"]), st.integers(0, 2)), max_size=2, unique_by=lambda each: each[0]
).map(tuple)
conditions = st.tuples(st.sampled_from(["Ready", "Synced"]), st.sampled_from(["True", "False", "Unknown"]), times)
owns = st.builds(
    Own, id=st.just("g/K/n/o"), uid=st.sampled_from(["u", "u", "u", "v"]), group=st.sampled_from(["apps", "x.io", ""]),
    kind=st.sampled_from(["Deployment", "Pod", "B", "PersistentVolumeClaim"]), version=st.just("1"), created=times,
    generation=st.none() | st.integers(1, 3), observed=st.none() | st.integers(0, 3), accepted=times, by=st.just("k"),
    undated_by=st.sampled_from(["", "s"]), written=times, ending=st.none() | st.none() | times, decided=times,
    completed=times, conditions=st.lists(conditions, max_size=3).map(tuple), wishes=wishes,
    sample=st.none() | st.just(Sample(T0, 1.0)), bound=st.booleans(),
)  # fmt: skip
marks = st.builds(
    Marks, id=st.sampled_from(["core/Pod/n/a", "core/Pod/n/b"]), uid=st.sampled_from(["a", "b"]),
    owner_uid=st.just("u"), kind=st.sampled_from(["Pod", "ReplicaSet"]), created=times, scheduled=times, started=times,
    ready=times, unready=times, finished=times, ending=times, restarts=st.integers(0, 2),
    last_run=st.sampled_from([0.0, 4.0, 100.0]),
)  # fmt: skip
evidences = st.builds(
    Evidence, own=owns, marks=st.lists(marks, max_size=3, unique_by=lambda each: each.uid).map(tuple),
    pulled=st.dictionaries(st.sampled_from(["a", "b"]), st.just(T0 + 5), max_size=2),
    before=st.none() | st.builds(Before, st.none() | st.integers(1, 3), wishes, times),
    gone=st.sampled_from([False] * 6 + [True]),
)  # fmt: skip


def states(episode: Episode | None, *asked: Any) -> list[Episode]:
    """What an episode goes through in one look, until it stays as it is."""
    found: list[Episode] = []
    while (next_ := advance(episode, *asked)) != episode:
        assert next_ == advance(episode, *asked)  # nothing but the arguments decides
        assert next_ is not None
        assert episode is None or next_.key == episode.key or is_over(episode)
        episode = next_
        found.append(next_)
        assert len(found) <= MOST
    return found


def is_sound(episode: Episode) -> None:
    ats = [hop.at for hop in episode.hops]
    assert ats == sorted(ats)
    assert all(hop.at >= episode.opened and hop.took >= 0 for hop in episode.hops)
    assert (episode.closed is None) == (episode.ended is None)
    assert episode.closed is None or episode.closed >= episode.opened
    if episode.ended in (Ended.CONVERGED, Ended.SUPERSEDED):
        assert max(ats, default=0.0) <= (episode.closed or 0.0)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(assessments, st.none() | evidences, st.floats(0, 20)), max_size=5))
def test_whatever_is_asked_in_whatever_order_every_episode_is_sound(steps: list[tuple[Any, Any, float]]) -> None:
    episode: Episode | None = None
    now = T0
    for assessment, evidence, later in steps:
        now += later
        for each in states(episode, assessment, now, evidence):
            is_sound(each)
            episode = each


CONVERGING = Assessment(Verdict.CONVERGING, "Progressing", since=T0)
CONVERGED = Assessment(Verdict.CONVERGED, "Available", since=T0 + 9)


def seen(generation: int, observed: int, at: float) -> Assessment:
    """As `assess` says of an object that reports which generation it has seen."""
    gap = Gap("generation", "metadata.generation", generation, observed, generation != observed, since=at)
    ready = Gap("replicas · ready", "spec.replicas", 5, 3, open=True, since=at, set_by="kubectl", set_at=at)
    return Assessment(Verdict.CONVERGING, "Progressing", gaps=(gap, ready), since=at)


def test_an_assessment_alone_opens_and_closes_an_episode() -> None:
    (opened,) = states(None, CONVERGING, T0 + 2)
    assert (opened.kind, opened.opened, opened.ended) == ("change", T0, None)
    (closed,) = states(opened, CONVERGED, T0 + 10)
    assert (closed.key, closed.ended, closed.closed) == (opened.key, Ended.CONVERGED, T0 + 9)
    assert [(hop.name, hop.at) for hop in closed.hops] == [("accepted", T0), ("converged", T0 + 9)]
    (again,) = states(closed, Assessment(Verdict.CONVERGING, "Starting", since=T0 + 60), T0 + 60)
    assert (again.opened, again.ended) == (T0 + 60, None)
    assert again.key != closed.key


def test_gaps_tell_of_a_new_generation_of_who_declared_it_and_of_what_is_there() -> None:
    (first,) = states(None, seen(2, 1, T0), T0 + 1)
    assert (first.generation, first.by, first.opened) == (2, "kubectl", T0)
    assert [(each.setpoint, each.ready) for each in first.samples] == [(5, 3)]
    (told,) = states(first, seen(2, 2, T0), T0 + 3)
    assert [hop.name for hop in told.hops] == ["accepted", "observed"]
    old, new = states(told, seen(3, 2, T0 + 5), T0 + 6)
    assert (old.ended, old.superseded_by, old.closed) == (Ended.SUPERSEDED, new.key, T0 + 5)
    assert (new.supersedes, new.generation, new.opened) == (old.key, 3, T0 + 5)


class Alone(Replay):
    """A recording, of which `advance` is told nothing but the assessments of its workloads."""

    def __init__(self, path: Path) -> None:
        self.episodes: dict[tuple[str, str], Episode] = {}
        self._newest: dict[str, Episode | None] = {}
        super().__init__(path)

    def judged(self, obj: dict[str, Any], said: Assessment, now: float) -> None:
        uid = obj["metadata"]["uid"]
        if obj["kind"] in ("Deployment", "StatefulSet", "DaemonSet"):
            for each in states(self._newest.get(uid), said, now):
                is_sound(each)
                self._newest[uid] = each
                self.episodes[f"{obj['kind']}/{obj['metadata']['name']}", each.key] = each


@pytest.mark.parametrize("trace", [f"{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14)])
def test_assessments_alone_tell_the_episodes_of_a_recording(shared: Path, trace: str) -> None:
    table = yaml.safe_load((Path(__file__).parents[1] / "live" / "episodes.yaml").read_text())
    (path,) = (shared / "kubernetes" / "traces").glob(f"{trace}-*.jsonl")
    told = [(object, each.kind, str(each.ended)) for (object, _), each in Alone(path).episodes.items()]
    workloads = {object for object, _, _ in told}
    assert told == [
        (each["object"], each["kind"], each["ended"]) for each in table[path.stem] if each["object"] in workloads
    ]


@pytest.mark.parametrize("verdict", Verdict)
def test_any_verdict_alone_is_answered(verdict: Verdict) -> None:
    told = states(None, Assessment(verdict, "R"), T0)
    assert [each.ended for each in told] == {
        Verdict.CONVERGING: [None], Verdict.STALLED: [Ended.STALLED],
    }.get(verdict, [])  # fmt: skip
