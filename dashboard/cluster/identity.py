"""From a kubeconfig's user entry to the source of its credential."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dashboard.cluster.credentials import (
    Credential,
    Headers,
    Impersonating,
    Nobody,
    Source,
    StaticHeader,
    TokenFile,
    WithCertificate,
    basic,
    bearer,
)
from dashboard.cluster.errors import ConfigError, CredentialError
from dashboard.cluster.execplugin import ExecPlugin
from dashboard.cluster.kubeconfig import Access, read_user
from dashboard.cluster.oidc import OpenId
from dashboard.cluster.timing import Timing


def impersonation(user: Mapping[str, Any]) -> Headers:
    """The Impersonate headers of a kubeconfig user entry. Raises ConfigError for what no header can carry."""
    pairs = [("Impersonate-User", user.get("as")), ("Impersonate-Uid", user.get("as-uid"))]
    pairs += [("Impersonate-Group", group) for group in _listed(user, "as-groups")]
    extra = user.get("as-user-extra")
    extra = extra if isinstance(extra, Mapping) else {}
    for key in extra:
        pairs += [(f"Impersonate-Extra-{quote(str(key), safe='')}", value) for value in _listed(extra, key)]
    headers = tuple((name, str(value)) for name, value in pairs if value)
    for name, value in headers:
        if not value.isprintable():
            raise ConfigError(f"kubeconfig: {name} holds characters that no HTTP header can carry")
    return headers


def _listed(entry: Mapping[str, Any], name: str) -> list[Any]:
    values = entry.get(name) or []
    if not isinstance(values, list):
        raise ConfigError(f"kubeconfig: {name} is not a list")
    return values


def token_source(access: Access, timing: Timing) -> Source:
    """The way to a token that a user entry describes, in kubectl's order of precedence.

    Raises ConfigError for an entry that is malformed or asks for what Kubernetes removed.
    """
    user = access.user
    if access.token_file is not None:
        return TokenFile(access.token_file, timing)
    if user.get("tokenFile"):
        return TokenFile(access.base / str(user["tokenFile"]), timing)
    if user.get("token"):
        return StaticHeader(bearer(str(user["token"])))
    if user.get("username"):
        return StaticHeader(basic(str(user["username"]), str(user.get("password") or "")))
    if user.get("exec"):
        return ExecPlugin(access, timing)
    if user.get("auth-provider"):
        return OpenId(access, timing)
    return Nobody()


def _source(access: Access, timing: Timing) -> Source:
    """Everything a user entry asks for: token, client certificate, impersonation."""
    source = token_source(access, timing)
    user = access.user
    if any(user.get(f"client-certificate{suffix}") for suffix in ("", "-data")):
        source = WithCertificate(source, user, access.base, timing)
    if headers := impersonation(user):
        source = Impersonating(source, headers)
    return source


class Written:
    """A user entry that holds its token, password or certificate itself, read again when the API refuses it.

    `oc login`, `kubeadm certs renew` and their like write new ones there, and kubectl reads the file at every run.
    """

    renewable = True

    def __init__(self, access: Access, file: Path, timing: Timing) -> None:
        self._access, self._file, self._timing = access, file, timing
        self._source = _source(access, timing)
        self._read_at = (0, 0)

    async def fetch(self, refused: bool) -> Credential:
        """What the entry says; after a 401 what it says now."""
        if refused:
            await self._read_again()
        return await self._source.fetch(refused)

    async def _read_again(self) -> None:
        try:
            status = self._file.stat()
            if (status.st_mtime_ns, status.st_ino) == self._read_at:
                return  # large files take a second to parse
            user = await asyncio.to_thread(read_user, self._file, self._access.user_name)
            access = replace(self._access, user=user)
            self._source = _source(access, self._timing)
        except (ConfigError, OSError) as error:
            raise CredentialError(str(error)) from error
        self._read_at = status.st_mtime_ns, status.st_ino


def source_for(access: Access, timing: Timing) -> Source:
    """The way to the credential that a user entry describes. Raises ConfigError as `token_source`."""
    elsewhere = access.user.get("exec") or access.user.get("auth-provider") or access.user.get("tokenFile")
    if access.origin is None or not access.user_name or elsewhere:
        return _source(access, timing)
    return Written(access, access.origin, timing)
