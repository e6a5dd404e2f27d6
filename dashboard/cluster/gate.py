"""How many lists of a cluster run at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds that a place is held while its answer does not come."""


class Place:
    """One list's turn: `async with Place(free) as place`.

    Who is kept waiting lends the place to others: a conversion webhook that hangs takes thirty seconds of each of its
    kinds, over and over, and Pods would wait behind them.
    """

    def __init__(self, free: asyncio.Semaphore) -> None:
        self._free = free
        self._taken = False

    async def __aenter__(self) -> Self:
        await self._take()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._give_back()

    async def during(self, answer: Awaitable[T]) -> T:
        """Wait for an answer of the API's."""
        waiting = asyncio.ensure_future(answer)
        try:
            await asyncio.wait({waiting}, timeout=PATIENCE)
            if not waiting.done():
                self._give_back()
                await asyncio.wait({waiting})
            found = await waiting
        finally:
            waiting.cancel()
        if not self._taken:
            await self._take()
        return found

    async def _take(self) -> None:
        await self._free.acquire()
        self._taken = True

    def _give_back(self) -> None:
        if self._taken:
            self._taken = False
            self._free.release()
