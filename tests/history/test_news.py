"""What rules are told of when episodes are written: once each, and together with what is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.core.model import Ended, Episode
from dashboard.history import hooks, models
from dashboard.history.models_hooks import Rule
from dashboard.history.writing import write
from tests.history.made import NOW, batch, episode, told

Heard = list[tuple[str, str]]


@pytest.fixture
def heard(both: str, monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What was said: key and event."""
    Rule.objects.create(name="r", url="https://example.com/", form="json", events=["stalled"])
    found: Heard = []

    def hear(cluster: str, episode: Episode, event: str, **where: str) -> None:
        assert (cluster, where) == ("c", {"namespace": "shop", "kind": "Deployment", "name": "web"})
        found.append((episode.key, event))

    monkeypatch.setattr(hooks, "told", hear)
    return found


def past(count: int = 6) -> None:
    """Some that took ten seconds."""
    write(batch(*(told(episode(f"p{n}", opened=NOW - 1000 + n, took=10), n) for n in range(1, count + 1)), id="past"))


def test_stalled_and_recovered_are_said_once(heard: Heard) -> None:
    stalled = episode(took=9, ended=Ended.STALLED)
    write(batch(told(episode())))
    write(batch(told(stalled, version=2), id="b2"))
    write(batch(told(replace(stalled, cause="other"), version=3), id="b3"))
    write(batch(told(replace(stalled, recovered=NOW + 60), version=4), id="b4"))
    write(batch(told(replace(stalled, recovered=NOW + 60, cause="x"), version=5), id="b5"))
    write(batch(told(stalled, version=1), id="late"))
    assert heard == [("uid-web/2", "stalled"), ("uid-web/2", "recovered")]


def test_what_was_never_seen_open_is_said_whole(heard: Heard) -> None:
    write(batch(told(episode(took=9, ended=Ended.STALLED, recovered=NOW + 60))))
    assert [event for _, event in heard] == ["stalled", "recovered"]


def test_slow_is_said_against_the_past_of_the_workload(heard: Heard) -> None:
    past()
    write(batch(told(episode("usual", took=10)), id="b1"))
    write(batch(told(episode("slow", took=11)), id="b2"))
    write(batch(told(episode("stalled", took=99, ended=Ended.SUPERSEDED)), id="b3"))
    assert heard == [("slow", "slower")]


def test_slow_is_not_said_where_there_is_too_little_to_say_it_from(heard: Heard) -> None:
    past(4)
    write(batch(told(episode("slow", took=1000))))
    assert heard == []


def test_an_open_episode_is_slow_when_its_time_has_come(heard: Heard) -> None:
    past()
    write(batch(told(episode("open")), id="b1", at=NOW + 5))
    assert heard == []
    write(batch(id="b2", at=NOW + 8, alive=("open", "unknown")))
    assert heard == []
    write(batch(id="b3", at=NOW + 60, alive=("open", "unknown")))
    assert heard == [("open", "slower")]


def test_nobody_is_told_where_nothing_is_written(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*given: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("dashboard.history.writing._account", away)
    with pytest.raises(ConnectionError):
        write(batch(told(episode(took=9, ended=Ended.STALLED))))
    assert not models.Episode.objects.exists()


def test_without_rules_nothing_is_looked_for(heard: Heard) -> None:
    Rule.objects.update(enabled=False)
    write(batch(told(episode(took=9, ended=Ended.STALLED))))
    assert heard == []
