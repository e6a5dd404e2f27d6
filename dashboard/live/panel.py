"""Live object pages: one per viewed object, shared by its viewers, read once and then kept current by the watch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import count
from typing import Any

from dashboard.core.model import Episode
from dashboard.core.rows import row as make_row
from dashboard.core.verdict import assess
from dashboard.live.pace import Pace
from dashboard.live.picture import Picture
from dashboard.live.topics import frame
from dashboard.live.view import Usual, View, object_view
from dashboard.live.viewer import Viewer

SHORTEST = 0.1
"""Seconds between two frames of one object: ten a second are seen as motion, more are not seen."""

RETRY = 2.0
"""Seconds after which an object that could not be read is asked for again."""

AGAIN = 0.2
"""Seconds between two reads of an object whose newer versions only the API can tell."""

READS = 40.0
"""Objects that are read for all viewers in a second: opening what does not exist, over and over, costs the API no more
than this. Who has waited longest is next."""

LINGER = 30.0
"""Seconds for which an object that nobody views is kept: a page that is loaded again need not read it again."""

MAX_LINGERING = 64

COMPARE = 2.0
"""Seconds after which an open episode is compared with those before it again."""

PATIENCE = 0.25
"""Seconds that a page which is rendered once waits for the comparison: a slow database delays no page."""

_numbers = count(1)

Fetch = Callable[[str], Awaitable[dict[str, Any] | None]]
"""Reads one whole object by id: None where there is none or it may not be read. Raises FetchError."""


Forecast = Callable[[Episode], Awaitable[Usual | None]]
"""How long such episodes usually take; None where there is nothing to say it from."""


class FetchError(Exception):
    """The API could not be asked for an object; the message says why."""


class PanelTopic:
    """One object's frames, for viewers who may edit or for those who may not."""

    def __init__(self) -> None:
        self.name = f"o:{next(_numbers)}"
        self.viewers: set[Viewer] = set()
        self.rev = 0
        self._view: View | None = None
        self._snapshot: str | None = None

    def snapshot(self) -> str | None:
        """The view as of the last frame; None before the first."""
        if self._snapshot is None and self.rev:
            self._snapshot = self._frame(None)
        return self._snapshot

    def show(self, view: View | None) -> str | None:
        """The frame for a newer view, None when it shows nothing new."""
        if self.rev and _same(self._view, view):
            return None
        prev = self.rev or None
        self._view = view
        self._snapshot = None
        self.rev += 1
        return self._frame(prev)

    def _frame(self, prev: int | None) -> str:
        return frame({"t": "object", "topic": self.name, "rev": self.rev, "prev": prev, "view": self._view})


def _same(old: View | None, new: View | None) -> bool:
    if old is None or new is None:
        return old is new
    return all(old[name] == new[name] for name in new if name != "server_time")


class Panel:
    """One viewed object: its two topics, and the ids whose changes it shows.

    `read`: the API was asked and answered; `tried`: it was asked. `used` is when somebody last looked. `compared`
    is the episode (its key and how it ended) that was last asked about, `usual` the last answer with its key.
    """

    def __init__(self, id: str, now: float) -> None:
        self.id = id
        self.topics = {True: PanelTopic(), False: PanelTopic()}
        self.shown: frozenset[str] = frozenset({id})
        self.used = now
        self.due = True
        self.last = float("-inf")
        self.reading: asyncio.Task[None] | None = None
        self.read = False
        self.tried = False
        self.retry_at = float("-inf")
        self.episode: Episode | None = None
        self.usual: tuple[str, Usual | None] = ("", None)
        self.compared: tuple[str, str | None] = ("", None)
        self.compared_at = float("-inf")
        self.comparing: asyncio.Task[None] | None = None

    def end(self) -> None:
        """Ask nobody anything any more."""
        for task in (self.reading, self.comparing):
            if task is not None:
                task.cancel()

    @property
    def viewed(self) -> bool:
        return any(topic.viewers for topic in self.topics.values())


