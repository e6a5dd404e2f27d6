"""Episodes from objects made here: what no recording shows, and what must hold whatever the object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.core.episodes import HOLD, advance, is_over
from dashboard.core.evidence import Before, Evidence, own
from dashboard.core.forecast import forecast, slower
from dashboard.core.marks import Marks, marks
from dashboard.core.model import Assessment, Cause, Ended, Episode, Sample, Verdict
from dashboard.core.objects import ObjectKey
from dashboard.core.openings import LAG
from dashboard.core.samples import MAX_SAMPLES, thinned
from dashboard.core.verdict import assess

T0 = 1_794_997_600.0
STAMPS = {0: "2026-11-18T10:26:40Z", 5: "2026-11-18T10:26:45Z", 9: "2026-11-18T10:26:49Z", 60: "2026-11-18T10:27:40Z"}
WRITTEN = {"manager": "operator", "operation": "Update", "fieldsV1": {"f:status": {}}, "subresource": "status"}


def custom(generation: int, observed: int, *, at: int = 0, ready: str = "True", spec: Any = None) -> dict[str, Any]:
    """A custom resource with a Ready condition, its spec changed and its status written `at` seconds after T0."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "Bucket",
        "metadata": {
            "name": "b", "namespace": "shop", "uid": "u-1", "generation": generation, "resourceVersion": f"{at}{ready}",
            "creationTimestamp": STAMPS[0],
            "managedFields": [
                {"manager": "kubectl", "operation": "Update", "time": STAMPS[at], "fieldsV1": {"f:spec": {}}},
                {**WRITTEN, "time": STAMPS[at]},
            ],
        },
        "spec": {"size": 1} if spec is None else spec,
        "status": {
            "observedGeneration": observed,
            "conditions": [{"type": "Ready", "status": ready, "reason": "R", "lastTransitionTime": STAMPS[at]}],
        },
    }  # fmt: skip


def look(episode: Episode | None, obj: Mapping[str, Any], now: float, **rest: Any) -> list[Episode]:
    """The states that one look at an object goes through, as a recorder asks for them."""
    evidence, assessment = Evidence(own(obj, now), **rest), assess(obj, now)
    states: list[Episode] = []
    while (found := advance(episode, assessment, now, evidence)) != episode:
        assert found is not None
        episode = found
        states.append(found)
        assert len(states) < 5
    return states


def test_nothing_is_told_of_what_has_converged() -> None:
    assert look(None, custom(1, 1), T0) == []


def test_a_change_opens_when_it_is_declared_and_closes_when_the_status_says_so() -> None:
    (opened,) = look(None, custom(2, 1, at=5), T0 + 5, before=Before(1, (("spec.size", 0),)))
    assert (opened.kind, opened.opened, opened.by, opened.closed) == ("change", T0 + 5, "kubectl", None)
    assert [(change.path, change.before, change.after) for change in opened.changes] == [("spec.size", 0, 1)]
    *_, closed = look(opened, custom(2, 2, at=9), T0 + 30)
    assert (closed.ended, closed.closed, closed.key) == (Ended.CONVERGED, T0 + 9, opened.key)
    assert [(hop.name, hop.took) for hop in closed.hops] == [
        ("accepted", 0), ("observed", 4), ("Ready", 0), ("converged", 0),
    ]  # fmt: skip


def test_a_new_generation_takes_the_place_of_the_one_before() -> None:
    (first,) = look(None, custom(2, 1, at=5), T0 + 5)
    old, new = look(first, custom(3, 1, at=9, spec={"size": 7}), T0 + 9)
    assert (old.ended, old.superseded_by, old.closed) == (Ended.SUPERSEDED, new.key, T0 + 9)
    assert (new.supersedes, new.opened, new.generation, new.ended) == (old.key, T0 + 9, 3, None)


def test_a_deletion_in_the_middle_is_told_as_what_took_its_place() -> None:
    (first,) = look(None, custom(2, 1, at=5), T0 + 5)
    (gone,) = look(first, custom(2, 1, at=5), T0 + 8, gone=True)
    assert (gone.ended, gone.reason, is_over(gone)) == (Ended.SUPERSEDED, "Deleted", True)
    assert look(gone, custom(2, 1, at=5), T0 + 9, gone=True) == []


def test_a_held_deletion_is_an_episode_that_ends_when_the_object_has_gone() -> None:
    held = custom(2, 2)
    held["metadata"] |= {"deletionTimestamp": STAMPS[5], "deletionGracePeriodSeconds": 0, "finalizers": ["x/y"]}
    (open_,) = look(None, held, T0 + 5)
    assert (open_.kind, open_.opened) == ("deletion", T0 + 5)
    (closed,) = look(open_, held, T0 + 12, gone=True)
    assert (closed.ended, closed.closed) == (Ended.CONVERGED, T0 + 12)


def test_the_same_stretch_has_the_same_key_for_whoever_sees_it() -> None:
    (one,) = look(None, custom(2, 1, at=5), T0 + 5.1)
    (other,) = look(None, custom(2, 1, at=5), T0 + 8.7)
    assert one.key == other.key


