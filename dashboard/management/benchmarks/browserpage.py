"""A page of a real Chromium and what it costs: its main thread's time, its heap, its nodes, and when it showed what.

The time is that of the thread's processor, as Chromium counts it: what others take of the machine is not in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

PATIENCE_MS = 120_000
SIZE = {"width": 1440, "height": 900}
QUIET_MS, SILENT_MS = 150, 1500
"""How long nothing is drawn any more, or at all, before an interaction counts as over."""

OBSERVE = """() => {
  const now = () => performance.timeOrigin + performance.now();
  const seen = window.benchSeen = [], tasks = window.benchTasks = [];
  const look = (text, at) => { for (const [, mark] of text.matchAll(/:e(\\d+)/g)) seen.push([Number(mark), at]); };
  new MutationObserver((records) => {
    const at = now();
    for (const { type, target, addedNodes } of records) {
      if (type === "characterData") look(target.data, at);
      else for (const node of addedNodes) look(node.textContent, at);
    }
  }).observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true });
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
}"""
SHIFTS = """() => new Promise((tell) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const { value } of list.getEntries()) sum += value; })
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => tell(sum)));
})"""
DRAWN = f"""() => new Promise((tell) => {{
  let timer = setTimeout(tell, {SILENT_MS});
  document.addEventListener("rendered", () => {{ clearTimeout(timer); timer = setTimeout(tell, {QUIET_MS}); }});
}})"""


@dataclass
class Watched:
    """A page, and Chromium's own counters of it."""

    page: Page
    counters: CDPSession
    works: dict[str, list[float]] = field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Chromium's counters by name: seconds, bytes and numbers."""
        found = self.counters.send("Performance.getMetrics")["metrics"]
        return {each["name"]: each["value"] for each in found}

    def heap(self) -> int:
        """Bytes of live objects, once what is garbage has been collected."""
        self.counters.send("HeapProfiler.collectGarbage")
        return int(self.metrics()["JSHeapUsedSize"])

    def work(self, name: str, act: Callable[[], object]) -> None:
        """Do something, and note the main thread's milliseconds until nothing more is drawn."""
        before = self.metrics()["TaskDuration"]
        act()
        self.page.evaluate(DRAWN)
        self.works.setdefault(name, []).append((self.metrics()["TaskDuration"] - before) * 1000)

    def seen(self) -> list[tuple[int, float]]:
        """Which marks the page has shown, and when, in Unix seconds."""
        return [(mark, at / 1000) for mark, at in self.page.evaluate("window.benchSeen")]

    def tasks(self) -> list[float]:
        """Milliseconds of tasks that held the main thread for more than 50 since `observe`."""
        return list(self.page.evaluate("window.benchTasks"))


def observe(watched: Watched) -> None:
    """Note from now on what the page shows and what holds it up."""
    watched.page.evaluate(OBSERVE)


def opened(browser: Browser, address: str, first: str = "") -> Watched:
    """A new page in a context of its own. `first` is loaded before it, in the same process, and is not counted."""
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # playwright's own TypedDict
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    counters = context.new_cdp_session(page)
    counters.send("Performance.enable", {"timeDomain": "threadTicks"})
    watched = Watched(page, counters)
    if first:
        page.goto(first)
        watched.work("first_paint", lambda: page.goto(address))
    else:
        page.goto(address)
    return watched


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless, silent on the network. Raises CommandError where there is none."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a development dependency
    except ImportError as error:
        raise CommandError("playwright is not installed: run this in the development environment") from error
    path = shutil.which("chromium")
    if path is None:
        raise CommandError("there is no chromium here: `apt-get install chromium`")
    with sync_playwright() as playwright:
        # Without its sandbox, which needs privileges that containers do not give; it only opens our own pages.
        browser: Any = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        try:
            yield browser
        finally:
            browser.close()
