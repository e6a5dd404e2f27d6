"""`score`: figures, bad input, and how far the engine agrees with what others publish."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dashboard.core.profiles import MOST, profiles
from dashboard.core.scoring import CaseError, parse_case

GOOD = b"""
published: Healthy
expected: converged
object:
  apiVersion: example.com/v1
  kind: Thing
  metadata: {name: x, creationTimestamp: 2026-11-20T10:00:00Z}
  status: {phase: Ready}
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("score", *arguments)
    return capsys.readouterr().out


def test_times_stay_strings() -> None:
    case = parse_case("x.yaml", "s", GOOD)
    assert case.obj["metadata"]["creationTimestamp"] == "2026-11-20T10:00:00Z"
    assert (case.group, case.kind, case.expected) == ("example.com", "Thing", "converged")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [", "is not YAML"),
        (b"- 1", "must be a mapping"),
        (b"object: {}", "expected is None"),
        (b"expected: fine\nobject: {}", "expected is 'fine', must be one of stalled"),
        (b"expected: stalled\nobject: 3", "object must be a mapping, is int"),
        (b"\xff\xfe\x00", "is not YAML"),
    ],
)
def test_a_malformed_case_is_named(content: bytes, said: str) -> None:
    with pytest.raises(CaseError, match=r"^dir/case\.yaml: ") as caught:
        parse_case("dir/case.yaml", "s", content)
    assert said in str(caught.value)


def test_a_missing_or_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere: there is no such folder"):
        call_command("score", str(tmp_path / "nowhere"))
    with pytest.raises(CommandError, match="holds no case"):
        call_command("score", str(tmp_path))
    (tmp_path / "bad.yaml").write_text("expected: 1")
    with pytest.raises(CommandError, match=r"bad\.yaml: expected is 1"):
        call_command("score", str(tmp_path))


def test_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "right.yaml").write_bytes(GOOD)
    (tmp_path / "vendor" / "wrong.yaml").write_bytes(GOOD.replace(b"expected: converged", b"expected: stalled"))
    (tmp_path / "vendor" / "rough.yaml").write_bytes(
        GOOD.replace(b"expected: converged", b"expected: stalled").replace(b"Ready", b"Creating")
    )
    figures = json.loads(run(capsys, str(tmp_path), "--json"))
    assert figures["total"] == 3
    assert figures["agree"] == pytest.approx(1 / 3)
    assert figures["two_way"] == pytest.approx(2 / 3)
    assert figures["sources"]["vendor"]["total"] == 3
    assert {each["got"] for each in figures["disagreements"]} == {"converged", "converging"}
    words = run(capsys, str(tmp_path))
    assert "3 cases: 33.3% agree, 66.7% on converged or not" in words
    assert "without profiles.yaml" in words
    assert "wrong.yaml: stalled (Healthy), judged converged" in words


def test_agreement_with_the_published_verdicts(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = json.loads(run(capsys, str(shared / "cases" / "health"), "--json"))
    assert figures["agree"] >= 0.95
    assert figures["two_way"] >= 0.97
    documented = json.loads(run(capsys, str(shared / "cases" / "documented"), "--json"))
    assert documented["agree"] == 1


def test_there_are_few_profiles_and_each_has_its_reason() -> None:
    assert 0 < len(profiles()) <= MOST
    assert all(len(each.reason) > 20 for each in profiles())
    kubernetes_own = [each for each in profiles() if any(group.endswith(".k8s.io") for group in each.groups)]
    assert kubernetes_own == []