class Panels:
    """The panels of one cluster."""

    def __init__(self, picture: Picture, *, fetch: Fetch, clock: Callable[[], float], allow_edits: bool) -> None:
        self._picture = picture
        self._fetch = fetch
        self._clock = clock
        self._allow_edits = allow_edits
        self._reads = Pace(READS)
        self._held_back = False
        self._panels: dict[str, Panel] = {}
        self.on_change: Callable[[], None] | None = None
        self.forecast: Forecast | None = None

    def __len__(self) -> int:
        return len(self._panels)

    async def view(self, id: str, *, may_edit: bool = True) -> View | None:
        """The object's view now, for a page that is rendered once; None when there is no such object.

        It is read from the API unless the watch keeps it current already. Raises FetchError when the API cannot
        be asked; ValueError when `id` is not an id.
        """
        panel = self._panel(id)
        if self._picture.pinned(id) is None or self._picture.row(id) is None or self._picture.outdated(id):
            self._take(panel, await self._fetch(id))
        task = self._compare(panel, self._clock())
        if task is not None:
            await asyncio.wait([task], timeout=PATIENCE)
        return self._look(panel, may_edit=may_edit)

    def open(self, id: str, *, may_edit: bool) -> PanelTopic:
        """The topic of an object; the first frame follows when the object has been read."""
        panel = self._panel(id)
        topic = panel.topics[may_edit and self._allow_edits]
        panel.due |= not topic.viewers  # nobody saw to it that it is current
        return topic

    def _panel(self, id: str) -> Panel:
        panel = self._panels.pop(id, None)
        if panel is None:
            panel = Panel(id, self._clock())
            self._picture.pin(id)
        panel.used = self._clock()
        self._panels[id] = panel  # the lately used come last
        return panel

    def _take(self, panel: Panel, obj: dict[str, Any] | None) -> None:
        panel.read = panel.tried = True
        panel.retry_at = self._clock() + (RETRY if obj is None else AGAIN)
        if obj is not None:
            self._picture.fetched(panel.id, obj)

    def sweep(self, now: float) -> None:
        """Let go of objects that nobody has viewed for a while, and of the oldest where there are many."""
        idle = [panel for panel in self._panels.values() if not panel.viewed]
        for place, panel in enumerate(reversed(idle)):
            if place >= MAX_LINGERING or not 0 <= now - panel.used < LINGER:
                del self._panels[panel.id]
                self._picture.unpin(panel.id)
                panel.end()

    def changed(self, ids: Iterable[str]) -> None:
        """Mark the panels that show any of these ids, or what owns or drives them."""
        if not self._panels:
            return
        near = set(ids)
        for id in tuple(near):
            row = self._picture.row(id)
            if row is not None:
                near.update((row.owner, row.drives))
        for panel in self._panels.values():
            panel.due |= not near.isdisjoint(panel.shown)

    def step(self, now: float) -> Iterator[tuple[PanelTopic, str]]:
        """The frames that are due, with their topics."""
        self._held_back = False
        for panel in list(self._panels.values()):
            if panel.viewed and self._must_read(panel, now):
                self._begin_reading(panel, now)
            if panel.viewed:
                self._compare(panel, now)
                self._follow(panel)
            if self._must_show(panel) and not 0 <= now - panel.last < SHORTEST:
                panel.due = False
                panel.last = now
                yield from self._show(panel)
        self.sweep(now)

    def _begin_reading(self, panel: Panel, now: float) -> None:
        if self._held_back or not self._reads.may(now):
            self._held_back = True
            return
        panel.reading = asyncio.get_running_loop().create_task(self._read(panel))

    def _must_read(self, panel: Panel, now: float) -> bool:
        if panel.read and not self._picture.outdated(panel.id):
            return False
        return panel.reading is None and not now < panel.retry_at <= now + RETRY

    def _must_show(self, panel: Panel) -> bool:
        return panel.due and (panel.tried or self._picture.pinned(panel.id) is not None)

    @property
    def waiting(self) -> bool:
        """Whether a frame or a reading is held back."""
        return self._held_back or any(self._must_show(panel) for panel in self._panels.values())

    def _show(self, panel: Panel) -> Iterator[tuple[PanelTopic, str]]:
        view = self._look(panel, may_edit=True)
        if view is not None:
            panel.shown = frozenset(each["id"] for level in view["chain"] for each in level) | {panel.id}
        for may_edit, topic in panel.topics.items():
            if topic.viewers:
                text = topic.show(view if may_edit or view is None else {**view, "edit": None})
                if text is not None:
                    yield topic, text

    def _look(self, panel: Panel, *, may_edit: bool) -> View | None:
        now = self._clock()
        obj = self._picture.pinned(panel.id)
        row = self._picture.row(panel.id)
        if row is None and obj is not None:  # its kind is not held on the board
            row = make_row(obj, assess(obj, now, self._picture.events(panel.id)))
        if row is None:
            return None
        allow_edits = self._allow_edits and may_edit
        episode = self._picture.episode(panel.id)
        key, usual = panel.usual
        if episode is None or episode.key != key:
            usual = None
        return object_view(self._picture, row, obj, now=now, allow_edits=allow_edits, episode=episode, usual=usual)

    async def _read(self, panel: Panel) -> None:
        try:
            self._take(panel, await self._fetch(panel.id))
        except FetchError:
            # The page says how fresh the cluster is; until the object can be read, its row is what is known.
            panel.retry_at = self._clock() + RETRY
        finally:
            panel.reading = None
        panel.tried = panel.due = True
        if self.on_change is not None:
            self.on_change()

    def _follow(self, panel: Panel) -> None:
        """An episode moves with events and children that need not change the object's own row."""
        episode = self._picture.episode(panel.id)
        panel.due |= episode is not panel.episode
        panel.episode = episode

    def _compare(self, panel: Panel, now: float) -> asyncio.Task[None] | None:
        """See to it that the panel's episode is compared with those before it: while open, again and again."""
        episode = self._picture.episode(panel.id)
        if self.forecast is None or episode is None or panel.comparing is not None:
            return panel.comparing
        key = (episode.key, episode.ended)
        if panel.compared == key and (episode.ended is not None or 0 <= now - panel.compared_at < COMPARE):
            return None
        panel.compared, panel.compared_at = key, now
        panel.comparing = asyncio.get_running_loop().create_task(self._ask(panel, episode.key, self.forecast(episode)))
        return panel.comparing

    async def _ask(self, panel: Panel, key: str, forecast: Awaitable[Usual | None]) -> None:
        try:
            usual = key, await forecast
        finally:
            panel.comparing = None
        if usual != panel.usual:
            panel.usual, panel.due = usual, True
            if self.on_change is not None:
                self.on_change()
