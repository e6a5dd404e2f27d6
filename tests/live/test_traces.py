"""Recordings of a real control plane, fed to a board as a watch would, must end where the real objects ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from dashboard.core.objects import ObjectKey, ResourceType, timestamp
from dashboard.live.board import Board
from dashboard.live.query import Query
from tests.live.factory import Clock

TRACES = Path(__file__).resolve().parents[3] / "shared" / "kubernetes" / "traces"

Line = dict[str, Any]


def lines(trace: str) -> Iterator[Line]:
    path = TRACES / f"{trace}.jsonl"
    if not path.is_file():
        pytest.skip(f"no recording of a real control plane at {path}")
    for text in path.read_bytes().splitlines():
        yield orjson.loads(text)


class Replay:
    """A board that lives through a recording, and the verdicts that each object went through."""

    def __init__(self, trace: str) -> None:
        recorded = self.recorded(trace)
        self.clock = Clock(began(recorded))
        self.start = self.clock.now
        self.board = Board(self.clock)
        self.begin()
        self.objects: dict[str, tuple[ResourceType, Line]] = {}
        self.verdicts: dict[str, list[str]] = {}
        for line in recorded:
            self.clock.now = self.start + self._at(line)
            self.take(line)
            for id in self.board.tick(self.clock.now):
                row = self.board.row(id)
                seen = self.verdicts.setdefault(id, [])
                word = str(row.verdict) if row is not None else "gone"
                if not seen or seen[-1] != word:
                    seen.append(word)

    def recorded(self, trace: str) -> list[Line]:
        """The lines in the order in which they are told."""
        return list(lines(trace))

    def begin(self) -> None:
        """What to do before the first line."""

    def _at(self, line: Line) -> float:
        """When a line is told, in the recording's seconds."""
        return float(line["t"])

    def take(self, line: Line) -> None:
        listed, event = line.get("list"), line.get("event")
        if isinstance(listed, dict) and "items" in listed:
            about = {"apiVersion": listed["apiVersion"], "kind": listed["kind"].removesuffix("List")}
            resource = type_of(about)
            items = [item | about for item in listed["items"]]
            self.board.begin(resource)
            self.board.page(resource, items)
            self.board.end(resource)
            self.objects |= {id_of(item): (resource, item) for item in items}
        elif event is not None and event["type"] in ("ADDED", "MODIFIED", "DELETED"):
            obj = event["object"]
            self.board.apply(type_of(obj), event["type"], obj)
            self.objects[id_of(obj)] = (type_of(obj), obj)
            if event["type"] == "DELETED":
                del self.objects[id_of(obj)]


def began(recorded: list[Line]) -> float:
    """The moment of t = 0, from the first object that was made while recording."""
    for line in recorded:
        if "event" in line and line["event"]["type"] == "ADDED":
            created = timestamp(line["event"]["object"]["metadata"]["creationTimestamp"])
            if created is not None:
                return created - line["t"]
    raise AssertionError("nothing was made in this recording")


def type_of(obj: Line) -> ResourceType:
    group, _, version = obj["apiVersion"].rpartition("/")
    return ResourceType(group, version, obj["kind"], obj["kind"].lower() + "s", True)


def id_of(obj: Line) -> str:
    group = obj["apiVersion"].rpartition("/")[0]
    about = obj["metadata"]
    return ObjectKey(group, obj["kind"], about.get("namespace", ""), about["name"]).id


GOES, STANDS, STUCK = "converging", "converged", "stalled"


@pytest.mark.parametrize(
    ("trace", "verdicts"),
    [
        ("01-create-deployment", [GOES, STANDS]),
        ("02-delete-one-pod", [GOES, STANDS, GOES, STANDS]),
        ("03-scale-3-to-5", [GOES, STANDS, GOES, STANDS]),
        ("04-scale-5-to-1-and-new-image", [GOES, STANDS, GOES, STANDS]),
        ("05-rolling-update-image", [GOES, STANDS, GOES, STANDS]),
        ("06-bad-image", [GOES, STANDS, GOES, STUCK]),
        ("07-rollback", [GOES, STANDS, GOES, STUCK, GOES, STANDS]),
    ],
)
def test_a_deployment_goes_through_the_verdicts_that_a_witness_would_give(trace: str, verdicts: list[str]) -> None:
    replay = Replay(trace)
    web = f"apps/Deployment/trace-{trace}/web"
    assert replay.verdicts[web] == verdicts
    (top,) = [row for row in replay.board.select(Query()).rows if row.kind == "Deployment"]
    assert top.id == web


def test_a_bad_image_is_said_of_the_deployment_and_its_pods_are_folded() -> None:
    replay = Replay("06-bad-image")
    (row,) = replay.board.select(Query(verdict="stalled")).rows
    assert row.kind == "Deployment"
    assert "nginx:1.19.5-missing" in row.cause
    assert row.cause_at.startswith("core/Pod/trace-06-bad-image/web-")
    assert [[each.kind for each in level] for level in replay.board.chain(row.id)][:2] == [
        ["Deployment"],
        ["ReplicaSet", "ReplicaSet"],
    ]


def test_a_paused_deployment_is_suspended_until_it_is_resumed() -> None:
    verdicts = Replay("08-paused-then-resumed").verdicts["apps/Deployment/trace-08-paused-then-resumed/web"]
    assert "suspended" in verdicts
    assert verdicts[-1] == STANDS


def test_an_hpa_is_in_the_chain_of_what_it_drives() -> None:
    replay = Replay("13-hpa-without-metrics")
    levels = replay.board.chain("apps/Deployment/trace-13-hpa-without-metrics/web")
    assert [level[0].kind for level in levels] == ["HorizontalPodAutoscaler", "Deployment", "ReplicaSet", "Pod"]


@pytest.mark.parametrize("trace", [path.stem for path in sorted(TRACES.glob("*.jsonl"))] or ["01-create-deployment"])
def test_the_end_of_any_recording_is_what_a_fresh_list_would_show(trace: str) -> None:
    replay = Replay(trace)
    fresh = Board(replay.clock)
    for resource, obj in replay.objects.values():
        fresh.apply(resource, "ADDED", obj)
    fresh.tick(replay.clock.now)
    assert {row.id: (row.verdict, row.glance, row.cause) for row in replay.board.rows()} == {
        row.id: (row.verdict, row.glance, row.cause) for row in fresh.rows()
    }
    for id, (_, obj) in replay.objects.items():
        assert obj["kind"] == "Event" or replay.board.row(id) is not None
    assert replay.board.select(Query(), 0, 500).objects == len(replay.board.rows())
