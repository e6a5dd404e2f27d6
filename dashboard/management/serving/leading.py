"""What a process that watches for others does: it takes part in the election, and while it leads it watches and tells.

Each time it begins to lead it begins with nothing: a new board, a list of every kind, and the episodes that the
database holds open. Whoever led before may have been right about them until a second ago, or not for an hour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from redis.asyncio import Redis

from dashboard.cluster.connection import Connection
from dashboard.cluster.kinds import KindFilter
from dashboard.cluster.watcher import Watcher
from dashboard.core.model import Episode, Row
from dashboard.live.board import Board
from dashboard.live.election import Election, Term
from dashboard.live.mirror_bus import Keys
from dashboard.live.publish import Publisher
from dashboard.web.recording import recording_of


async def lead_or_stand_by(
    name: str, connection: Connection, redis: Redis, *, kinds: KindFilter, clock: Callable[[], float]
) -> None:
    """Watch the cluster whenever this process is elected to, until cancelled."""
    keys = Keys(name)

    async def lead(term: Term) -> None:
        board = Board(clock)
        watcher = Watcher(connection, board, kinds=kinds, clock=clock)
        publisher = Publisher(board, watcher, term, redis=redis, keys=keys, clock=clock)
        recording = recording_of(name, board)
        _tell_both(board, recording.episode, publisher.episode)
        async with asyncio.TaskGroup() as group:
            others = [group.create_task(each) for each in (watcher.run(), recording.run())]
            try:
                await publisher.run()
            finally:
                for task in others:
                    task.cancel()

    await Election(redis, keys).lead(lead)


def _tell_both(board: Board, *listeners: Callable[[Episode, Row], None]) -> None:
    def told(episode: Episode, row: Row) -> None:
        for each in listeners:
            each(episode, row)

    if board.recorder is not None:
        board.recorder.on_episode = told