STALLED = Assessment(Verdict.STALLED, "Broken", Cause("it broke", None, "Broken"), since=T0 + 5)
CONVERGED = Assessment(Verdict.CONVERGED, "Ready", since=T0 + 9)
CONVERGING = Assessment(Verdict.CONVERGING, "Progressing", since=T0)


def step(episode: Episode | None, assessment: Assessment, now: float, *children: Marks) -> Episode | None:
    evidence = Evidence(own(custom(1, 1), now), children)
    while (found := advance(episode, assessment, now, evidence)) != episode:
        episode = found
    return episode


def crashing(restarts: int, *, ready: float, ran: float = 4.0) -> Marks:
    return Marks("core/Pod/shop/p", "p", "u-1", "Pod", T0, ready=ready, restarts=restarts, last_run=ran)


def test_a_crash_loop_stays_one_episode_and_recovers_once() -> None:
    episode = step(None, CONVERGING, T0)
    keys = set()
    for round_ in range(5):
        at = T0 + 20 * (round_ + 1)
        for assessment, now in ((STALLED, at), (CONVERGED, at + 5), (STALLED, at + 9)):
            episode = step(episode, assessment, now, crashing(round_ + 1, ready=at + 5))
            assert episode is not None
            keys.add((episode.key, episode.ended, episode.recovered))
    assert episode is not None
    assert keys == {(episode.key, Ended.STALLED, None)}
    episode = step(episode, CONVERGED, T0 + 200, crashing(5, ready=T0 + 200))
    assert episode is not None
    assert episode.recovered is None
    episode = step(episode, CONVERGED, T0 + 200 + HOLD, crashing(5, ready=T0 + 200))
    assert episode is not None
    assert episode.recovered is not None


def test_convergence_must_outlast_what_ran_before_it_crashed() -> None:
    episode = step(None, STALLED, T0)
    episode = step(episode, CONVERGED, T0 + 10, crashing(1, ready=T0 + 10, ran=100))
    episode = step(episode, CONVERGED, T0 + 150, crashing(1, ready=T0 + 10, ran=100))
    assert episode is not None
    assert episode.recovered is None
    episode = step(episode, CONVERGED, T0 + 211, crashing(1, ready=T0 + 10, ran=100))
    assert episode is not None
    assert episode.recovered is not None


def test_a_stall_that_another_object_is_to_blame_for_must_last() -> None:
    elsewhere = Assessment(Verdict.STALLED, "Pull", Cause("no image", ObjectKey("", "Pod", "shop", "p"), "Pull"))
    episode = step(step(None, CONVERGING, T0), elsewhere, T0 + 3)
    assert episode is not None
    assert episode.ended is None
    calm = step(episode, CONVERGING, T0 + 4)
    assert calm is not None
    assert calm.stalled is None
    episode = step(episode, elsewhere, T0 + 3 + LAG)
    assert episode is not None
    assert (episode.ended, episode.closed) == (Ended.STALLED, T0 + 3)


def test_nothing_closes_before_it_opened_though_the_api_s_clock_is_ahead() -> None:
    ahead = custom(2, 1, at=60)
    evidence, stalled = Evidence(own(ahead, T0 + 50), before=Before(1)), Assessment(Verdict.STALLED, "Broken")
    opened = advance(None, Assessment(Verdict.CONVERGING, "Progressing"), T0 + 50, evidence)
    closed = advance(opened, stalled, T0 + 52, evidence)
    assert closed is not None
    assert (closed.opened, closed.ended, closed.closed) == (T0 + 60, Ended.STALLED, T0 + 60)


def test_a_fight_is_one_episode_over_many_generations() -> None:
    fight = Assessment(
        Verdict.STALLED, "Fight", Cause("kubectl and hpa set spec.replicas back and forth", None, "Fight")
    )
    keys = set()
    episode: Episode | None = None
    for generation in range(2, 9):
        (*_, episode) = [*([episode] if episode else []), *_fought(episode, fight, generation)]
        assert episode is not None
        keys.add((episode.key, episode.kind))
    assert len(keys) == 1
    assert {kind for _, kind in keys} == {"fight"}
    assert episode is not None
    assert "kubectl and hpa" in episode.cause


def _fought(episode: Episode | None, fight: Assessment, generation: int) -> list[Episode]:
    evidence = Evidence(own(custom(generation, generation), T0 + generation))
    states: list[Episode] = []
    while (found := advance(episode, fight, T0 + generation, evidence)) != episode:
        assert found is not None
        episode = found
        states.append(found)
    return states


def test_the_object_to_which_a_hop_took_longest_is_named() -> None:
    def pod(name: str, ready: float) -> Marks:
        return Marks(f"core/Pod/shop/{name}", name, "u-1", "Pod", T0, scheduled=T0, started=T0 + 1, ready=T0 + ready)

    episode = step(None, CONVERGING, T0, pod("quick", 2), pod("slow", 8))
    assert episode is not None
    ready = next(hop for hop in episode.hops if hop.name == "ready")
    assert (ready.object, ready.at, ready.detail) == ("core/Pod/shop/slow", T0 + 8, "2 Pods")


