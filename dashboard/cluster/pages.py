"""The pages of a list: asked for one by one, and handed over while the next is on its way."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from dashboard.cluster.errors import Gone
from dashboard.cluster.reading import Page
from dashboard.cluster.wiring import Wiring
from dashboard.core.objects import ResourceType

AT_ONCE = 50
"""Events that are judged before others have their turn: some five milliseconds."""

PART = 10
"""A list's objects that are decoded and judged at once."""


class Pages:
    """The lists of one kind."""

    def __init__(self, resource: ResourceType, wiring: Wiring) -> None:
        self._resource, self._wiring = resource, wiring
        self._expired = 0

    async def ask(self, token: str) -> bytes:
        """One page's bytes, "" for the first. After two expired continue tokens in a row everything is asked for at
        once.
        """
        tuning = self._wiring.tuning
        query = [] if self._expired > 1 else [("limit", str(tuning.page))]
        if token:
            query.append(("continue", token))
        self._wiring.counters.pages += 1
        try:
            answer = await self._wiring.connection.request(
                "GET", self._resource.path, query, timeout=tuning.list_silence
            )
        except Gone:
            self._expired += 1 if token else 0
            raise
        return answer.body

    async def hand_over(self, page: Page) -> asyncio.Task[bytes] | None:
        """A page's objects, some at a time: judging them all would keep everybody else waiting. Meanwhile the next page
        is on its way: it is returned, None behind the last. Raises Garbled for an object that is no JSON.
        """
        following = asyncio.create_task(self.ask(page.following)) if page.following else None
        with ExitStack() as undo:
            if following is not None:
                undo.callback(following.cancel)
            while page:
                self._wiring.sink.page(self._resource, page.take(PART))
                await asyncio.sleep(0)
            undo.pop_all()
        return following

    def complete(self) -> None:
        """A list came to its end."""
        self._expired = 0
