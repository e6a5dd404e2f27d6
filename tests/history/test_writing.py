"""Batches into SQLite and PostgreSQL: once, in any order, and accounted for."""

from __future__ import annotations

import threading
from dataclasses import replace

import msgspec
import pytest
from django.db import connection

from dashboard.core.model import Change, Ended, Episode
from dashboard.history import accounts, models, wire
from dashboard.history.statements import MANY
from dashboard.history.writing import write
from tests.history.made import HOPS, NOW, SAMPLES, batch, episode, row, told


def read(key: str = "uid-web/2", cluster: str = "c") -> Episode:
    found = models.Episode.objects.filter(key=key, cluster=cluster).select_related("samples").get()
    return accounts.kept(found, found.hops.all(), accounts.packed_of(found)).episode


def accounted(run: str = "r1") -> tuple[list[list[int]], int, int]:
    found = models.Run.objects.get(id=run)
    return found.written, found.told, found.missing


def test_an_episode_comes_back_as_it_was_told(both: str) -> None:
    given = episode(took=9.5, recovered=NOW + 20, supersedes="a", superseded_by="b", changes=(Change("p", None, [1]),))
    write(batch(told(given)))
    assert read() == replace(given, changes=(Change("p", None, "[1]"),))
    found = models.Episode.objects.get()
    assert (found.kind, found.namespace, found.name, found.took) == ("Deployment", "shop", "web", 9.5)


def test_the_same_batch_twice_and_the_same_episode_twice_are_one(both: str) -> None:
    first = batch(told(episode()))
    write(first)
    write(first)
    write(batch(told(episode(took=9), version=2), id="b2"))
    write(batch(told(episode(took=9), version=2), told(episode(took=8), version=1), id="b3"))
    assert read() == episode(took=9)
    assert (models.Episode.objects.count(), models.Hop.objects.count(), models.Samples.objects.count()) == (1, 3, 1)
    assert accounted() == ([[1, 1]], 1, 0)


def test_an_older_telling_that_comes_late_changes_nothing(both: str) -> None:
    write(batch(told(episode(took=9), version=5)))
    write(batch(told(episode(reason="Old"), version=4), id="b2"))
    assert read() == episode(took=9)


def test_samples_that_were_dropped_do_not_erase_those_that_are_kept(both: str) -> None:
    write(batch(told(episode())))
    write(batch(told(episode(took=9, samples=(), hops=HOPS[:1]), version=2), id="b2"))
    assert read() == episode(took=9, samples=SAMPLES, hops=HOPS[:1])


def test_samples_are_kept_whether_or_not_their_sender_has_packed_them(both: str) -> None:
    given = batch(told(episode("a"), 1), told(episode("b", samples=()), 2))
    ready = wire.decode(wire.encode(wire.packed(given)))
    assert all(each.episode.samples == () for each in ready.episodes)
    write(ready)
    assert (read("a"), read("b")) == (episode("a"), episode("b", samples=()))


def test_more_than_fits_into_one_statement_is_written_and_rewritten(both: str) -> None:
    count = MANY + 3
    for version in (1, 2):
        many = (told(episode(f"k{number}", took=version), number, version) for number in range(1, count + 1))
        write(batch(*many, id=f"b{version}"))
    assert models.Episode.objects.filter(took=2).count() == models.Samples.objects.count() == count
    assert models.Hop.objects.count() == count * len(HOPS)
    assert accounted() == ([[1, count]], count, 0)


def test_two_watchers_of_one_stretch_write_one_row_and_both_are_accounted_for(both: str) -> None:
    write(batch(told(episode(), number=1)))
    write(batch(told(episode(took=9), number=1, version=2), id="b2", run="r2"))
    assert models.Episode.objects.count() == 1
    assert accounted("r1") == accounted("r2") == ([[1, 1]], 1, 0)
    write(batch(told(episode()), id="b3", run="r3", cluster="other"))
    assert models.Episode.objects.count() == 2, "the same key in another cluster is another stretch"


def test_writers_at_once_write_each_episode_once(both: str) -> None:
    """As two workers would that are given the same and different batches at the same time."""
    batches = [
        batch(*(told(episode(f"k{key}"), number=key) for key in range(1, 9)), id=f"b{number}", run=f"r{number % 2}")
        for number in range(6)
    ]
    problems: list[Exception] = []

    def work(mine: wire.Batch) -> None:
        try:
            write(mine)
        except Exception as problem:  # noqa: BLE001 - whatever it was, the test says so
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(each,)) for each in (*batches, *batches)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert problems == []
    assert models.Episode.objects.count() == 8
    assert models.Batch.objects.count() == 6
    assert accounted("r0") == accounted("r1") == ([[1, 8]], 8, 0)