def test_marks_of_a_pod_are_the_api_s_own_times() -> None:
    found = marks({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "namespace": "shop", "uid": "p", "creationTimestamp": STAMPS[0]},
        "status": {
            "conditions": [
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": STAMPS[0]},
                {"type": "Ready", "status": "True", "lastTransitionTime": STAMPS[9]},
            ],
            "containerStatuses": [{"restartCount": 2, "state": {"running": {"startedAt": STAMPS[5]}},
                "lastState": {"terminated": {"startedAt": STAMPS[0], "finishedAt": STAMPS[5]}}}],
        },
    })  # fmt: skip
    assert (found.created, found.scheduled, found.started, found.ready) == (T0, T0, T0 + 5, T0 + 9)
    assert (found.restarts, found.last_run) == (2, 5.0)


def test_no_text_that_may_be_a_secret_is_kept_of_a_spec() -> None:
    spec = {
        "password": "hunter2",
        "size": 3,
        "containers": [{"name": "c", "image": "i:1", "env": [{"value": "s3cret"}]}],
    }
    told = repr(own(custom(1, 1, spec=spec), T0).wishes)
    assert "size" in told
    assert "i:1" in told
    assert "hunter2" not in told
    assert "s3cret" not in told


def test_thinning_keeps_the_dip_and_the_surge() -> None:
    samples = tuple(Sample(T0 + at, 5.0, ready=5.0, available=5.0, terminating=0.0) for at in range(1000))
    odd = {333: 0.0, 777: 9.0}
    samples = tuple(replace(each, ready=odd.get(at, 5.0)) for at, each in enumerate(samples))
    samples = (*samples[:500], replace(samples[500], available=0.0, terminating=7.0, setpoint=6.0), *samples[501:])
    kept = thinned(samples, MAX_SAMPLES)
    assert samples[500] in kept
    assert len(kept) <= MAX_SAMPLES
    assert {0.0, 9.0} <= {each.ready for each in kept}
    assert (kept[0], kept[-1]) == (samples[0], samples[-1])


@pytest.mark.parametrize(
    ("durations", "elapsed", "p50", "p90"),
    [((4, 6, 8, 10), 0, 6, 10), ((4, 6, 8, 10), 5, 3, 5), ((4,), 0, 4, 4)],
)
def test_what_remains_is_told_by_those_that_took_as_long(
    durations: tuple[float, ...], elapsed: float, p50: float, p90: float
) -> None:
    band = forecast(durations, elapsed, "workload")
    assert band is not None
    assert (band.p50, band.p90, band.count, band.of) == (p50, p90, len(durations), "workload")


def test_nothing_is_forecast_from_nothing() -> None:
    assert forecast((), 0) is None
    assert forecast((4, 6), 7) is None
    assert not slower((1, 1, 1, 1), 100)
    assert slower((1, 1, 1, 1, 2), 2.5)
    assert not slower((1, 1, 1, 1, 2), 2)


def test_what_was_over_at_once_does_not_make_the_rest_slow() -> None:
    annotated = [0.0] * 95
    assert not slower([*annotated, 9, 9, 9, 9, 10], 9.5)
    assert slower([*annotated, 9, 9, 9, 9, 10], 10.5)
    assert not slower(annotated, 30)
    band = forecast([*annotated, 9, 11], 0)
    assert band is not None
    assert (band.p50, band.count) == (9, 2)
    assert forecast(annotated, 0) is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(list(STAMPS.values())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PLACES = [
    ("metadata",), ("spec",), ("status",), ("metadata", "generation"), ("metadata", "managedFields"), ("spec", "size"),
    ("metadata", "creationTimestamp"), ("status", "observedGeneration"), ("status", "conditions"), ("metadata", "uid"),
    ("metadata", "deletionTimestamp"), ("metadata", "deletionGracePeriodSeconds"), ("status", "containerStatuses"),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), JSON), max_size=3), st.sampled_from(list(Verdict)), st.booleans())
def test_any_object_tells_hops_in_order_and_the_same_when_asked_again(
    odd: list[tuple[tuple[str, ...], Any]], verdict: Verdict, gone: bool
) -> None:
    obj: Any = custom(2, 1, at=5)
    for place, value in odd:
        node = obj
        for name in place[:-1]:
            node = node[name] if isinstance(node, dict) and isinstance(node.get(name), dict) else {}
        node[place[-1]] = value
    now = T0 + 7
    evidence = Evidence(own(obj, now), (marks(obj),), gone=gone)
    episode: Episode | None = None
    for _ in range(6):
        found = advance(episode, Assessment(verdict, "R"), now, evidence)
        if found == episode:
            break
        episode = found
    assert found == episode
    if episode is not None:
        ats = [hop.at for hop in episode.hops]
        assert ats == sorted(ats)
        assert all(hop.took >= 0 for hop in episode.hops)
