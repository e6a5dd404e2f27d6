"""`manage.py bench history` at a small size, over a real PostgreSQL: what it tells, never how long it took."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from dashboard.management.benchmarks import history, historyserver
from dashboard.management.benchmarks.historycosts import FILTERS

KEPT = 600


def test_every_cost_is_told_beside_that_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history.measure, "__defaults__", (None, 1, 1))
    out = StringIO()
    try:
        call_command("bench", "history", json=True, objects=KEPT, stdout=out)
    except SystemExit:  # a missed bound: so small a table is rightly read from its beginning
        assert json.loads(out.getvalue())["ok"] is False
    found = json.loads(out.getvalue())
    assert (found["benchmark"], found["kept"], found["few"], found["database"]) == ("history", 600, 300, "PostgreSQL")
    assert found["costs"].keys() == found["took_ms"].keys()
    assert {f"page, {name}" for name in FILTERS} <= found["costs"].keys()
    assert all(few > 0 and many > 0 for few, many, _ in found["costs"].values())
    assert found["ratio"] == max(ratio for _, _, ratio in found["costs"].values())
    assert found["sequential_scans"].keys() == {"history_episode", "history_hop", "history_samples"}
    assert found["waits"]["removed"] > 0
    assert found["bytes"]["600"] > found["bytes"]["300"]


def test_the_server_of_a_bench_ends_with_it() -> None:
    with historyserver.databases() as made:
        url = made("some")
        assert historyserver.scans(url) == {}, "a new database has no tables"
    with pytest.raises(Exception, match="refused"):
        historyserver.scans(url)
