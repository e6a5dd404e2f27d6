"""docs/scenarios.md, made from the scenarios: `python -m dashboard.sandbox.scenario_table > docs/scenarios.md`."""

from __future__ import annotations

import sys

from dashboard.sandbox.scenario import Expectation, Scenario, scenarios

HEAD = """\
# Ways to break a sandbox

Start one on the dashboard's page *Sandbox*, or with `manage.py scenario NAME` (`--list` shows them all, `--clear` takes
one back). Each lives in a namespace of its own name; `dashboard/sandbox/scenarios/NAME.yaml` says step by step what it
does, and `tests/sandbox/test_scenarios.py` holds the dashboard to what stands here. This file is written by
`python -m dashboard.sandbox.scenario_table > docs/scenarios.md`.

| scenario | what it teaches | what the dashboard must name |
| --- | --- | --- |
"""


def table() -> str:
    """The whole file."""
    return HEAD + "".join(f"{_line(each)}\n" for each in scenarios().values())


def _line(scenario: Scenario) -> str:
    named = "<br>".join(_expected(each) for each in scenario.expects)
    return f"| `{scenario.name}`: {_cell(scenario.title)} | {_cell(scenario.teaches)} | {named} |"


def _expected(expectation: Expectation) -> str:
    words = f"{expectation.object} {expectation.verdict}"
    if expectation.cause:
        words += f": {expectation.cause}"
    if expectation.at:
        words += f" (at {expectation.at})"
    return _cell(words + (f", after {expectation.after} s" if expectation.after else ""))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(table())
