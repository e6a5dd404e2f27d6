"""Two managers that set one number back and forth: seen over versions, told while it goes on, forgotten when quiet."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.core.model import Assessment, Cause, Verdict
from dashboard.core.objects import ObjectKey
from dashboard.live.bodies import dump_trimmed, pack
from dashboard.live.disputes import QUIET, Disputes

WELL = Assessment(Verdict.CONVERGED, "Available")
HPA = ObjectKey("autoscaling", "HorizontalPodAutoscaler", "shop", "web")


def version(replicas: int, manager: str) -> dict[str, Any]:
    owned = {"f:spec": {"f:replicas": {}}}
    entry = {"manager": manager, "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": owned}
    return {"metadata": {"name": "web", "managedFields": [entry]}, "spec": {"replicas": replicas}}


def field_of(path: str, value: Any, manager: str, generation: int) -> dict[str, Any]:
    """A custom resource of which one manager has just set one field."""
    entry = {"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": {f"f:{path}": {}}}}
    return {"metadata": {"name": "b", "generation": generation, "managedFields": [entry]}, "spec": {path: value}}


def seen(*versions: tuple[int, str], start: float = 1000.0) -> Disputes:
    return told(*(version(*each) for each in versions), start=start)


def told(*versions: dict[str, Any], start: float = 1000.0) -> Disputes:
    disputes = Disputes()
    before: dict[str, Any] | None = None
    for offset, each in enumerate(versions):
        disputes.seen("web", each, before, start + offset)
        before = each
    return disputes


def alone(id: str) -> ObjectKey | None:
    return None


FIGHT = ((3, "git"), (5, "operator"), (3, "git"), (5, "operator"), (3, "git"))


def test_a_fight_is_stalled_and_names_both() -> None:
    judged = seen(*FIGHT).judged("web", WELL, 1005.0, alone)
    assert judged.verdict is Verdict.STALLED
    assert judged.cause == Cause("git and operator set spec.replicas back and forth between 3 and 5", None, "Fight")
    assert judged.recheck_at == 1004.0 + QUIET + 1


def test_it_reads_the_same_however_long_it_goes_on() -> None:
    told = {
        (judged.cause, judged.since)
        for length in range(3, 40)
        for judged in [seen(*(FIGHT[:4] * 10)[:length]).judged("web", WELL, 1000.0 + length, alone)]
    }
    assert told == {(Cause("git and operator set spec.replicas back and forth between 3 and 5", None, "Fight"), 1001.0)}


def test_two_who_correct_each_other_once_fight_and_one_who_corrects_herself_does_not() -> None:
    assert seen(*FIGHT[:3]).judged("web", WELL, 1003.0, alone).reason == "Fight"
    assert seen(*FIGHT[:2]).judged("web", WELL, 1003.0, alone) is WELL
    by_hand = [(count, f"kubectl-{by}") for count, by in FIGHT[:3]]
    assert seen(*by_hand).judged("web", WELL, 1003.0, alone) is WELL


@pytest.mark.parametrize(
    ("path", "values", "between"),
    [("engineVersion", ("15", "16"), " between 15 and 16"), ("password", ("hunter2", "s3cret"), "")],
)
def test_any_field_may_be_fought_over_and_no_text_that_may_be_secret_is_told(
    path: str, values: tuple[str, str], between: str
) -> None:
    versions = [field_of(path, values[at % 2], ("git", "operator")[at % 2], at + 1) for at in range(4)]
    cause = told(*versions).judged("web", WELL, 1005.0, alone).cause
    assert cause == Cause(f"git and operator set spec.{path} back and forth{between}", None, "Fight")


def test_versions_that_are_held_as_bytes_are_compared_alike() -> None:
    disputes = Disputes()
    before: bytes | None = None
    for at in range(4):
        each = version(3 + 2 * (at % 2), ("git", "operator")[at % 2]) | {"apiVersion": "apps/v1", "kind": "Deployment"}
        each["spec"]["template"] = {"spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": str(at)}]}]}}
        disputes.seen("web", each, before, 1000.0 + at)
        before = pack(dump_trimmed(each, managed=False))
    judged = disputes.judged("web", WELL, 1005.0, alone)
    assert judged.cause is not None
    assert "spec.replicas" in judged.cause.sentence


def test_one_manager_alone_does_not_fight() -> None:
    versions = [(count, "kubectl") for count in (3, 5, 3, 5, 3)]
    assert seen(*versions).judged("web", WELL, 1005.0, alone) is WELL


def test_a_fight_is_over_when_it_is_quiet() -> None:
    assert seen(*FIGHT).judged("web", WELL, 1005.0 + QUIET, alone) is WELL


def test_what_ails_it_comes_first() -> None:
    ill = Assessment(Verdict.STALLED, "ImagePullBackOff", Cause("no such image"))
    assert seen(*FIGHT).judged("web", ill, 1005.0, alone) is ill


def test_an_autoscaler_is_named_as_itself() -> None:
    versions = [(count, by.replace("git", "kube-controller-manager")) for count, by in FIGHT]
    judged = seen(*versions).judged("web", WELL, 1005.0, lambda _: HPA)
    assert judged.cause is not None
    assert judged.cause.sentence.startswith("HPA web and operator set spec.replicas")
    assert judged.cause.at == HPA


def test_what_has_gone_is_forgotten() -> None:
    disputes = seen(*FIGHT)
    disputes.forget("web")
    assert disputes.judged("web", WELL, 1005.0, alone) is WELL
