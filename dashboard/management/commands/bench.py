"""`manage.py bench NAME`: measurements with a bound, for a person or (`--json`) for a machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.management.benchmarks import (
    browser,
    episodes,
    filling,
    history,
    ingest,
    querying,
    recording,
    sandbox,
    viewers,
)
from dashboard.management.benchmarks.assessing import measure
from dashboard.management.benchmarks.samples import samples

BENCHMARKS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "assess": lambda: measure(samples()),
    "sandbox": sandbox.sandbox,
}
"""Each benchmark by name: what it measures as one flat object with `ratio`, `floor`, `bound` and `ok`."""

SIZED: Mapping[str, Callable[[int | None, int | None], dict[str, Any]]] = {
    "ingest": lambda objects, crowd: ingest.measure(objects),
    "episodes": lambda objects, crowd: episodes.measure(objects),
    "history": lambda objects, crowd: history.measure(objects),
    "recording": lambda objects, crowd: recording.measure(objects),
    "first-picture": lambda objects, crowd: filling.first_picture(objects),
    "memory": lambda objects, crowd: filling.memory(objects),
    "queries": querying.measure,
    "viewers": viewers.measure,
    "browser": browser.measure,
}
"""The same, of a cluster of so many objects with so many viewers; None for the size that its bound is of."""


class Command(BaseCommand):
    """Run one benchmark; exit 1 when it misses its bound."""

    help = "Measure something against a floor of the same run; docs/performance.md says what and how."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which one, and for whom."""
        parser.add_argument("benchmark", choices=sorted({*BENCHMARKS, *SIZED}), help="what to measure")
        parser.add_argument("--objects", type=int, help="how large a cluster, where that matters")
        parser.add_argument("--viewers", type=int, help="how many viewers, where that matters")
        parser.add_argument("--webs", type=int, help="of `viewers`: by how many web processes they are served")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and print."""
        name = options["benchmark"]
        if options["webs"] is not None and (name != "viewers" or options["webs"] < 1):
            raise CommandError(f"--webs {options['webs']}: one or more, and of `viewers` only")
        sized = SIZED.get(name)
        if options["webs"]:
            result = viewers.measure(options["objects"], options["viewers"], webs=options["webs"])
        else:
            result = sized(options["objects"], options["viewers"]) if sized else BENCHMARKS[name]()
        self.stdout.write(json.dumps(result) if options["json"] else describe(result))
        if not result["ok"]:
            sys.exit(1)


def describe(result: Mapping[str, Any]) -> str:
    """The result as a small table."""
    if "samples" not in result:
        return "\n".join(f"{name:36}{json.dumps(value)}" for name, value in result.items())
    lines = [f"{'':24}{'objects':>9}{'a second':>10}{'decoded':>10}{'ratio':>8}"]
    for each in [*result.get("samples", ()), {**result, "source": "counted"}]:
        lines.append(
            f"{each['source']:24}{each['objects']:>9}{each['per_second']:>10}{each['floor']:>10}{each['ratio']:>8.2f}"
        )
    lines.append(f"bound {result['bound']}: {'met' if result['ok'] else 'missed'}")
    return "\n".join(lines)
