"""`bench browser` with a small cluster: it sees every event, and counts what it says it counts."""

from __future__ import annotations

import shutil

import orjson
import pytest

from dashboard.management.benchmarks import browser
from dashboard.management.benchmarks.browserwire import MARKED, first_pods, marked

pytestmark = pytest.mark.browser


def test_a_small_board_is_measured() -> None:
    if shutil.which("chromium") is None:
        pytest.skip("there is no chromium here: apt-get install chromium")
    found = browser.measure(575, 2, seconds=2.0, paced=60)
    assert {"benchmark", "ratio", "floor", "bound", "ok", "unit"} <= found.keys()
    assert (found["objects"], found["pages"]) == (575, 2)
    assert found["interactions"] > 30
    assert set(found["main_thread_ms_most"]) == {"first_paint", "scroll", "scroll_far", "walk", "find", "filter"}
    for run in ("event_to_pixel_one_page", "event_to_pixel_many_pages", "floor_one_page", "floor_many_pages"):
        assert (found[run]["events"], found[run]["missing"]) == (60, 0), run
        assert 0 < found[run]["p50"] <= found[run]["p99"], run
    assert (found["churn"]["events"], found["churn"]["rows_wrong"]) == (400, 0)
    assert 0 < found["rows_in_page_most"] <= browser.ROWS
    assert 0 < found["churn"]["heap_bytes"] < browser.HEAP
    assert found["ratio"] == pytest.approx(found["per_event"] / found["floor"], rel=0.01)


def test_the_pods_that_change_are_the_first_of_a_list_and_each_change_is_known() -> None:
    pods = [orjson.loads(each)["metadata"] for each in first_pods(3, 40)]
    names = [(each["namespace"], each["name"]) for each in pods]
    assert len(set(names)) == 40
    assert names == sorted(names)
    line = marked(first_pods(1, 1)[0], 2000, 17)
    found = MARKED.search(line)
    assert found is not None
    assert found[1] == b"17"
    assert line.count(b":e17") == 2, "wanted, and there"
