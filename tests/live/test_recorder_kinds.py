"""Episodes of kinds whose declarations the API does not count, and of those that try again by themselves."""

from __future__ import annotations

from itertools import pairwise

from dashboard.core.model import Ended
from tests.live.factory import Obj
from tests.live.lives import T0, Life, autoscaler, claim, condition, pod, replicas, stamp, thing


def change_of(life: Life, place: int) -> list[tuple[str, object, object]]:
    return [(each.path, each.before, each.after) for each in life.episodes[place].changes]


def test_a_claim_is_bound_and_grown() -> None:
    life = Life()
    life.at(0, claim("1Gi", None), type="ADDED")
    life.at(2, claim("1Gi", "1Gi", status_at=2))
    life.at(30, claim("2Gi", "1Gi", spec_at=30, status_at=2))
    resizing = claim("2Gi", "1Gi", spec_at=30, status_at=31)
    resizing["status"]["conditions"] = [condition("Resizing", True, 31)]
    life.at(31, resizing)
    life.at(40, claim("2Gi", "2Gi", spec_at=30, status_at=40))
    life.at(60)
    assert life.lines() == [
        "change 0 converged 2: accepted+0 bound+2 converged+2",
        "change 30 converged 40: accepted+0 Resizing+1 resized+10 converged+10",
    ]
    assert change_of(life, 1) == [("spec.resources.requests.storage", "1Gi", "2Gi")]


def test_a_claim_that_is_grown_again_meanwhile_is_another_change() -> None:
    life = Life()
    life.at(0, claim("1Gi", "1Gi"), type="ADDED")
    life.at(20, claim("2Gi", "1Gi", spec_at=20))
    life.at(23, claim("3Gi", "1Gi", spec_at=23))
    life.at(30, claim("3Gi", "3Gi", spec_at=23, status_at=30))
    life.at(50)
    assert life.lines() == [
        "change 20 superseded 23: accepted+0",
        "change 23 converged 30: accepted+0 resized+7 converged+7",
    ]
    first, second = life.episodes
    assert (first.superseded_by, second.supersedes) == (second.key, first.key)


def test_what_an_autoscaler_decides_is_a_change_that_nobody_declared() -> None:
    life = Life(15)
    life.at(15, autoscaler(2, 2), type="ADDED")
    life.at(61.3, autoscaler(2, 5, decided=61, status_at=61))
    life.at(75.2, autoscaler(5, 5, decided=61, status_at=75))
    life.at(100)
    assert life.lines() == ["change 61 converged 75: decided+0 converged+14"]
    assert change_of(life, 0) == [("status.desiredReplicas", 2, 5)]
    assert [(each.setpoint, each.ready) for each in life.episodes[0].samples] == [(5, 2), (5, 5)]


def test_an_autoscaler_that_changes_its_mind_closes_one_episode_with_the_next() -> None:
    life = Life(15)
    life.at(15, autoscaler(2, 2), type="ADDED")
    for place, (current, desired) in enumerate(((2, 5), (3, 4), (4, 7), (6, 3), (3, 3))):
        at = 30 + 2 * place
        life.at(at, autoscaler(current, desired, decided=at if current != desired else at - 2, status_at=at))
    life.at(60)
    assert [(each.kind, each.ended) for each in life.episodes] == [
        *[("change", Ended.SUPERSEDED)] * 3,
        ("change", Ended.CONVERGED),
    ]
    for one, next_ in pairwise(life.episodes):
        assert one.superseded_by == next_.key
        assert next_.supersedes == one.key
        assert one.closed == next_.opened


def test_an_autoscaler_that_decides_what_is_there_already_tells_nothing() -> None:
    life = Life(15)
    life.at(15, autoscaler(2, 2), type="ADDED")
    life.at(40, autoscaler(3, 3, status_at=40))
    life.at(60)
    assert life.lines() == []
    life.at(70, autoscaler(3, 5, decided=70, status_at=70))
    assert change_of(life, 0) == [("status.desiredReplicas", 3, 5)]


def job(*, failed: int = 0, succeeded: int = 0, done: float | None = None, type: str = "Complete") -> Obj:
    obj = thing("batch/v1", "Job", "mail", status_at=done or 0)
    obj["metadata"]["generation"] = 1
    obj["spec"] = {"completions": 1, "parallelism": 1, "backoffLimit": 2, "template": {"spec": {"containers": []}}}
    obj["status"] = {"startTime": stamp(0), "failed": failed, "succeeded": succeeded, "conditions": []}
    if done is None:
        obj["status"]["active"] = 1
    else:
        obj["status"]["conditions"] = [condition(type, True, done, "BackoffLimitExceeded")]
        if type == "Complete":
            obj["status"]["completionTime"] = stamp(done)
    return obj


def test_a_job_that_tries_again_is_one_episode() -> None:
    life = Life()
    life.at(0, job(), type="ADDED")
    life.at(1, pod("mail-1", job(), 0, started=1))
    life.at(3, pod("mail-1", job(), 0, started=1, failed=3), job(failed=1))
    life.at(13, pod("mail-2", job(), 13, started=13))
    life.at(15, pod("mail-2", job(), 13, started=13, ready=13), job(failed=1))
    done = pod("mail-2", job(), 13, started=13, failed=18)
    done["status"]["phase"] = "Succeeded"
    life.at(18, done, job(failed=1, succeeded=1, done=19))
    life.at(40)
    (line,) = life.lines()
    assert line == (
        "change 0 converged 19: accepted+0 created+13 scheduled+13 started+13 ready+13 finished+18 complete+19"
        " converged+19"
    )
    longest = {hop.name: hop.object for hop in life.episodes[0].hops}
    assert longest["created"] == "core/Pod/shop/mail-2"


