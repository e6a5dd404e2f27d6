"""What `bench browser` does with a page: interactions, events that are each looked for, and as many as it must bear."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from dashboard.management.benchmarks.blocks import PODS
from dashboard.management.benchmarks.browserpage import SHIFTS, Watched, observe, opened
from dashboard.management.benchmarks.browserwire import MARKED, SHOWN

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WORK_MS = 100
ROUNDS = 3
PACE, CHURN = 50.0, 200.0
"""Events a second: each seen on its own, and as many as the main thread must bear."""
FIRST = round(PACE)
"""Events of the first second."""
SETTLE = 1.0
PATIENCE = 30.0
READY = "() => document.querySelector('.space, main:not(.board)') !== null"
ROWS = "() => document.querySelectorAll('.rows .item').length"
TEXTS = """() => [...document.querySelectorAll('.rows .item > a.row')].slice(0, 20)
  .map((row) => `${row.dataset.id} ${row.className} ${row.querySelector('.glance').textContent}`)"""
CHOOSE = """([name, index]) => {
  const select = document.querySelector(`select[name=${name}]`);
  select.selectedIndex = index;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}"""
"""As a hand does it: playwright's own looking for where to click would be counted as the page's work."""

Times = dict[int, float]


@contextmanager
def page(browser: Browser, address: str, first: str = "") -> Iterator[Watched]:
    """An open page that is ready to be measured, and closed afterwards."""
    watched = opened(browser, address, first)
    try:
        watched.page.wait_for_function(READY)
        yield watched
    finally:
        watched.page.context.close()


def interactions(browser: Browser, address: str, first: str, rounds: int = ROUNDS) -> dict[str, Any]:
    """Open, scroll, walk and filter the list of all Pods; what each took of the main thread, and what stayed in memory.

    Each is done in some rounds, every one on a page of its own, and its least counts: a neighbour's work on the same
    core doubles what the same page takes from one round to the next.
    """
    found: list[dict[str, Any]] = []
    works: list[dict[str, list[float]]] = []
    for _ in range(rounds):
        with page(browser, address, first) as watched:
            found.append(_interacted(watched))
            works.append(watched.works)
    least = {name: [min(times) for times in zip(*(each[name] for each in works), strict=True)] for name in works[0]}
    return {name: max(each[name] for each in found) for name in found[0]} | {
        "main_thread_ms_most": {name: round(max(each), 1) for name, each in least.items()},
        "interactions": sum(map(len, least.values())),
        "interactions_over_100_ms": _over(least),
        "interactions_over_100_ms_by_round": [_over(each) for each in works],
    }


def _interacted(watched: Watched) -> dict[str, Any]:
    shift = watched.page.evaluate(SHIFTS)
    most = [watched.page.evaluate(ROWS)]
    for name, act in _acts(watched):
        watched.work(name, act)
        most.append(watched.page.evaluate(ROWS))
    nodes = int(watched.metrics()["Nodes"])
    return {
        "layout_shift": round(shift, 4), "rows_in_page_most": max(most), "heap_bytes": watched.heap(), "nodes": nodes,
    }  # fmt: skip


def _over(works: dict[str, list[float]]) -> int:
    return sum(each > WORK_MS for every in works.values() for each in every)


def _acts(watched: Watched) -> Iterator[tuple[str, Any]]:
    mouse, keys, evaluate = watched.page.mouse, watched.page.keyboard, watched.page.evaluate
    mouse.move(700, 500)
    yield from [("scroll", lambda: mouse.wheel(0, 400))] * 15
    for part in (0.5, 0.9, 0.1, 0.33, 1.0, 0.0):
        yield "scroll_far", lambda part=part: evaluate(f"scrollTo(0, document.documentElement.scrollHeight * {part})")
    for key in ("j", "j", "PageDown", "PageDown", "PageDown", "End", "k", "Home"):
        yield "walk", lambda key=key: keys.press(key)
    keys.press("/")
    for letter in "checkout":
        yield "find", lambda letter=letter: keys.type(letter)
    for name, index in (("kind", 1), ("namespace", 1), ("kind", 0), ("namespace", 0)):
        yield "filter", lambda name=name, index=index: evaluate(CHOOSE, [name, index])


def latency(browser: Browser, api: str, addresses: Sequence[str], count: int) -> dict[str, float]:
    """Milliseconds from an event's line in a second watch to every page's DOM showing it; the median and the 99th.

    The first second's events are told by themselves: each is a row's first change, for which it is drawn anew.
    """
    with _pages(browser, addresses) as all_pages:
        for each in all_pages:
            observe(each)
        all_pages[0].page.wait_for_timeout(SETTLE * 1000)  # what has just been opened is still busy with that
        sent = _marks(api, FIRST + count)
        shown = [_seen(each, max(sent)) for each in all_pages]
    took = [[(_shown_at(mark, seen) - sent[mark]) * 1000 for mark in sorted(sent)] for seen in shown]
    found = sorted(each for page_ in took for each in page_[FIRST:])
    there = [each for each in found if each != math.inf]
    if not there:
        return {"events": count, "missing": len(found), "p50": -1.0, "p99": -1.0}
    at = {"p50": len(there) // 2, "p99": len(there) * 99 // 100, "max": len(there) - 1}
    told = {name: round(there[index], 1) for name, index in at.items()}
    first = max(each for page_ in took for each in page_[:FIRST])
    return {"events": count, "missing": len(found) - len(there), **told, "first_second_max": round(first, 1)}


@contextmanager
def _pages(browser: Browser, addresses: Sequence[str]) -> Iterator[list[Watched]]:
    found: list[Watched] = []
    try:
        for address in addresses:
            found.append(opened(browser, address))
            found[-1].page.wait_for_function(READY)
        yield found
    finally:
        for each in found:
            each.page.context.close()


def _marks(api: str, count: int) -> Times:
    """Have so many events sent, and read them in a watch of our own: when each was there, in Unix seconds."""
    found: Times = {}
    with urlopen(f"{api}{PODS.path}?watch=true") as watch:  # noqa: S310 - an address of our own

        def read() -> None:
            for line in watch:
                now, mark = time.time(), MARKED.search(line)
                if mark:
                    found[int(mark[1])] = now
                if len(found) == count:
                    return

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        ask(f"{api}/go?count={count}&rate={PACE}&what=marks")
        reading.join(count / PACE + PATIENCE)
    if len(found) < count:
        raise RuntimeError(f"the second watch brought {len(found)} of {count} events")
    return found


def _seen(watched: Watched, last: int) -> Times:
    """When the page showed which mark; its last one is waited for."""
    until = time.monotonic() + PATIENCE
    while True:
        found: Times = {}
        for mark, at in watched.seen():
            found.setdefault(mark, at)
        if last in found or time.monotonic() > until:
            return found
        watched.page.wait_for_timeout(50)


def _shown_at(mark: int, seen: Times) -> float:
    """When a page showed an event, or one of the same Pod that came after it and made it past."""
    later = [at for other, at in seen.items() if other >= mark and (other - mark) % SHOWN == 0]
    return min(later, default=math.inf)


def churn(browser: Browser, api: str, address: str, seconds: float) -> dict[str, Any]:
    """Rows move, 200 events a second: what an event takes of the main thread, which tasks held it up, what is left."""
    number = round(seconds * CHURN)
    with page(browser, address) as watched:
        observe(watched)
        before = watched.metrics()
        ask(f"{api}/go?count={number}&rate={CHURN}&what=flips")
        watched.page.wait_for_timeout((seconds + SETTLE) * 1000)
        after, tasks = watched.metrics(), watched.tasks()
        wrong = _differing(browser, watched, address)
        spent = {name: after[f"{name}Duration"] - before[f"{name}Duration"] for name in ("Task", "Script", "Layout")}
        return {
            "work": spent["Task"] * 1000 / number,
            "main_thread_busy": round(spent["Task"] / seconds, 3),
            "script": round(spent["Script"] / seconds, 3),
            "layout": round(spent["Layout"] / seconds, 3),
            "seconds": seconds,
            "events": number,
            "tasks_over_50_ms": len(tasks),
            "longest_task_ms": round(max(tasks, default=0.0)),
            "rows_wrong": wrong,
            "heap_bytes": watched.heap(),
        }


def _differing(browser: Browser, watched: Watched, address: str) -> int:
    """Rows that a page shows otherwise than one that has just been opened does."""
    with page(browser, address) as fresh:
        pairs = zip(watched.page.evaluate(TEXTS), fresh.page.evaluate(TEXTS), strict=False)
        return sum(here != there for here, there in pairs)


def ask(url: str) -> bytes:
    """What a process of this benchmark answers."""
    with urlopen(url) as answer:  # noqa: S310 - an address of our own
        body: bytes = answer.read()
    return body
