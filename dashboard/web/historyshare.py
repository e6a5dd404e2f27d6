"""What everybody sees who looks at the same page of history: read and drawn once for all, and only when there is news.

1. A browser asks every few seconds, with the tag of what it has.
2. At most once a second one short question says whether anything was written since, by whichever process.
3. Only then, or when time has moved what is open, the page is read and drawn again. Its tag is made of what it says,
   without the ages that tick.

So a viewer costs an answer without a body, however many episodes there are and however many others look on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic

from dashboard.history import reading
from dashboard.history.filters import Filters
from dashboard.history.reading import HistoryError

LOOK = 1.0
"""Seconds between two looks whether anything was written."""

STILL = 15.0
"""Seconds after which it is drawn again though nothing was: open episodes go on, and clocks of machines differ."""

MOST = 16
"""Pages that are kept drawn, some 100 KB each; the least lately asked for goes."""

Question = tuple[Filters, str]
"""The filters, and the cursor of the page."""

Draw = Callable[[Filters, str, str], Awaitable[str]]
"""Reads and draws the page of filters and a cursor; the third is why it cannot be read now, "" where it may be."""

_TICKING = re.compile(r">[^<]*</time>")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn page, and its ETag: the same for the same words."""

    html: str
    tag: str


@dataclass(slots=True)
class _Page:
    """`word` is what the database said when it was drawn; `looked` and `at` are when it was compared and drawn."""

    drawn: Drawn = field(default_factory=lambda: Drawn("", ""))
    word: str = ""
    looked: float = float("-inf")
    at: float = float("-inf")
    looking: asyncio.Task[Drawn] | None = None


class Shared:
    """The drawn pages of one cluster, for one event loop."""

    def __init__(self, draw: Draw, clock: Callable[[], float] = monotonic) -> None:
        self._draw = draw
        self._clock = clock
        self._pages: dict[Question, _Page] = {}  # the least lately asked for first

    async def get(self, wanted: Filters, before: str) -> Drawn:
        """The page, at most LOOK seconds old. Raises what drawing it raises (CursorError)."""
        page = self._page((wanted, before))
        if self._clock() - page.looked < LOOK:
            return page.drawn
        if page.looking is None:
            page.looking = asyncio.create_task(self._renewed(page, wanted, before), name="history page")
            page.looking.add_done_callback(_retrieved)
        return await asyncio.shield(page.looking)  # whoever asked first may leave, the others wait on

    def _page(self, question: Question) -> _Page:
        page = self._pages.pop(question, None) or _Page()
        self._pages[question] = page
        if len(self._pages) > MOST:
            del self._pages[next(iter(self._pages))]
        return page

    async def _renewed(self, page: _Page, wanted: Filters, before: str) -> Drawn:
        try:
            word, problem = await _written()
            now = self._clock()
            if problem or word != page.word or now - page.at >= STILL:
                html = await self._draw(wanted, before, problem)
                page.drawn, page.word, page.at = Drawn(html, tag_of(html)), word, now
            page.looked = self._clock()
            return page.drawn
        finally:
            page.looking = None


async def _written() -> tuple[str, str]:
    """The word of what was written last, and why it cannot be had."""
    try:
        return await reading.written(), ""
    except HistoryError as problem:
        return "", str(problem)


def tag_of(html: str) -> str:
    """An ETag that is another one when anything but an age differs.

    >>> tag_of("<time>3 s</time> a") == tag_of("<time>4 s</time> a") != tag_of("<time>3 s</time> b")
    True
    """
    return f'"{sha256(_TICKING.sub("></time>", html).encode()).hexdigest()[:32]}"'


def _retrieved(task: asyncio.Task[Drawn]) -> None:
    """Whoever still waits is told what went wrong; where all have left, nobody need be."""
    if not task.cancelled():
        task.exception()
