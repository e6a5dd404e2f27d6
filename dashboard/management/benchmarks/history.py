"""`bench history`: what pages, programs, forecasts, batches and housekeeping cost where a million episodes are kept.

The ratio is the worst of all costs with so many episodes kept to the same cost with ten thousand: in PostgreSQL where
it is installed, else in SQLite. A cost is CPU, the server's and the asking process' together: ms, or for housekeeping
µs of a row that is new, open or goes. No large table may be read from its beginning to its end.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import django

from dashboard.management.benchmarks import historyserver, workers

BOUND = 2.0
KEPT, FEW = 1_000_000, 10_000
ROUNDS, TURNS = 3, 9
PART = 50_000
"""Episodes that are made by one process."""

Costs = Mapping[str, tuple[float, float]]
"""CPU and time of each thing that is measured."""


def measure(objects: int | None = None, rounds: int = ROUNDS, turns: int = TURNS) -> dict[str, Any]:
    """The cheapest of some rounds, in turns: with few episodes kept, and with all."""
    kept = objects or KEPT
    few = min(FEW, kept // 2)
    with tempfile.TemporaryDirectory() as folder, historyserver.databases() as made:
        at = {many: {"url": made(f"kept_{many}"), "folder": str(Path(folder) / f"{many}")} for many in (few, kept)}
        sizes = {many: _fill(many, **where) for many, where in at.items()}
        before = historyserver.scans(at[kept]["url"])
        costs: dict[int, Costs] = {many: {} for many in at}
        for _ in range(rounds):
            for many, where in at.items():
                found = workers.run("history", "costs", many=many, turns=turns, **where)
                costs[many] = _cheapest(costs[many], found)
        waits = workers.run("history", "waits", **at[kept])
        after = historyserver.scans(at[kept]["url"])
    scans = {name: count - before[name] for name, count in after.items()}
    about = {"waits": waits, "bytes": sizes, "database": "PostgreSQL" if after else "SQLite"}
    return _told(kept, few, costs, scans) | about


def _fill(many: int, **where: str) -> int:
    parts = [(begin, min(begin + PART, many)) for begin in range(0, many, PART)]
    found = [workers.run("history", "fill", begin=begin, end=end, kept=many, **where) for begin, end in parts]
    return int(found[-1]["bytes"])


def _cheapest(one: Costs, other: Costs) -> Costs:
    """Of each the least CPU and the least time."""
    return {
        name: (min(spent, one.get(name, (spent, took))[0]), min(took, one.get(name, (spent, took))[1]))
        for name, (spent, took) in other.items()
    }


def _told(kept: int, few: int, costs: Mapping[int, Costs], scans: Mapping[str, int]) -> dict[str, Any]:
    ratios = {name: round(spent / costs[few][name][0], 2) for name, (spent, _) in costs[kept].items()}
    worst = max(ratios, key=lambda name: ratios[name])
    return {
        "benchmark": "history",
        "ratio": ratios[worst],
        "floor": costs[few][worst][0],
        "bound": BOUND,
        "ok": ratios[worst] <= BOUND and not any(scans.values()),
        "unit": "CPU ms, or µs a row",
        "worst": worst,
        "kept": kept,
        "few": few,
        "costs": {name: [costs[few][name][0], spent, ratios[name]] for name, (spent, _) in costs[kept].items()},
        "took_ms": {name: took for name, (_, took) in costs[kept].items()},
        "sequential_scans": scans,
    }


async def fill(begin: int, end: int, kept: int, url: str, folder: str) -> dict[str, Any]:
    """In a process of its own: make these episodes, the tables before the first, and what follows after the last."""
    _use(url, folder)
    from dashboard.management.benchmarks import historyfill  # noqa: PLC0415 - needs the settings

    return {"bytes": await asyncio.to_thread(historyfill.part, begin, end, kept)}


async def costs(many: int, turns: int, url: str, folder: str) -> dict[str, Any]:
    """In a process of its own: what each thing costs where so many are kept, the least of some turns."""
    _use(url, folder)
    from dashboard.management.benchmarks import historycosts, historyupkeep  # noqa: PLC0415 - need the settings

    meter = historyserver.Meter(url)
    try:
        return await historycosts.costs(many, turns, meter) | await asyncio.to_thread(historyupkeep.costs, many, meter)
    finally:
        meter.close()


async def waits(url: str, folder: str) -> dict[str, Any]:
    """In a process of its own: how long a batch waits for what is being removed."""
    _use(url, folder)
    from dashboard.management.benchmarks import historyupkeep  # noqa: PLC0415 - needs the settings

    return await asyncio.to_thread(historyupkeep.waits)


def _use(url: str, folder: str) -> None:
    """Have Django keep history in the database of this URL, "" for a SQLite file in the folder."""
    Path(folder).mkdir(exist_ok=True)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="reconcilerviz.settings",
        RECONCILERVIZ_DATA=folder,
        # One connection for a reader all along: each has a process of the server's, whose CPU is counted.
        RECONCILERVIZ_DATABASE_URL=f"{url}?conn_max_age=3600" if url else "",
        RECONCILERVIZ_REDIS_URL="",
    )
    django.setup()
