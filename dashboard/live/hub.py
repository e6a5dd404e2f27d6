"""The hub of one cluster: ticks its board and tells viewers what changed, as one text for all who see the same.

Order of a step: judge what is due, bring each live query's frame, then each viewed object's, then freshness.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from dashboard.live.freshness import ClusterFreshness, KindFreshness, freshness_frame, freshness_key
from dashboard.live.panel import Fetch, Panels, PanelTopic
from dashboard.live.picture import Picture
from dashboard.live.query import Query
from dashboard.live.results import SLICE
from dashboard.live.topics import QueryTopic, frame
from dashboard.live.viewer import Viewer

__all__ = ["FRESHNESS", "LOOK", "TICK", "ClusterFreshness", "Hub", "KindFreshness", "Topic"]

TICK = 0.04
"""Seconds between steps while changes keep coming; a change after a pause is told at once."""

FRESHNESS = 1.0
"""Seconds between freshness frames while nothing about it changes."""

LOOK = 0.25
"""Seconds after which a change of freshness is noticed at the latest."""

Topic = QueryTopic | PanelTopic


class Hub:
    """Live queries and panels of one cluster, and who views them."""

    def __init__(
        self,
        name: str,
        board: Picture,
        *,
        fetch: Fetch,
        freshness: Callable[[], ClusterFreshness],
        clock: Callable[[], float],
        allow_edits: bool = False,
    ) -> None:
        self.name = name
        self.board = board
        self.panels = Panels(board, fetch=fetch, clock=clock, allow_edits=allow_edits)
        self._clock = clock
        self._freshness = freshness
        self._fresh_key: object = None
        self._fresh_at = float("-inf")
        self._fresh_frame = ""
        self._topics: dict[tuple[Query, int, int], QueryTopic] = {}
        self._viewers: Counter[Viewer] = Counter()
        self._wake = asyncio.Event()
        board.on_change = self._wake.set
        self.panels.on_change = self._wake.set

    # Viewers

    @property
    def viewers(self) -> int:
        """How many view something."""
        return len(self._viewers)

    def open_query(self, viewer: Viewer, query: Query, start: int, count: int) -> QueryTopic:
        """Have a viewer told about a window of a query. The first frame it is sent is the whole window."""
        key = (query, start, count)
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = QueryTopic(query, start, count, self.board.hold(query))
        self._join(viewer, topic)
        return topic

    def open_object(self, viewer: Viewer, id: str, *, may_edit: bool) -> PanelTopic:
        """Have a viewer told about an object; its first frame follows when the object has been read."""
        topic = self.panels.open(id, may_edit=may_edit)
        self._join(viewer, topic)
        return topic

    def _join(self, viewer: Viewer, topic: Topic) -> None:
        topic.viewers.add(viewer)
        self._viewers[viewer] += 1
        if self._fresh_frame:
            viewer.tell_latest(self.name, self._fresh_frame)
        self._wake.set()

    def close(self, viewer: Viewer, topic: Topic, *, last: bool) -> None:
        """Undo one open; `last` when the viewer holds the topic under no other id."""
        self._viewers[viewer] -= 1
        if self._viewers[viewer] <= 0:
            del self._viewers[viewer]
        if not last:
            return
        topic.viewers.discard(viewer)
        viewer.forget(topic)
        if isinstance(topic, QueryTopic) and not topic.viewers:
            del self._topics[(topic.query, topic.start, topic.count)]
            self.board.results.release(topic.query)

    async def prepare(self, query: Query) -> None:
        """Have a query looked through in slices, so that `board.select` need not hold everybody up."""
        result = self.board.results.get(query)
        while not result.ready:
            result.fill(SLICE)
            await asyncio.sleep(0)

    def waiting(self) -> list[int]:
        """For each viewer, the characters of frames that wait for it to read."""
        return [viewer.waiting for viewer in self._viewers]

    # Time

    async def run(self) -> None:
        """Step whenever there is something to tell, until cancelled."""
        while True:
            began = time.thread_time()  # its own: who waits for a processor has not used it
            self.step(self._clock())
            if self.board.results.fill():
                await asyncio.sleep(0)  # a new query looks through a large board: others have their turn in between
                continue
            took = time.thread_time() - began
            await asyncio.sleep(max(TICK, took))  # no more than half of the loop's time, whatever comes
            await self._pause()

    async def _pause(self) -> None:
        wait = min(LOOK, max(0.0, self._fresh_at + FRESHNESS - self._clock()))
        if self.board.next_due is not None:
            wait = min(wait, max(0.0, self.board.next_due - self._clock()))
        if self.panels.waiting:
            wait = min(wait, TICK)
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return

    def step(self, now: float) -> None:
        """Bring every viewer to the present."""
        self._wake.clear()
        changed = self.board.tick(now)
        for topic in self._topics.values():
            text = topic.step()
            if text is not None:
                self._tell(topic, text)
        self.panels.changed(changed | self.board.touched())
        for panel, text in self.panels.step(now):
            self._tell(panel, text)
        self._tell_freshness(now)

    def _tell(self, topic: Topic, text: str) -> None:
        for viewer in topic.viewers:
            viewer.tell(topic, text)

    def _tell_freshness(self, now: float) -> None:
        fresh = self._freshness()
        key = freshness_key(fresh)
        if key == self._fresh_key and 0 <= now - self._fresh_at < FRESHNESS:
            return
        self._fresh_key, self._fresh_at = key, now
        self._fresh_frame = frame(freshness_frame(self.name, fresh, now, self.board.revision))
        for viewer in self._viewers:
            viewer.tell_latest(self.name, self._fresh_frame)
