"""The recorded rollout at a small size: all is taken in, and what is told of is written. Never how long it took."""

from __future__ import annotations

from pathlib import Path

from dashboard.management.benchmarks import rolling
from dashboard.management.benchmarks.rolling import KEPT


def test_every_event_is_taken_in_and_each_deployment_has_an_episode_that_is_kept() -> None:
    found = rolling.measure(1, 1, KEPT, lasting=6)[KEPT]
    assert found["events"] == len(rolling.lines(6))
    recorded = (rolling.RECORDED / "data/churn.jsonl.gz").is_file()
    assert (found["episodes"] == 40) if recorded else (found["tellings"] >= found["episodes"])


def test_events_are_made_where_there_are_no_recordings(tmp_path: Path) -> None:
    made = rolling.lines(2, tmp_path)
    assert len(made) == 2 * rolling.MADE_PER_SECOND
    assert {plural for _, plural, _ in made} == {"pods"}
    assert max(at for at, _, _ in made) < 2