def test_what_the_database_refuses_is_left_out_and_counted(both: str) -> None:
    bad = told(episode("bad", opened=NOW, generation=2**70), number=2)
    edit = wire.Made(4, "e1", NOW, "apps/Deployment/shop/web", "edit", "who", "::1")
    write(batch(told(episode("a"), 1), bad, told(episode("b"), 3), edits=(edit,), state=wire.RunState("r1", 4, NOW)))
    assert set(models.Episode.objects.values_list("key", flat=True)) == {"a", "b"}
    assert accounted() == ([[1, 1], [3, 4]], 4, 1)
    assert models.Batch.objects.filter(id="b1").exists(), "it is done with: sending it again would not help"


def test_hostile_text_is_kept_cut_and_clean(both: str) -> None:
    long = "x\x00" * 2000
    given = episode(
        object=f"apps/{long}",
        cause=long,
        reason=long,
        by=long,
        changes=tuple(Change(long, long, {long: 1}) for _ in range(99)),
    )
    write(batch(told(given, on=row(name=long))))
    found = read()
    assert len(found.cause) == 1000
    assert len(found.changes) == 50
    assert "\x00" not in str(found)


def test_edits_are_kept_with_who_and_from_where(both: str) -> None:
    made = wire.Made(
        1, "e1", NOW, "apps/Deployment/shop/web", "edit", "edit, by cookie", "127.0.0.1", (Change("a", 1, 2),)
    )
    once = batch(edits=(made,), state=wire.RunState("r1", 1, NOW))
    write(once)
    write(msgspec.structs.replace(once, id="b2"))
    found = models.Edit.objects.get()
    assert (found.who, found.remote, found.changes) == ("edit, by cookie", "127.0.0.1", [["a", 1, 2]])


def test_a_word_that_episodes_are_there_still_is_kept(both: str) -> None:
    write(batch(told(episode())))
    write(batch(id="b2", at=NOW + 60, alive=("uid-web/2", "unknown")))
    write(batch(id="b3", at=NOW + 30, alive=("uid-web/2",)))
    assert models.Episode.objects.get().told == NOW + 60
    assert models.Run.objects.get().seen == NOW + 60


def test_what_a_run_that_was_killed_told_of_is_missed(both: str) -> None:
    write(batch(told(episode("a"), 1), told(episode("c"), 3), at=NOW))
    left = wire.RunState("r1", 7, ended=True)
    write(batch(id="b2", run="r2", at=NOW + 5, left=(left, wire.RunState("r0", 2, ended=True))))
    assert accounted("r1") == ([[1, 1], [3, 3]], 7, 5)
    assert accounted("r0") == ([], 2, 2), "a run that never got a batch through is known by its file alone"
    assert accounts.lost("c", NOW + 10, without="r2") == 7
    write(batch(told(episode("b"), 2), id="late", at=NOW + 1))
    assert accounts.lost("c", NOW + 10, without="r2") == 6, "what comes late after all is not lost"
    assert accounts.lost("other", NOW + 10) == 0
    write(batch(id="b4", run="r4", state=wire.RunState("r4", 9, NOW, lost=2)))
    assert accounts.lost("c", NOW + 10, without="r2") == 8, "one that goes on says what it gave up"


def test_unfinished_episodes_are_found_with_all_that_is_needed_to_go_on(both: str) -> None:
    stalled = episode("s", took=5, ended=Ended.STALLED)
    write(batch(
        told(episode("open"), 1), told(episode("done", took=3), 2), told(stalled, 3),
        told(replace(stalled, key="over", recovered=NOW + 50), 4),
        told(replace(stalled, key="next", superseded_by="x"), 5),
    ))  # fmt: skip
    found = [kept.episode for kept in accounts.unfinished("c", NOW + 60)]
    assert {each.key for each in found} == {"open", "s"}
    assert next(each for each in found if each.key == "open") == episode("open")
    assert [kept.episode.key for kept in accounts.unfinished("c", NOW + 30 * 86400)] == ["open"]


def test_what_is_no_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected"):
        wire.decode('{"id": 1}')
    with pytest.raises(ValueError, match="not Unicode"):
        wire.encode(batch(told(episode(cause="\ud800"))))
    whole = batch(told(episode(took=3)), alive=("a",), left=(wire.RunState("r", 3, ended=True),))
    assert wire.decode(wire.encode(whole)) == whole