def test_a_job_that_has_no_try_left_is_stalled() -> None:
    life = Life()
    life.at(0, job(), type="ADDED")
    for place, at in enumerate((1, 11, 31)):
        life.at(at, pod(f"mail-{place}", job(), at, started=at))
        life.at(at + 2, pod(f"mail-{place}", job(), at, started=at, failed=at + 2), job(failed=place + 1))
    life.at(34, job(failed=3, done=34, type="Failed"))
    life.at(60)
    (episode,) = life.episodes
    assert (episode.kind, episode.ended, episode.recovered) == ("change", Ended.STALLED, None)


def test_a_generationless_custom_resource_that_is_edited_is_a_change_and_one_that_breaks_is_a_loss() -> None:
    def bucket(size: int, ready: bool, *, spec_at: float, turned: float) -> Obj:
        obj = thing("example.com/v1", "Bucket", "b", spec_at=spec_at, status_at=turned)
        return obj | {"spec": {"size": size}, "status": {"conditions": [condition("Ready", ready, turned)]}}

    life = Life()
    life.at(5, bucket(1, True, spec_at=0, turned=3), type="ADDED")
    life.at(20, bucket(2, False, spec_at=20, turned=20))
    life.at(25, bucket(2, True, spec_at=20, turned=25))
    life.at(60, bucket(2, False, spec_at=20, turned=60))
    life.at(66, bucket(2, True, spec_at=20, turned=66))
    life.at(90)
    assert [(each.kind, each.ended, (each.recovered or 0) - T0) for each in life.episodes] == [
        ("change", Ended.STALLED, 25),
        ("loss", Ended.STALLED, 66),
    ]
    assert change_of(life, 0) == [("spec.size", 1, 2)]
    assert change_of(life, 1) == []


def test_a_custom_resource_of_which_nothing_is_known_but_when_it_was_declared_is_changed_by_that() -> None:
    """Its status is no subresource, so that its generation counts the operator's writes as well."""

    def application(generation: int, tag: str, health: str, *, spec_at: float, status_at: float) -> Obj:
        obj = thing("argoproj.io/v1alpha1", "Application", "shop", spec_at=spec_at, status_at=status_at)
        obj["metadata"]["generation"] = generation
        return obj | {"spec": {"source": {"targetRevision": tag}}, "status": {"health": {"status": health}}}

    life = Life(5)
    life.at(5, application(3, "v1", "Healthy", spec_at=0, status_at=3), type="ADDED")
    life.at(50.1, application(4, "v2", "Healthy", spec_at=50, status_at=3))
    life.at(51.1, application(5, "v2", "Progressing", spec_at=50, status_at=51))
    life.at(55.1, application(6, "v3", "Progressing", spec_at=55, status_at=51))
    life.at(60.1, application(7, "v3", "Healthy", spec_at=55, status_at=60))
    life.at(200.1, application(8, "v3", "Degraded", spec_at=55, status_at=200))
    life.at(220)
    assert [line.partition(":")[0] for line in life.lines()] == [
        "change 50 superseded 55", "change 55 converged 60", "loss 200 stalled 200",
    ]  # fmt: skip


def test_a_field_that_two_managers_set_back_and_forth_is_one_fight_that_recovers_when_it_is_quiet() -> None:
    def bucket(generation: int, size: int, by: str, at: float) -> Obj:
        obj = thing("example.com/v1", "Bucket", "b", status_at=at)
        owned = {"f:spec": {"f:size": {}}}
        wrote = {"manager": by, "operation": "Update", "time": stamp(at), "fieldsV1": owned}
        obj["metadata"] |= {"generation": generation, "managedFields": [wrote, obj["metadata"]["managedFields"][1]]}
        said = {"observedGeneration": generation, "conditions": [condition("Ready", True, 3)]}
        return obj | {"spec": {"size": size}, "status": said}

    life = Life(5)
    life.at(5, bucket(1, 1, "git", 0), type="ADDED")
    for turn in range(5):
        at = 50.2 + 10 * turn
        life.at(at, bucket(2 + turn, 2 - turn % 2, ("operator", "git")[turn % 2], at))
    (fight,) = life.episodes
    assert (fight.kind, fight.opened, fight.ended, fight.recovered) == ("fight", T0 + 50, Ended.STALLED, None)
    assert fight.cause == "git and operator set spec.size back and forth between 1 and 2"
    life.at(450)
    (fight,) = life.episodes
    assert fight.recovered == T0 + 90


def test_what_is_declared_while_a_rollout_is_paused_is_told_when_it_is_resumed() -> None:
    """Though it had converged just before, so that its last episode still waits for what others tell late."""

    def web(generation: int, image: str, *, paused: bool = False, at: float = 100) -> Obj:
        obj = replicas("Deployment", "web", 1, 1, generation=generation, spec_at=at, status_at=at)
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = image
        obj["spec"] |= {"paused": True} if paused else {}
        return obj

    life = Life(60)
    life.at(60, web(1, "i:1", at=0), type="ADDED")
    unseen = web(2, "i:2")
    unseen["status"]["observedGeneration"] = 1
    life.at(100.1, unseen)
    life.at(100.5, web(2, "i:2"))
    life.at(102, web(3, "i:2", paused=True, at=102))
    life.at(103, web(4, "i:3", paused=True, at=103))
    begun = web(5, "i:3", at=105)
    begun["status"] |= {"updatedReplicas": 0}
    life.at(105.1, begun)
    life.at(107.1, web(5, "i:3", at=107))
    life.at(130)
    image = 'spec.template.spec.containers[name="c"].image'
    assert [change_of(life, place) for place in range(len(life.episodes))] == [
        [(image, "i:1", "i:2")], [(image, "i:2", "i:3")],
    ]  # fmt: skip
