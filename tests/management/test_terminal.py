"""Every command that prints strings of others prints them inert and cut."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dashboard.management.terminal import inert
from tests.processes import ROOT

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202eesrever </script>" + "x" * 1_000_000


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def is_inert(text: str) -> bool:
    return not any(character in text for character in "\x1b\x07\u202e\x9b")


def test_lines_stay_lines_and_signs_stand_for_what_would_act() -> None:
    assert inert("one\ntwo\x1b[31m\n") == "one\ntwo␛[31m\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_hostile_case_is_scored_in_few_plain_words(tmp_path: Path, as_json: bool) -> None:
    condition = {"type": HOSTILE, "status": "False", "reason": HOSTILE, "message": HOSTILE}
    case = {
        "published": HOSTILE,
        "expected": "converged",
        "object": {
            "apiVersion": "evil.example.com/v1",
            "kind": HOSTILE,
            "metadata": {"name": HOSTILE},
            "status": {"phase": HOSTILE, "conditions": [condition, {**condition, "type": "Ready"}]},
        },
    }
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(case))
    done = run("score", str(tmp_path), *(["--json"] if as_json else []))
    assert done.returncode == 0, done.stderr
    assert is_inert(done.stdout)
    assert len(done.stdout) < 20_000
    if as_json:
        assert json.loads(done.stdout)["disagreements"]


def test_a_hostile_file_is_refused_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(yaml.safe_dump({"published": "x", "expected": HOSTILE, "object": {}}))
    for done in (run("score", str(tmp_path)), run("up", "--kubeconfig", f"{tmp_path}/\x1b[2J"), run("demo", "\x1b[2J")):
        assert done.returncode != 0
        assert is_inert(done.stdout + done.stderr)
        assert len(done.stderr) < 20_000


def test_a_hostile_recording_is_compared_in_plain_words(tmp_path: Path) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": HOSTILE[:60], "namespace": "x", "uid": "1", "resourceVersion": "5"},
        "status": {"phase": HOSTILE},
    }
    lines = [
        {"t": 0, "resource": "pods", "list": {"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": []}},
        {"t": 0.05, "action": "kubectl -n x get pods"},
        {"t": 0.06, "done": "kubectl -n x get pods", "rc": 0, "output": ""},
        {"t": 0.1, "resource": "pods", "event": {"type": "ADDED", "object": pod}},
    ]
    trace = tmp_path / "trace.jsonl"
    trace.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = run("replay", str(trace))
    assert done.returncode == 1, done.stderr
    assert is_inert(done.stdout + done.stderr)
    assert len(done.stdout + done.stderr) < 20_000
