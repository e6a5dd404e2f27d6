"""The small parts that accounts are made of: ranges, the sequence in its file, the buffer, packing, figures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.core.model import Sample
from dashboard.history import packing
from dashboard.history.buffer import Buffer, Entry
from dashboard.history.figures import percentile
from dashboard.history.ranges import Ranges
from dashboard.history.samples import MOST_SAMPLES, pack, unpack
from dashboard.history.sequence import LeftOver, Sequence
from dashboard.history.wire import Made, samples_of
from tests.history.made import SAMPLES, episode, told
from tests.processes import ROOT

NUMBERS = st.lists(st.lists(st.integers(1, 60)), max_size=8)


@given(NUMBERS, st.integers(0, 70))
def test_ranges_hold_what_a_set_would(parts: list[list[int]], last: int) -> None:
    found, plain = Ranges(), set[int]()
    for part in parts:
        found.add(part)
        plain.update(part)
    assert len(found) == len(plain)
    assert all((number in found) == (number in plain) for number in range(75))
    missing = [number for first, end in found.gaps(last) for number in range(first, end + 1)]
    assert missing == [number for number in range(1, last + 1) if number not in plain]
    assert found.missing(last) == len(missing)
    stretches = found.stretches()
    assert Ranges(stretches).stretches() == stretches
    assert all(one[1] + 1 < other[0] for one, other in pairwise(stretches))


def test_ranges_take_no_number_below_one() -> None:
    found = Ranges()
    found.add([0, 1])
    assert found.stretches() == [[1, 1]]


TELLER = """
import os, sys
from pathlib import Path
from dashboard.history.sequence import Sequence
sequence = Sequence(Path(sys.argv[1]), "killed")
for _ in range(7):
    sequence.next()
print("told", flush=True)
sys.stdin.read()
"""


def test_the_count_outlives_a_kill_and_is_left_to_the_next_run(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TELLER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as child:
        assert child.stdout and child.stdout.readline() == b"told\n"
        mine = Sequence(tmp_path, "mine")
        assert mine.left_over() == []  # its run holds it
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    mine.next()
    assert mine.left_over() == [LeftOver("killed", 7)]
    mine.forget("killed")
    assert mine.left_over() == []
    assert (tmp_path / "mine.told").exists()
    mine.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_sequence_without_a_folder_counts_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    sequence = Sequence(file / "told", "run")
    assert (sequence.next(), sequence.next(), sequence.told) == (1, 2, 2)
    assert sequence.problem.startswith("what is told of is counted in memory only")
    assert str(tmp_path) not in sequence.problem
    sequence.finish()


def entry(number: int, *, samples: int = 0, due: float = 0.0, spare: bool = False) -> Entry:
    made = episode(f"key-{number}", samples=tuple(SAMPLES[:1] * samples))
    return Entry(told(made, number), due, spare)


def test_the_newest_telling_takes_the_place_of_the_one_before() -> None:
    buffer = Buffer()
    buffer.put("a", entry(1, due=5))
    buffer.put("a", entry(1, due=9, samples=2))
    assert len(buffer) == 1
    assert buffer.take(4, 10) == {}
    taken = buffer.take(5, 10)
    assert taken["a"].samples == 2
    assert len(buffer) == 1, "what is away is held"
    buffer.put("a", entry(1))
    buffer.home(1)
    buffer.back("a", taken["a"])
    assert buffer.take(9, 10)["a"].samples == 0, "what was told since is newer"


def test_samples_go_first_then_what_can_be_spared_then_the_oldest() -> None:
    buffer = Buffer(entries=3, samples=10)
    for number in (1, 2, 3):
        buffer.put(str(number), entry(number, samples=4, spare=number == 2))
    assert (buffer.dropped_samples, buffer.dropped_episodes) == (4, 0)
    buffer.put("4", entry(4))
    assert (len(buffer), buffer.dropped_episodes) == (3, 0), "the second could be spared"
    assert "2" not in buffer
    buffer.put("5", entry(5))
    assert (len(buffer), buffer.dropped_episodes) == (3, 1)
    assert buffer.numbers() == [3, 4, 5]
    taken = buffer.take(0, 10)
    assert [each.samples for each in taken.values()] == [4, 0, 0]


def test_what_is_away_counts_and_edits_are_counted_apart() -> None:
    buffer = Buffer(entries=2)
    buffer.put("edit", Entry(Made(1, "id", 0.0, "o", "edit", "w", "r"), 0.0))
    buffer.put("a", entry(2))
    assert len(buffer.take(0, 1)) == 1
    buffer.put("b", entry(3))
    assert (buffer.dropped_episodes, buffer.numbers()) == (1, [3])
    buffer.home(1)
    buffer.back("edit", Entry(Made(1, "id", 0.0, "o", "edit", "w", "r"), 0.0))
    buffer.put("c", entry(4))
    buffer.put("d", entry(5))
    assert buffer.dropped_edits == 1


VALUE = st.none() | st.floats(allow_nan=False, allow_infinity=False)
SAMPLE = st.builds(Sample, st.floats(0, 2e9), VALUE, VALUE, VALUE, VALUE, VALUE)


@given(st.lists(SAMPLE, max_size=20))
def test_samples_come_back_as_they_were(samples: list[Sample]) -> None:
    assert unpack(pack(samples)) == tuple(samples)


def test_samples_are_bounded_and_a_damaged_blob_has_none() -> None:
    many = [Sample(float(number), 1) for number in range(5000)]
    packed = samples_of(told(episode(samples=tuple(many))))
    assert packed is not None
    kept = unpack(packed.blob)
    assert len(kept) == packed.count <= MOST_SAMPLES
    assert (kept[0], kept[-1]) == (many[0], many[-1])
    assert unpack(b"no") == ()
    assert unpack(b"") == ()
    assert len(unpack(pack(many))) == MOST_SAMPLES


@pytest.mark.parametrize(("given", "kept"), [("a\x00b", "a�b"), ("\ud800", "?"), ("é" * 300, "é" * 253)])
def test_text_is_what_a_database_takes(given: str, kept: str) -> None:
    assert packing.text(given) == kept


@pytest.mark.parametrize(("part", "found"), [(50, 2.0), (90, 4.0), (95, 4.0), (25, 1.0), (0, 1.0)])
def test_percentiles_are_durations_that_occurred(part: float, found: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], part) == found
    assert percentile([], part) is None
