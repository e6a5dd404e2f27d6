"""Agreement with published verdicts: cases in, figures out. Reading files is the command's business."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import yaml

from dashboard.core.model import Verdict
from dashboard.core.objects import text, timestamp
from dashboard.core.subject import Finding, Subject
from dashboard.core.verdict import judge

EXPECTED = tuple(verdict.value for verdict in Verdict if verdict is not Verdict.UNKNOWN)


class CaseError(ValueError):
    """A case cannot be read: the message names file, field, and what was expected."""


class _Loader(yaml.CSafeLoader):
    """YAML as the API server would see it: a time is a string, as in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Case:
    """One object with the verdict that its source publishes, and the same in our words."""

    path: str
    source: str
    group: str
    kind: str
    published: str
    expected: str
    obj: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A case that the engine judges otherwise, with the reason that it gave."""

    case: str
    source: str
    group: str
    kind: str
    published: str
    expected: str
    got: str
    reason: str
    cause: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Cases, and how many agree: exactly, and on converged or not."""

    total: int
    agree: int
    two_way: int

    def fractions(self) -> tuple[float, float]:
        """(agree, two-way) between 0 and 1; 0 where there are no cases."""
        return (self.agree / self.total, self.two_way / self.total) if self.total else (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Score:
    """All figures of one run."""

    total: Tally
    without_profiles: Tally
    by_source: Mapping[str, Tally]
    by_group: Mapping[str, Tally]
    confusion: Mapping[tuple[str, str], int]
    disagreements: tuple[Disagreement, ...]

    def as_json(self) -> dict[str, Any]:
        """One JSON object: fractions of the whole, then the parts."""
        agree, two_way = self.total.fractions()
        bare = self.without_profiles.fractions()
        return {
            "total": self.total.total,
            "agree": agree,
            "two_way": two_way,
            "without_profiles": {"agree": bare[0], "two_way": bare[1]},
            "sources": _parts(self.by_source),
            "groups": _parts(self.by_group),
            "confusion": [
                {"expected": expected, "got": got, "cases": count}
                for (expected, got), count in sorted(self.confusion.items())
            ],
            "disagreements": [asdict(each) for each in self.disagreements],
        }


def parse_case(path: str, source: str, content: bytes) -> Case:
    """Read one case. Raises CaseError naming the file and the field that is wrong."""
    try:
        raw = yaml.load(content, Loader=_Loader)  # noqa: S506 - a safe loader without the time type
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise CaseError(f"{path}: is not YAML: {' '.join(str(error).split())[:300]}") from error
    if not isinstance(raw, dict):
        raise CaseError(f"{path}: must be a mapping with the fields expected and object")
    expected, obj = raw.get("expected"), raw.get("object")
    if expected not in EXPECTED:
        raise CaseError(f"{path}: expected is {repr(expected)[:200]}, must be one of {', '.join(EXPECTED)}")
    if not isinstance(obj, dict):
        raise CaseError(f"{path}: object must be a mapping, is {type(obj).__name__}")
    api_version = text(obj.get("apiVersion"))
    published = raw.get("published")
    return Case(
        path, source, api_version.rpartition("/")[0] or "core", text(obj.get("kind")),
        text(published) if isinstance(published, str) else "", expected, obj,
    )  # fmt: skip


def score(cases: Iterable[Case]) -> Score:
    """Judge every case without relatives, at the latest time that stands in its object."""
    counts: dict[str, Counter[str]] = {"all": Counter(), "bare": Counter()}
    sources: dict[str, Counter[str]] = {}
    groups: dict[str, Counter[str]] = {}
    confusion: Counter[tuple[str, str]] = Counter()
    disagreements: list[Disagreement] = []
    for case in cases:
        now = latest(case.obj) or 0.0
        finding = judge(Subject(case.obj, now))
        bare = judge(Subject(case.obj, now), with_profiles=False)
        _count(counts["bare"], case.expected, bare)
        for counter in (
            counts["all"],
            sources.setdefault(case.source, Counter()),
            groups.setdefault(case.group, Counter()),
        ):
            _count(counter, case.expected, finding)
        confusion[(case.expected, finding.verdict.value)] += 1
        if finding.verdict.value != case.expected:
            disagreements.append(_disagreement(case, finding))
    return Score(
        _tally(counts["all"]), _tally(counts["bare"]), _tallies(sources), _tallies(groups), confusion,
        tuple(disagreements),
    )  # fmt: skip


def latest(value: Any) -> float | None:
    """The latest RFC 3339 time anywhere in a JSON value, Unix seconds; None where there is none."""
    best: float | None = None
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
        elif isinstance(item, str):
            moment = timestamp(item)
            if moment is not None and (best is None or moment > best):
                best = moment
    return best


def report(result: Score, write: Callable[[str], object]) -> None:
    """The figures as lines of text: overall, per source, per group, confusion, every disagreement."""
    agree, two_way = result.total.fractions()
    bare = result.without_profiles.fractions()
    write(f"{result.total.total} cases: {agree:.1%} agree, {two_way:.1%} on converged or not")
    write(f"without profiles.yaml: {bare[0]:.1%} agree, {bare[1]:.1%} on converged or not")
    for title, parts in (("source", result.by_source), ("group", result.by_group)):
        write("")
        write(f"{title:42} {'cases':>5} {'agree':>6} {'two-way':>7}")
        for name, tally in sorted(parts.items()):
            exact, rough = tally.fractions()
            write(f"{name[:42]:42} {tally.total:5} {exact:6.0%} {rough:7.0%}")
    write("")
    verdicts = [verdict.value for verdict in Verdict]
    write("expected \\ got " + " ".join(f"{name:>11}" for name in verdicts))
    for expected in EXPECTED:
        row = (result.confusion.get((expected, got), 0) for got in verdicts)
        write(f"{expected:14} " + " ".join(f"{count:11}" for count in row))
    write("")
    for each in result.disagreements:
        write(f"{each.case}: {each.expected} ({each.published}), judged {each.got}: {each.reason} {each.cause[:120]}")


def _count(counter: Counter[str], expected: str, finding: Finding) -> None:
    got, done = finding.verdict.value, Verdict.CONVERGED.value
    counter["total"] += 1
    counter["agree"] += got == expected
    counter["two_way"] += (got == done) == (expected == done)


def _tally(counter: Counter[str]) -> Tally:
    return Tally(counter["total"], counter["agree"], counter["two_way"])


def _tallies(parts: Mapping[str, Counter[str]]) -> dict[str, Tally]:
    return {name: _tally(counter) for name, counter in parts.items()}


def _parts(parts: Mapping[str, Tally]) -> dict[str, dict[str, Any]]:
    return {
        name: {"total": tally.total, "agree": tally.fractions()[0], "two_way": tally.fractions()[1]}
        for name, tally in sorted(parts.items())
    }


def _disagreement(case: Case, finding: Finding) -> Disagreement:
    cause = finding.cause.sentence if finding.cause is not None else ""
    return Disagreement(
        case.path, case.source, case.group, case.kind, case.published, case.expected, finding.verdict.value,
        finding.reason, cause,
    )  # fmt: skip
