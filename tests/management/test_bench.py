"""`manage.py bench assess`: one object with a ratio and a bound, with recordings and without."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from dashboard.management.benchmarks.assessing import measure
from dashboard.management.benchmarks.samples import samples
from dashboard.management.commands import bench


def test_it_measures_made_objects_where_there_are_no_recordings(tmp_path: Path) -> None:
    made = samples(tmp_path)
    assert [each.source for each in made] == ["made: Pod", "made: Deployment"]
    result = measure(made, rounds=1)
    assert result["objects"] == 1000
    assert result["ratio"] == pytest.approx(result["floor"] / result["per_second"], rel=0.05)
    assert result["ok"] is (result["ratio"] <= result["bound"])


def test_json_is_one_object_and_a_missed_bound_is_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    missed = {"ratio": 9.0, "floor": 9, "per_second": 1, "objects": 1, "bound": 3.0, "ok": False, "samples": []}
    monkeypatch.setattr(bench, "BENCHMARKS", {"assess": lambda: missed})
    out = StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("bench", "assess", "--json", stdout=out)
    assert caught.value.code == 1
    assert json.loads(out.getvalue()) == missed
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("bench", "assess", stdout=out)
    assert "bound 3.0: missed" in out.getvalue()
