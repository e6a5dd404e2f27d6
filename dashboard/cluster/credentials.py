"""Who we are to the API: what a request carries, and sources that each know one way to it (`keeper` keeps it fresh)."""

from __future__ import annotations

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

    def same(self, other: Credential) -> bool:
        """Whether the API would see no difference."""
        return self.headers == other.headers and self.same_identity(other)


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
