"""What the process that watches and those that show share in Redis: its names, and a client that never waits long.

    rviz:{CLUSTER}:lock     who leads, for a few seconds at a time
    rviz:{CLUSTER}:epoch    the newest epoch that was handed out: writes of an older one are refused
    rviz:{CLUSTER}:head     epoch and number of the newest batch, and the newest epoch whose picture is whole
    rviz:{CLUSTER}:stream   the newest batches of changes, in order
    rviz:{CLUSTER}:epochs   the epochs that have a picture
    rviz:{CLUSTER}:at:EPOCH the picture: what the batches of an epoch come to

The braces keep a cluster's keys on one node of a Redis cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

PATIENCE = 2.0
"""Seconds that Redis may take to be reached, and to answer what does not wait on purpose."""

BLOCK = 1.0
"""Seconds that a reader waits for the next batch at a time."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of one cluster's keys."""

    cluster: str

    def _of(self, name: str) -> str:
        return f"rviz:{{{self.cluster}}}:{name}"

    @property
    def lock(self) -> str:
        return self._of("lock")

    @property
    def epoch(self) -> str:
        return self._of("epoch")

    @property
    def head(self) -> str:
        return self._of("head")

    @property
    def stream(self) -> str:
        return self._of("stream")

    @property
    def epochs(self) -> str:
        return self._of("epochs")

    def picture(self, epoch: int | str) -> str:
        """The hash that holds an epoch's picture; with "" what all such names begin with."""
        return self._of(f"at:{epoch}")


def connect(url: str) -> Redis:
    """A client for `url`. It tries each command once: whoever asks knows better what to do than to ask again.

    It has no time limit of its own but for connecting: on Python 3.11 the one for sending (`asyncio.wait_for`) may
    swallow a cancellation. `answered` limits each command instead.
    """
    client: Redis = Redis.from_url(
        url,
        socket_connect_timeout=PATIENCE,
        socket_timeout=None,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    return client


async def answered(command: Awaitable[Any], seconds: float = PATIENCE) -> Any:
    """What Redis answers within so many seconds. Raises RedisError, TimeoutError among them."""
    try:
        async with asyncio.timeout(seconds):
            return await command
    except TimeoutError as error:
        raise exceptions.TimeoutError(f"no answer within {seconds:g} s") from error
