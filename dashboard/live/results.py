"""Results of queries, kept current from the ids that changed: never evaluated again as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from time import perf_counter

from dashboard.core.model import Row, Verdict
from dashboard.live.blocks import Blocks, Key
from dashboard.live.entries import Entries, Entry
from dashboard.live.query import VERDICTS, Query, Window

KEEP_IDLE = 16
"""Results without a viewer that are kept for the next one who asks."""


AT_ONCE = 2000
"""Objects that are looked through at once; more are looked through in slices, while others have their turn."""

SLICE = 0.008
"""Seconds of one slice. With 57,000 objects all of them take a fifth of a second."""

PER_LOOK = 64
"""Objects between two looks at the clock."""


class Result:
    """All rows of one query without its verdict, which only chooses among them.

    `version` goes up whenever anything in it changed. Until it is `ready` it does not hold everything.
    """

    def __init__(self, query: Query, entries: Entries) -> None:
        self.query = query
        self.version = 0
        self._entries = entries
        self._placed: dict[str, tuple[Row, Key]] = {}
        self._folded: dict[str, None] = {}  # a set of as many would take twice the memory
        self._lists = {verdict: Blocks() for verdict in VERDICTS}
        self._ahead: Iterator[str] | None = None
        if len(entries.by_id) > AT_ONCE:
            self._ahead = iter(tuple(entries.by_id))
        else:
            self._fill(entries.by_id)

    @property
    def ready(self) -> bool:
        """Whether everything on the board has been looked at."""
        return self._ahead is None

    def fill(self, seconds: float) -> None:
        """Look at what has not been looked at, for about so long."""
        until = perf_counter() + seconds
        while self._ahead is not None:
            ids = tuple(islice(self._ahead, PER_LOOK))
            self.update(ids)
            if not ids:
                self._ahead = None
                self.version += 1
            if perf_counter() >= until:
                return

    def finish(self) -> None:
        """Look at all that has not been looked at."""
        if self._ahead is not None:
            self._ahead = None
            self._placed.clear()
            self._folded.clear()
            self._fill(self._entries.by_id)
            self.version += 1

    def _fill(self, entries: Mapping[str, Entry]) -> None:
        keys: dict[Verdict, list[Key]] = {verdict: [] for verdict in VERDICTS}
        for id, entry in entries.items():
            shown = self._shows(entry)
            if shown:
                keys[entry.row.verdict].append(entry.order_key())
                self._placed[id] = (entry.row, entry.order_key())
            elif shown is False:
                self._folded[id] = None
        self._lists = {verdict: Blocks(keys[verdict]) for verdict in VERDICTS}

    def _shows(self, entry: Entry) -> bool | None:
        """True: listed; False: matches but is folded under its owner; None: does not match."""
        if not self.query.matches(entry.row):
            return None
        if self.query.owner and all(owner.row.id != self.query.owner for owner in self._entries.ancestors(entry)):
            return None
        return not (self.query.folds and self._entries.folded(entry))

    def update(self, ids: Iterable[str]) -> None:
        """Look again at these ids, which may be on the board or gone."""
        touched = False
        for id in ids:
            entry = self._entries.by_id.get(id)
            shown = self._shows(entry) if entry is not None else None
            touched |= self._fold(id, shown is False)
            touched |= self._place(id, entry if shown else None)
        self.version += touched

    def _fold(self, id: str, folded: bool) -> bool:
        if folded == (id in self._folded):
            return False
        if folded:
            self._folded[id] = None
        else:
            del self._folded[id]
        return True

    def _place(self, id: str, entry: Entry | None) -> bool:
        old = self._placed.get(id)
        new = (entry.row, entry.order_key()) if entry is not None else None
        if old is None and new is None:
            return False
        if old is not None and new is not None:
            if old[0] is new[0]:
                return False
            if old[0].verdict is new[0].verdict and old[1] == new[1]:
                self._placed[id] = new
                return True
        if old is not None:
            self._lists[old[0].verdict].remove(old[1])
            del self._placed[id]
        if new is not None:
            self._lists[new[0].verdict].add(new[1])
            self._placed[id] = new
        return True

    def window(self, revision: int, verdict: str, start: int, count: int) -> Window:
        """Rows `start` to `start + count` of the result, or of one verdict of it."""
        lists = [self._lists[Verdict(verdict)]] if verdict else list(self._lists.values())
        keys: list[Key] = []
        skip = start
        for block in lists:
            if len(keys) >= count:
                break
            keys.extend(block.slice(skip, count - len(keys)))
            skip = max(0, skip - len(block))
        return Window(
            revision=revision,
            rows=tuple(self._placed[key[-1]][0] for key in keys),
            total=sum(map(len, lists)),
            counts={each: len(keys) for each, keys in self._lists.items()},
            objects=len(self._placed) + len(self._folded),
        )


class Results:
    """The results in use, one per distinct query without its verdict, and a few lately used."""

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        self._results: dict[Query, Result] = {}  # least lately used first
        self._users: dict[Query, int] = {}

    def get(self, query: Query) -> Result:
        """The result that holds `query`, perhaps not `ready`; kept current from now on, until others push it out."""
        base = replace(query, verdict="")
        result = self._results.pop(base, None)
        if result is None:
            result = Result(base, self._entries)
        self._results[base] = result
        idle = [key for key in self._results if key not in self._users]
        for key in idle[:-KEEP_IDLE]:
            del self._results[key]
        return result

    def hold(self, query: Query) -> Result:
        """As `get`, and kept until released as often as held."""
        base = replace(query, verdict="")
        self._users[base] = self._users.get(base, 0) + 1
        return self.get(base)

    def release(self, query: Query) -> None:
        """Undo one `hold`."""
        base = replace(query, verdict="")
        self._users[base] -= 1
        if not self._users[base]:
            del self._users[base]

    def fill(self, seconds: float = SLICE) -> bool:
        """Work for about so long on a result that is not ready; whether there was one."""
        for result in self._results.values():
            if not result.ready:
                result.fill(seconds)
                return True
        return False

    def update(self, ids: Iterable[str]) -> None:
        """Keep every result current with these ids."""
        for result in self._results.values():
            result.update(ids)
