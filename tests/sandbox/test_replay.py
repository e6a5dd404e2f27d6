"""Recordings of a real control plane, replayed: the sandbox does what Kubernetes 1.36 did."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from dashboard.sandbox import replay
from dashboard.sandbox.replay_kubectl import NoKubectlError, find_kubectl
from dashboard.sandbox.replay_report import Report
from dashboard.sandbox.replay_trace import read

TRACES = Path(__file__).resolve().parents[2].parent / "shared" / "kubernetes" / "traces"
FOUND = sorted(TRACES.glob("*.jsonl"), reverse=True)
"""The last one first: it is by far the longest."""
AT_ONCE = 5

pytestmark = pytest.mark.skipif(not FOUND, reason="the recordings lie in ../shared, which is absent")


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """All recordings replayed once, a few side by side: they wait more than they work."""
    recordings = {path.name: read(path) for path in FOUND}
    done = asyncio.run(replay.replay_all(recordings, find_kubectl(), AT_ONCE))
    return {report.trace: report for report in done}


@pytest.mark.parametrize("name", [path.name for path in FOUND])
def test_the_sandbox_does_what_was_recorded(name: str, reports: dict[str, Report]) -> None:
    report = reports[name]
    assert report.ok, report.text()
    assert report.objects


def test_the_command_prints_both_sequences(capsys: pytest.CaptureFixture[str]) -> None:
    assert replay.main([str(FOUND[-1]), "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out)
    assert report["ok"] is True
    web = next(one for one in report["objects"] if one["object"] == "deployments/web")
    assert web["recorded"][-1]["available"] == web["replayed"][-1]["available"] == 3
    pod = next(one for one in report["objects"] if one["object"].startswith("pods/"))
    assert pod["recorded_name"] != pod["replayed_name"]


def test_without_kubectl_nothing_is_replayed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none() -> str:
        raise NoKubectlError("replay needs kubectl and there is none")

    monkeypatch.setattr(replay, "find_kubectl", none)
    assert replay.main([str(FOUND[-1])]) == 2
    assert "needs kubectl" in capsys.readouterr().err
