"""The current credential of one connection, kept fresh.

It is renewed before it expires and once after a 401. However many requests want it, one renewal runs, and it runs to
its end whoever loses patience: a plugin may wait for a person, and a refresh token works once, so that an answer
nobody hears would lock its owner out. A renewal that fails or takes its time is no harm while the old credential is
still valid; its error is held for a moment, so that forty reflectors do not start forty plugins.
"""

from __future__ import annotations

import asyncio
import math

from dashboard.cluster.credentials import Credential, Source
from dashboard.cluster.errors import CredentialError
from dashboard.cluster.timing import Timing

FAILURE_HOLD = 2.0
"""Seconds during which a failed renewal is not tried again, only its error repeated."""

COURTESY = 1.0
"""Seconds that a request waits for a renewal while the credential of before still works."""

LEAST = 2.0
"""Seconds for which a new credential is used whatever its dates say: where our clock is ahead of the issuer's, each
would be due as soon as it came, and every request would run the plugin."""


class Keeper:
    """One renewal at a time, for all who ask."""

    def __init__(self, source: Source, timing: Timing) -> None:
        self._source, self._timing = source, timing
        self._current: Credential | None = None
        self._fetched_at = -math.inf
        self._failure: tuple[float, CredentialError] | None = None
        self._renewal: asyncio.Task[Credential] | None = None

    @property
    def renewable(self) -> bool:
        """Whether a renewal after a 401 could help."""
        return self._source.renewable

    @property
    def renewing(self) -> bool:
        """Whether a renewal is under way."""
        return self._renewal is not None

    async def current(self) -> Credential:
        """A credential that is not due. Raises CredentialError when there is none that still works."""
        return await self._have(None)

    async def renew(self, refused: Credential) -> Credential:
        """Another credential than the one the API refused; the same renewal serves all who were refused."""
        return await self._have(refused)

    async def close(self) -> None:
        """End the renewal that may be under way."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait({self._renewal})

    async def _have(self, refused: Credential | None) -> Credential:
        old = self._current if self._current is not refused else None
        if old is not None and self._fresh(old):
            return old
        renewal = self._renewal or self._begin(refused is not None)
        if old is not None and (old.expires is None or self._timing.wall() < old.expires):
            await asyncio.wait({renewal}, timeout=COURTESY)
            if not renewal.done() or renewal.cancelled() or renewal.exception() is not None:
                return old
        return await asyncio.shield(renewal)

    def _fresh(self, credential: Credential) -> bool:
        if credential.due is None or self._timing.wall() < credential.due:
            return True
        return self._timing.steady() - self._fetched_at < LEAST

    def _begin(self, refused: bool) -> asyncio.Task[Credential]:
        renewal = asyncio.create_task(self._fetch(refused), name="credential")
        renewal.add_done_callback(self._ended)
        self._renewal = renewal
        return renewal

    def _ended(self, renewal: asyncio.Task[Credential]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # known to whoever waited; perhaps nobody did

    async def _fetch(self, refused: bool) -> Credential:
        if self._failure is not None:
            when, error = self._failure
            if self._timing.steady() - when < FAILURE_HOLD:
                raise error
        try:
            fetched = await self._source.fetch(refused)
        except CredentialError as error:
            self._failure = (self._timing.steady(), error)
            raise
        self._failure = None
        self._current, self._fetched_at = fetched, self._timing.steady()
        return fetched
