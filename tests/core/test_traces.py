"""What is said of a real control plane, event by event: no verdict flickers, and causes come early."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest

from .recording import Replay

Play = Callable[[str], Replay]


@pytest.fixture
def play(shared: Path) -> Play:
    @lru_cache
    def replay(number: str) -> Replay:
        return Replay(next((shared / "kubernetes" / "traces").glob(f"{number}-*.jsonl")))

    return replay


@pytest.mark.parametrize(
    ("number", "name", "expected"),
    [
        ("01", "Deployment/web", ["converging", "converged"]),
        ("03", "Deployment/web", ["converging", "converged", "converging", "converged"]),
        ("04", "Deployment/web", ["converging", "converged", "converging", "converged"]),
        ("05", "Deployment/web", ["converging", "converged", "converging", "converged"]),
        ("06", "Deployment/web", ["converging", "converged", "converging", "stalled"]),
        ("08", "Deployment/web", ["converging", "converged", "suspended", "converging", "converged"]),
        ("17", "Pod/crasher", ["converging", "converged", "stalled", "terminating"]),
        ("11", "Job/good", ["converging", "converged"]),
        ("11", "Job/bad", ["converging", "stalled"]),
        ("13", "HorizontalPodAutoscaler/web", ["converging", "stalled"]),
        ("14", "PersistentVolumeClaim/data", ["converging", "stalled"]),
    ],
)
def test_sequence(play: Play, number: str, name: str, expected: list[str]) -> None:
    assert play(number).verdicts(name) == expected


def test_a_bad_image_stalls_the_deployment_long_before_its_deadline(play: Play) -> None:
    replay = play("06")
    changed = next(t for t, action in replay.actions if "set image" in action)
    at, cause = next((t, cause) for t, verdict, cause in replay.said["Deployment/web"] if verdict == "stalled")
    assert at - changed < 2, "the progress deadline of this recording is 10 s"
    assert cause.startswith("nginx:1.19.5-missing cannot be pulled")


def test_a_paused_deployment_says_who_paused_it(play: Play) -> None:
    assert "paused by kubectl-rollout" in {cause for _, _, cause in play("08").said["Deployment/web"]}


def test_a_crash_loop_is_one_stretch(play: Play) -> None:
    """The Pod is Ready for a second after each of its restarts, and not trusted."""
    moments = play("17").said["Pod/crasher"]
    first = next(t for t, verdict, _ in moments if verdict == "stalled")
    assert {verdict for t, verdict, _ in moments if t > first} == {"stalled", "terminating"}


def test_every_recording_can_be_played(shared: Path) -> None:
    for path in sorted((shared / "kubernetes" / "traces").glob("*.jsonl")):
        assert Replay(path).said, path.name
