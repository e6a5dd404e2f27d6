"""Who we are to the API, kept fresh: one keeper per connection, over sources that each know one way.

The keeper renews before a credential expires and once after a 401; however many requests want it, one
renewal runs. A renewal that fails is no harm while the old credential is still valid, and its error is
held for a moment, so that forty reflectors do not start forty plugins.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from dashboard.cluster.errors import ConfigError, CredentialError
from dashboard.cluster.kubeconfig import file_or_data
from dashboard.cluster.timing import Timing

FILE_INTERVAL = 10.0
"""Seconds between looks at token and certificate files: rotation is a file that changes under us."""

MARGIN = 60.0
"""Seconds before its end at which a credential is renewed; a fifth of its life where that is less."""

FAILURE_HOLD = 2.0
"""Seconds during which a failed renewal is not tried again, only its error repeated."""


Headers = tuple[tuple[str, str], ...]
"""Pairs, because a header may come twice (Impersonate-Group)."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request carries. `due` and `expires` are Unix seconds: renew from, unusable after; None: never."""

    headers: Headers = ()
    certificate: str | None = None
    key: str | None = None
    due: float | None = None
    expires: float | None = None

    def same_identity(self, other: Credential) -> bool:
        """Whether the TLS part is equal, so that connections may be kept."""
        return (self.certificate, self.key) == (other.certificate, other.key)


def bearer(token: str) -> Headers:
    """The Authorization header for a token. Raises CredentialError for one that no header can carry."""
    token = token.strip()
    if not token.isascii() or not token.isprintable():
        raise CredentialError("the token holds characters that no HTTP header can carry")
    return (("Authorization", f"Bearer {token}"),)


def basic(user: str, password: str) -> Headers:
    """The Authorization header for a name and a password."""
    return (("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()),)


def due_before(expires: float, now: float) -> float:
    """When to renew what expires then, asked at `now`: tokens may live five seconds or a day."""
    return expires - min(MARGIN, max(expires - now, 0) * 0.2)


class Source(Protocol):
    """One way to a credential. `renewable` says whether asking again may give another."""

    renewable: bool

    async def fetch(self, refused: bool) -> Credential:
        """A credential, anew; `refused` after a 401. Raises CredentialError."""


class Nobody:
    """No token: anonymous, or a client certificate alone."""

    renewable = False

    async def fetch(self, refused: bool) -> Credential:
        """An empty credential."""
        del refused
        return Credential()


class StaticHeader:
    """A token or a password written in the kubeconfig."""

    renewable = False

    def __init__(self, headers: Headers) -> None:
        self._credential = Credential(headers=headers)

    async def fetch(self, refused: bool) -> Credential:
        """The same, always."""
        del refused
        return self._credential


class TokenFile:
    """A token in a file that somebody else rotates: a service account's, or `tokenFile`."""

    renewable = True

    def __init__(self, file: Path, timing: Timing) -> None:
        self._file = file
        self._timing = timing

    async def fetch(self, refused: bool) -> Credential:
        """The file's token now."""
        del refused
        try:
            # A small local file (usually tmpfs): a thread would cost more than the read.
            token = self._file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CredentialError(f"cannot read the token file {self._file}: {error}") from error
        if not token.strip():
            raise CredentialError(f"the token file {self._file} is empty")
        return Credential(headers=bearer(token), due=self._timing.wall() + FILE_INTERVAL)


class WithCertificate:
    """A source, plus the client certificate of the kubeconfig, re-read where it is a file."""

    def __init__(self, inner: Source, user: Mapping[str, Any], base: Path, timing: Timing) -> None:
        self._inner, self._user, self._base, self._timing = inner, user, base, timing
        self._in_files = not user.get("client-certificate-data")
        self.renewable = inner.renewable or self._in_files

    async def fetch(self, refused: bool) -> Credential:
        """The inner credential with certificate and key."""
        credential = await self._inner.fetch(refused)
        try:
            certificate = file_or_data(self._user, "client-certificate", self._base)
            key = file_or_data(self._user, "client-key", self._base)
        except ConfigError as error:
            raise CredentialError(str(error)) from error
        if certificate is None or key is None:
            raise CredentialError("kubeconfig: client-certificate and client-key must both be given")
        due = self._timing.wall() + FILE_INTERVAL if self._in_files else None
        dues = [moment for moment in (due, credential.due) if moment is not None]
        return replace(credential, certificate=certificate, key=key, due=min(dues, default=None))


class Impersonating:
    """A source, plus the kubeconfig's `as`, `as-groups`, `as-uid` and `as-user-extra`."""

    def __init__(self, inner: Source, headers: Headers) -> None:
        self._inner, self._headers = inner, headers
        self.renewable = inner.renewable

    async def fetch(self, refused: bool) -> Credential:
        """The inner credential with the Impersonate headers."""
        credential = await self._inner.fetch(refused)
        return replace(credential, headers=credential.headers + self._headers)


class Keeper:
    """The current credential of one connection."""

    def __init__(self, source: Source, timing: Timing) -> None:
        self._source, self._timing = source, timing
        self._lock = asyncio.Lock()
        self._current: Credential | None = None
        self._failure: tuple[float, CredentialError] | None = None
        self.renewals = 0

    @property
    def renewable(self) -> bool:
        """Whether a renewal after a 401 could help."""
        return self._source.renewable

    async def current(self) -> Credential:
        """A credential that is not due. Raises CredentialError when there is none that still works."""
        return await self._have(None)

    async def renew(self, refused: Credential) -> Credential:
        """Another credential than the one the API refused; the same renewal serves all who were refused."""
        return await self._have(refused)

    def _good(self, refused: Credential | None) -> Credential | None:
        current = self._current
        if current is None or current is refused:
            return None
        return current if current.due is None or self._timing.wall() < current.due else None

    async def _have(self, refused: Credential | None) -> Credential:
        if (current := self._good(refused)) is not None:
            return current
        async with self._lock:
            if (current := self._good(refused)) is not None:
                return current
            try:
                return await self._fetch(refused is not None)
            except CredentialError:
                old = self._current
                if old is None or old is refused:
                    raise
                if old.expires is not None and self._timing.wall() >= old.expires:
                    raise
                return old

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
        self.renewals += 1
        self._current = fetched
        return fetched
