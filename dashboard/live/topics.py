"""What viewers are told about: a window of a live query. Its frames are serialised once, whoever reads them."""

from __future__ import annotations

from itertools import count
from typing import Any

from dashboard.live.bodies import dump
from dashboard.live.query import Query, Window
from dashboard.live.results import Result
from dashboard.live.viewer import Viewer

_numbers = count(1)


def frame(value: dict[str, Any]) -> str:
    """A frame's text."""
    return dump(value).decode()


class QueryTopic:
    """A window over a query's result, and what its viewers last heard of it."""

    def __init__(self, query: Query, start: int, count: int, result: Result) -> None:
        self.query = query
        self.start = start
        self.count = count
        self.name = f"q:{next(_numbers)}"
        self.viewers: set[Viewer] = set()
        self.rev = 1
        self._result = result
        self._version = result.version
        self._told = self._window() if result.ready else None
        self._snapshot: str | None = None

    def _window(self) -> Window:
        return self._result.window(0, self.query.verdict, self.start, self.count)

    def snapshot(self) -> str | None:
        """The whole window as of the last frame, serialised once per revision; None until there is one."""
        told = self._told
        if told is None:
            return None
        if self._snapshot is None:
            head = {"t": "window", "topic": self.name, "rev": self.rev, "start": self.start}
            self._snapshot = frame({**head, **_numbers_of(told), "rows": told.rows})
        return self._snapshot

    def step(self) -> str | None:
        """The frame that brings viewers from what they last heard to now; None when nothing they see changed."""
        if self._version == self._result.version or not self._result.ready:
            return None
        self._version = self._result.version
        old, new = self._told, self._window()
        if old is None:
            self._told = new
            return self.snapshot()
        before = {row.id: row for row in old.rows}
        changed = [row for row in new.rows if before.get(row.id) is not row]
        order = [row.id for row in new.rows]
        same_order = order == list(before)
        if not changed and same_order and _numbers_of(old) == _numbers_of(new):
            return None
        self._told = new
        self._snapshot = None
        self.rev += 1
        head = {"t": "delta", "topic": self.name, "rev": self.rev, "prev": self.rev - 1}
        return frame({**head, **_numbers_of(new), "rows": changed, "order": None if same_order else order})


def _numbers_of(window: Window) -> dict[str, Any]:
    return {"total": window.total, "counts": window.counts, "objects": window.objects}


def apply_delta(rows: tuple[dict[str, Any], ...], delta: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The rows of a window after a delta, as a viewer computes them: what the frames mean, in one place.

    >>> apply_delta(({"id": "a"}, {"id": "b"}), {"rows": [{"id": "c"}], "order": ["c", "a"]})
    ({'id': 'c'}, {'id': 'a'})
    """
    known = {row["id"]: row for row in rows} | {row["id"]: row for row in delta["rows"]}
    order = delta["order"] if delta["order"] is not None else [row["id"] for row in rows]
    return tuple(known[id] for id in order)
