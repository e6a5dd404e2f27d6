"""From a kubeconfig's user entry to the source of its credential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from dashboard.cluster.credentials import (
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
from dashboard.cluster.execplugin import ExecPlugin
from dashboard.cluster.kubeconfig import Access
from dashboard.cluster.oidc import OpenId
from dashboard.cluster.timing import Timing


def impersonation(user: Mapping[str, Any]) -> Headers:
    """The Impersonate headers of a kubeconfig user entry."""
    pairs = [("Impersonate-User", user.get("as")), ("Impersonate-Uid", user.get("as-uid"))]
    pairs += [("Impersonate-Group", group) for group in user.get("as-groups") or ()]
    extra = user.get("as-user-extra")
    for key, values in (extra if isinstance(extra, Mapping) else {}).items():
        pairs += [(f"Impersonate-Extra-{quote(str(key), safe='')}", value) for value in values or ()]
    return tuple((name, str(value)) for name, value in pairs if value)


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


def source_for(access: Access, timing: Timing) -> Source:
    """Everything a user entry asks for: token, client certificate, impersonation."""
    source = token_source(access, timing)
    user = access.user
    if any(user.get(f"client-certificate{suffix}") for suffix in ("", "-data")):
        source = WithCertificate(source, user, access.base, timing)
    if headers := impersonation(user):
        source = Impersonating(source, headers)
    return source
