"""`bench browser`: a board of a large cluster in a real Chromium: what it takes, and how soon it shows what happens.

1. A made API, the product and a bare page's server start, each in a process of its own.
2. The board is opened, scrolled, walked and filtered; each interaction's main-thread time is noted.
3. Events come at 50 a second, each of which shows in a row: one page at first, then several, each after the bare page
   that is the floor. A second watch tells when each event was there to be read.
4. Events come at 200 a second and move rows, to the bare page and to the board: what an event takes of the main thread.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.core.management.base import CommandError

from dashboard.management.benchmarks import workers
from dashboard.management.benchmarks.blocks import BLOCK, blocks_for
from dashboard.management.benchmarks.browserpage import chromium
from dashboard.management.benchmarks.browserruns import ask, churn, interactions, latency
from dashboard.management.benchmarks.browserwire import changing
from dashboard.web import vendor

OBJECTS = 57_500
PAGES = 5
BOUND = 2.0
"""Main-thread time of the board for an event ÷ that of the bare page, which draws one line and keeps nothing."""
HEAP = 150 * 2**20
SHIFT = 0.01
"""Layout shift of the first paint, of which a tenth counts as good: no row moves."""
ROWS = 120
"""Rows that may be in the page, however long its list."""
P50_MS, P99_MS = 50, 150
FLOOR_SECONDS = 10.0


def measure(
    objects: int | None = None, viewers: int | None = None, seconds: float = 60.0, paced: int = 500
) -> dict[str, Any]:
    """`viewers` are the pages of the second run; `seconds` the churn's, `paced` the events whose latency is taken.

    Ratios, bytes and counts decide; milliseconds are told beside those of the floor. Raises CommandError where there is
    no Chromium, or the browser libraries cannot be fetched.
    """
    pages = viewers or PAGES
    if not vendor.ensure(lambda line: print(line, file=sys.stderr)):
        raise CommandError("without the browser libraries there is nothing to measure: a page stays as it was rendered")
    with served(blocks_for(objects or OBJECTS)) as (api, site, floor), chromium() as browser:
        list_ = f"{site}/c/bench/?kind=Pod&all=1"
        told = interactions(browser, list_, f"{site}/static/icon.svg")
        runs = {
            "floor_one_page": latency(browser, api, [floor], paced),
            "event_to_pixel_one_page": latency(browser, api, [list_], paced),
            "floor_many_pages": latency(browser, api, [floor] * pages, paced),
            "event_to_pixel_many_pages": latency(browser, api, [list_] * pages, paced),
        }
        bare = churn(browser, api, floor, min(seconds, FLOOR_SECONDS))
        moving = churn(browser, api, list_, seconds)
    return _told(told, runs, bare, moving) | {"pages": pages, "objects": blocks_for(objects or OBJECTS) * BLOCK}


def _told(
    told: dict[str, Any], runs: dict[str, dict[str, float]], bare: dict[str, Any], moving: dict[str, Any]
) -> dict[str, Any]:
    ratio = moving["work"] / bare["work"]
    live = [runs["event_to_pixel_one_page"], runs["event_to_pixel_many_pages"]]
    small = max(told["heap_bytes"], moving["heap_bytes"]) <= HEAP and told["rows_in_page_most"] <= ROWS
    exact = not (moving["rows_wrong"] or told["layout_shift"] > SHIFT or any(each["missing"] for each in live))
    return {
        "benchmark": "browser",
        "ratio": round(ratio, 3),
        "floor": round(bare["work"], 4),
        "bound": BOUND,
        "ok": ratio <= BOUND and small and exact,
        "unit": "main-thread ms an event at 200 a second; the floor is a bare page on a bare WebSocket",
        "per_event": round(moving["work"], 4),
        **told,
        "heap_bound": HEAP,
        "rows_bound": ROWS,
        **runs,
        "p50_and_p99_within_50_and_150_ms": all(0 <= each["p50"] <= P50_MS and each["p99"] <= P99_MS for each in live),
        "churn": moving,
        "floor_churn": bare,
    }


@contextmanager
def served(blocks: int) -> Iterator[tuple[str, str, str]]:
    """The addresses of a made API, of the product that watches it, and of the bare page."""
    with (
        changing(blocks) as api,
        workers.server("viewed", "serve", url=api, queries=[]) as port,
        workers.server("browserfloor", "bare", api=api) as floor,
    ):
        until = time.monotonic() + workers.PATIENCE
        while not orjson.loads(ask(f"http://127.0.0.1:{port}/bench"))["live"]:
            if time.monotonic() > until:
                raise TimeoutError("the cluster was not listed")
            time.sleep(0.2)
        yield api, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{floor}/"
