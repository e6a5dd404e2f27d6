"""What is packed is unpacked the same, and what is told in any way ends as the board is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.core.model import Change, Ended, Episode, EventNote, Hop, Sample, Verdict
from dashboard.core.objects import ObjectKey
from dashboard.live.board import Board
from dashboard.live.entries import Entry
from dashboard.live.mirror import Mirror
from dashboard.live.mirror_fields import (
    FRESH,
    KINDS,
    KindReport,
    Report,
    pack_entry,
    pack_episode,
    pack_kinds,
    pack_notes,
    pack_report,
    unpack_entry,
    unpack_episode,
    unpack_kinds,
    unpack_notes,
    unpack_report,
)
from tests.live.boards import a_shop, put
from tests.live.factory import DEPLOYMENT, POD, REPLICASET, WIDGET, Clock
from tests.live.mirrors import TYPES, differences
from tests.live.worlds import QUERIES, STEPS, World


def rows_of(board: Board) -> dict[str, bytes]:
    return {f"r:{id}": pack_entry(entry) for id, entry in board.entries.by_id.items()}


def a_report(*listed: Any, settled: bool = True) -> dict[str, bytes]:
    kinds = tuple(KindReport(each, "live", 1, "", 0.5, 0, each in listed) for each in TYPES)
    return {FRESH: pack_report(Report("live", 0.1, "", settled, kinds))}


def shop() -> Board:
    board = Board(Clock())
    top, middle, leaf = a_shop("bad-image")
    for resource, obj in ((DEPLOYMENT, top), (REPLICASET, middle), (POD, leaf)):
        put(board, resource, obj)
    board.tick(0.0)
    return board


def test_a_row_its_digest_and_its_version_come_back_as_they_were() -> None:
    for entry in shop().entries.by_id.values():
        found = unpack_entry(pack_entry(entry))
        assert (found.row, found.relative, found.version) == (entry.row, entry.relative, entry.version)
        assert found.row.bar == entry.row.bar and type(found.row.verdict) is Verdict


def test_events_episodes_kinds_and_freshness_come_back_as_they_were() -> None:
    note = EventNote(ObjectKey("", "Pod", "shop", "a"), "u", "Warning", "BackOff", "ü", 3, 1.0, None, "kubelet")
    assert unpack_notes(pack_notes([note])) == [note]
    episode = Episode(
        "k", "core/Pod/shop/a", "u", "change", 1.0, 3, Verdict.STALLED,
        changes=(Change("spec.replicas", 3, {"odd": [None]}),), ended=Ended.STALLED, closed=3.0,
        hops=(Hop("accepted", 1.0, 0.0),), samples=(Sample(1.0, 3.0, None, 1.0), Sample(2.0, None)),
    )  # fmt: skip
    assert unpack_episode(pack_episode(episode)) == episode
    assert unpack_kinds(pack_kinds([WIDGET, POD])) == [WIDGET, POD]
    report = Report("stale", None, "why", False, (KindReport(POD, "live", 3, "", 1.5, 2, True),))
    assert unpack_report(pack_report(report)) == report


def test_text_that_no_wire_carries_is_made_readable_instead_of_stopping_everything() -> None:
    entry = next(iter(shop().entries.by_id.values()))
    odd = Entry(replace(entry.row, glance="a\ud800b"), entry.relative, 1, None, None)
    assert unpack_entry(pack_entry(odd)).row.glance == "a?b"


def test_a_field_that_is_damaged_changes_nothing_and_stops_nothing() -> None:
    board, mirror = shop(), Mirror(Clock())
    rows = rows_of(board)
    first, *others = rows
    mirror.take({**rows, "n:core/Pod/shop/a": b"\xc1", "x:later": b"\x01", FRESH: b"\x93"})
    mirror.take({first: b"\x93\x01"})
    assert len(mirror) == len(rows) == len(others) + 1


def test_a_changed_version_alone_makes_a_read_object_outdated() -> None:
    board, mirror = shop(), Mirror(Clock())
    mirror.take(rows_of(board))
    id = "apps/Deployment/shop/web"
    mirror.pin(id)
    assert mirror.outdated(id)
    mirror.fetched(id, a_shop("bad-image")[0])
    assert mirror.pinned(id) is not None and not mirror.outdated(id)
    mirror.tick(0.0)
    mirror.touched()
    entry = board.entries.by_id[id]
    mirror.take({f"r:{id}": pack_entry(replace(entry, version=entry.version + 1))})
    assert mirror.outdated(id) and mirror.touched() == {id} and not mirror.tick(0.0)


def test_a_version_that_goes_back_lets_go_of_what_was_read() -> None:
    board, mirror = shop(), Mirror(Clock())
    id = "apps/Deployment/shop/web"
    entry = board.entries.by_id[id]
    mirror.pin(id)
    mirror.take({f"r:{id}": pack_entry(replace(entry, version=9))})
    obj = a_shop()[0]
    mirror.fetched(id, {**obj, "metadata": {**obj["metadata"], "resourceVersion": "9"}})
    mirror.take({f"r:{id}": pack_entry(replace(entry, version=5))})
    assert mirror.pinned(id) is None and mirror.outdated(id)


def test_rows_of_before_stay_until_the_new_leader_has_told_their_kind_whole() -> None:
    board, mirror = shop(), Mirror(Clock())
    mirror.take(rows_of(board) | a_report(*TYPES))
    mirror.begin()
    mirror.take({"r:apps/Deployment/shop/web": rows_of(board)["r:apps/Deployment/shop/web"]})
    mirror.keep_only_told()
    assert len(mirror) == 3, "the new leader has not said how far it is"
    mirror.take(a_report(DEPLOYMENT, settled=False))
    mirror.keep_only_told()
    assert len(mirror) == 3
    mirror.take(a_report(DEPLOYMENT, POD, settled=False))
    mirror.keep_only_told()
    assert {row.kind for row in mirror.rows()} == {"Deployment", "ReplicaSet"}


def test_a_kind_that_the_new_leader_does_not_know_goes_once_it_knows_all() -> None:
    board, mirror = shop(), Mirror(Clock())
    mirror.take(rows_of(board) | {KINDS: pack_kinds(TYPES)})
    mirror.begin()
    report = Report("live", 0.1, "", False, (KindReport(POD, "failing", 0, "", None, 0, False),))
    mirror.take({FRESH: pack_report(report)})
    mirror.keep_only_told()
    assert len(mirror) == 3
    mirror.take({FRESH: pack_report(replace(report, settled=True))})
    mirror.keep_only_told()
    assert {row.kind for row in mirror.rows()} == {"Pod"}, "it cannot be listed, which says nothing of its objects"


@pytest.mark.parametrize("state", ["forbidden", "vanished", "counted"])
def test_a_kind_of_which_nothing_is_held_any_more_goes(state: str) -> None:
    board, mirror = shop(), Mirror(Clock())
    mirror.take(rows_of(board))
    mirror.begin()
    kinds = tuple(KindReport(each, state, 0, "", None, 0, False) for each in (DEPLOYMENT, REPLICASET, POD))
    mirror.take({FRESH: pack_report(Report("live", 0.1, "", False, kinds))})
    mirror.keep_only_told()
    assert not len(mirror)


@settings(max_examples=100, deadline=None)
@given(STEPS, st.randoms(use_true_random=False))
def test_batches_told_twice_and_out_of_order_end_as_the_board_is(steps: list[tuple[Any, ...]], chance: Any) -> None:
    """Names are noted and values read when they are told: whatever the order, the last of each name is the newest."""
    world, mirror = World(), Mirror(Clock())
    mirror._clock = world.clock
    news = world.board.entries.news = set()
    for query in QUERIES:
        mirror.select(query)  # from here on it is only kept current
    noted: set[str] = set()
    for step in [*steps, ("tick", 0, 0, 0)]:
        world.do(step)
        noted |= news
        news.clear()
        for id in chance.sample(sorted(noted), chance.randint(0, len(noted))):
            entry = world.board.entries.by_id.get(id)
            mirror.take({f"r:{id}": pack_entry(entry) if entry is not None else b""})
            if chance.random() < 0.7:
                noted.discard(id)
        mirror.tick(world.clock.now)
    for id in noted | news | set(world.board.entries.by_id):
        entry = world.board.entries.by_id.get(id)
        mirror.take({f"r:{id}": pack_entry(entry) if entry is not None else b""})
    assert differences(world.board, mirror, episodes=False) == []
    for query in QUERIES:
        ours, theirs = mirror.select(query, 0, 500), world.board.select(query, 0, 500)
        assert (ours.rows, ours.counts, ours.objects) == (theirs.rows, theirs.counts, theirs.objects)
    assert mirror.namespaces() == world.board.namespaces() and mirror.kinds() == world.board.kinds()


def test_a_mirror_counts_episodes_as_the_board_does_and_none_twice() -> None:
    mirror, board = Mirror(Clock()), shop()
    mirror.take(rows_of(board))
    id = next(iter(board.entries.by_id))
    closed = Episode("k", id, "u", "change", 1.0, 3, Verdict.CONVERGED, ended=Ended.CONVERGED, closed=5.0)
    for _ in range(2):
        mirror.take({f"e:{id}": pack_episode(closed)})
    assert mirror.tally.ends["converged"] == 1
