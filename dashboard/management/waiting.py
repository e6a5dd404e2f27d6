"""Waiting for one object: its cluster's watch, narrowed to what its episode is told from, until it ends either way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from dashboard.cluster.connection import Connection
from dashboard.cluster.discovery import KindFilter
from dashboard.cluster.kinds import is_builtin_group
from dashboard.cluster.watcher import Watcher
from dashboard.core.model import Ended, Episode, Hop, Row, Verdict
from dashboard.core.objects import ObjectKey
from dashboard.live.board import Board

CONVERGED, STALLED, TIMED_OUT = 0, 1, 2
"""What the command exits with."""

LOOK = 0.05
"""Seconds between two looks at the board."""

BELOW = "core/Pod,core/Event,apps/*,-apps/ControllerRevision,batch/*"
"""What built-in kinds cause."""


class NoSuchKindError(Exception):
    """The API serves no such kind."""


def kinds_for(key: ObjectKey) -> KindFilter:
    """The object's own kind and what it may cause: nothing else is listed or watched."""
    below = BELOW if is_builtin_group(key.group) else f"{BELOW},custom/*"
    return KindFilter.parse(f"-*/*,{below},{key.group or 'core'}/{key.kind}")


class Waiting:
    """One wait. `say` gets a line for each thing that happens."""

    def __init__(self, connection: Connection, key: ObjectKey, say: Callable[[str], None]) -> None:
        self._key = key
        self._say = say
        self._board = Board(time.time)
        self._watcher = Watcher(connection, self._board, kinds=kinds_for(key))
        self._said: set[object] = set()
        self._there = False

    async def run(self, patience: float) -> int:
        """CONVERGED, STALLED or TIMED_OUT, after at most `patience` seconds. Raises NoSuchKindError."""
        watching = asyncio.create_task(self._watcher.run(), name="watch")
        try:
            async with asyncio.timeout(patience):
                return await self._until_over()
        except TimeoutError:
            row = self._board.row(self._key.id)
            self._say(f"not within {patience:g} s: {_standing(row) if row is not None else 'it does not exist'}")
            return TIMED_OUT
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _until_over(self) -> int:
        while True:
            self._board.tick(time.time())
            if self._is_listed():
                code = self._look()
                if code is not None:
                    return code
            await asyncio.sleep(LOOK)

    def _is_listed(self) -> bool:
        """Whether what is on the board is what the API holds of the kind."""
        fresh = self._watcher.freshness()
        if fresh.error:
            self._once(fresh.error, fresh.error)
        resource = self._watcher.resource(self._key.group, self._key.kind)
        if resource is None:
            if self._watcher.settled:
                raise NoSuchKindError
            return False
        state = next((kind for kind in fresh.kinds if kind.resource == resource), None)
        if state is not None and state.state in ("forbidden", "failing"):
            self._once(state.note, f"{state.state}: {state.note}")
        return state is not None and state.state == "live"

    def _look(self) -> int | None:
        row = self._board.row(self._key.id)
        if row is None:
            self._missing()
            return None
        self._there = True
        episode = self._board.episode(row.id)
        if episode is not None:
            self._tell(episode)
        self._once((row.verdict, row.cause), _standing(row))
        if row.verdict is Verdict.CONVERGED and (episode is None or episode.ended is not None):
            return CONVERGED
        if row.verdict is Verdict.STALLED and (episode is None or episode.ended is Ended.STALLED):
            return STALLED
        return None

    def _missing(self) -> None:
        """Not there yet, or no more: then all that is said of the next of its name is news."""
        if self._there:
            self._there = False
            self._said.clear()
            self._once("missing", f"{self._key.id} was deleted")
        self._once("missing", f"{self._key.id} does not exist (yet)")

    def _tell(self, episode: Episode) -> None:
        for hop in episode.hops:
            self._once((episode.key, hop.name, hop.detail), _line(episode, hop))

    def _once(self, key: object, line: str) -> None:
        if key not in self._said:
            self._said.add(key)
            self._say(line)


def _standing(row: Row) -> str:
    return " · ".join(part for part in (str(row.verdict), row.glance, row.cause) if part)


def _line(episode: Episode, hop: Hop) -> str:
    """`10:34:32  +2 s  ready  3 of 5 Pods`: API times are whole seconds."""
    at = datetime.fromtimestamp(hop.at, UTC).strftime("%H:%M:%S")
    return f"  {at}  {f'+{hop.at - episode.opened:.0f} s':>7}  {hop.name:12} {hop.detail}".rstrip()
