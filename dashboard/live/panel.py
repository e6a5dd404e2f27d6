"""Live object pages: one per viewed object, shared by its viewers, read once and then kept current by the watch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import count
from typing import Any

from dashboard.core.model import EventNote, Row
from dashboard.core.rows import row as make_row
from dashboard.core.verdict import assess
from dashboard.live.board import Board
from dashboard.live.steps import Steps
from dashboard.live.topics import frame
from dashboard.live.view import View, object_view
from dashboard.live.viewer import Viewer

SHORTEST = 0.1
"""Seconds between two frames of one object: ten a second are seen as motion, more are not seen."""

RETRY = 2.0
"""Seconds after which an object that could not be read is asked for again."""

_numbers = count(1)

Fetch = Callable[[str], Awaitable[dict[str, Any] | None]]
"""Reads one whole object by id: None where there is none or it may not be read. Raises FetchError."""


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
    """One viewed object: its two topics, its steps, and the ids whose changes it shows."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.topics = {True: PanelTopic(), False: PanelTopic()}
        self.steps = Steps()
        self.shown: frozenset[str] = frozenset({id})
        self.due = True
        self.last = 0.0
        self.reading: asyncio.Task[None] | None = None
        self.read = False
        self.tried = False
        self.retry_at = 0.0

    @property
    def viewed(self) -> bool:
        return any(topic.viewers for topic in self.topics.values())


class Panels:
    """The panels of one cluster."""

    def __init__(self, board: Board, *, fetch: Fetch, clock: Callable[[], float], allow_edits: bool) -> None:
        self._board = board
        self._fetch = fetch
        self._clock = clock
        self._allow_edits = allow_edits
        self._panels: dict[str, Panel] = {}
        self.on_change: Callable[[], None] | None = None

    async def view(self, id: str, *, may_edit: bool = True) -> View | None:
        """The object's view now, for a page that is rendered once; None when there is no such object.

        Raises FetchError when the API cannot be asked; ValueError when `id` is not an id.
        """
        panel = self._panels.get(id)
        if panel is not None and self._board.pinned(id) is not None:
            return self._look(id, panel.steps, may_edit=may_edit)
        self._board.pin(id)
        try:
            obj = await self._fetch(id)
            if obj is not None:
                self._board.fetched(id, obj)
            return self._look(id, None, may_edit=may_edit)
        finally:
            self._board.unpin(id)

    def _look(self, id: str, steps: Steps | None, *, may_edit: bool) -> View | None:
        now = self._clock()
        obj = self._board.pinned(id)
        row = self._board.row(id) or (self._row_of(id, obj, now) if obj is not None else None)
        if row is None:
            return None
        if steps is not None and obj is not None:
            steps.observe(self._board, row, obj, now)
        taken = steps.taken if steps is not None else ()
        return object_view(self._board, row, obj, now=now, allow_edits=self._allow_edits and may_edit, steps=taken)

    def _row_of(self, id: str, obj: dict[str, Any], now: float) -> Row:
        """The row of an object whose kind is not held on the board."""
        notes: tuple[EventNote, ...] = self._board.events(id)
        return make_row(obj, assess(obj, now, notes))

    def open(self, id: str, *, may_edit: bool) -> PanelTopic:
        """The topic of an object; the first frame follows when the object has been read."""
        panel = self._panels.get(id)
        if panel is None:
            panel = self._panels[id] = Panel(id)
            self._board.pin(id)
        topic = panel.topics[may_edit and self._allow_edits]
        panel.due |= not topic.viewers  # nobody saw to it that it is current
        return topic

    def sweep(self) -> None:
        """Let go of objects that nobody views any more."""
        for id, panel in list(self._panels.items()):
            if not panel.viewed:
                del self._panels[id]
                self._board.unpin(id)
                if panel.reading is not None:
                    panel.reading.cancel()

    def changed(self, ids: Iterable[str]) -> None:
        """Mark the panels that show any of these ids, or what owns or drives them."""
        if not self._panels:
            return
        near = set(ids)
        for id in tuple(near):
            row = self._board.row(id)
            if row is not None:
                near.update((row.owner, row.drives))
        for panel in self._panels.values():
            panel.due |= not near.isdisjoint(panel.shown)

    def step(self, now: float) -> Iterator[tuple[PanelTopic, str]]:
        """The frames that are due, with their topics."""
        for panel in list(self._panels.values()):
            if not panel.read and panel.reading is None and now >= panel.retry_at:
                panel.reading = asyncio.get_running_loop().create_task(self._read(panel))
            if panel.due and now - panel.last >= SHORTEST and (panel.tried or self._board.pinned(panel.id) is not None):
                panel.due = False
                panel.last = now
                yield from self._show(panel)

    @property
    def waiting(self) -> bool:
        """Whether a frame is held back, or an object still to be read."""
        return any(panel.due or not panel.read for panel in self._panels.values())

    def _show(self, panel: Panel) -> Iterator[tuple[PanelTopic, str]]:
        view = self._look(panel.id, panel.steps, may_edit=True)
        if view is not None:
            panel.shown = frozenset(each["id"] for level in view["chain"] for each in level) | {panel.id}
        for may_edit, topic in panel.topics.items():
            if topic.viewers:
                text = topic.show(view if may_edit or view is None else {**view, "edit": None})
                if text is not None:
                    yield topic, text

    async def _read(self, panel: Panel) -> None:
        try:
            obj = await self._fetch(panel.id)
        except FetchError:
            # The page says how fresh the cluster is; until the object can be read, its row is what is known.
            panel.retry_at = self._clock() + RETRY
        else:
            panel.read = True
            if obj is not None:
                self._board.fetched(panel.id, obj)
        finally:
            panel.reading = None
        panel.tried = True
        panel.due = True
        if self.on_change is not None:
            self.on_change()
