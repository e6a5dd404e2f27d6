"""The `oidc` auth-provider of a kubeconfig user: an id token, and a refresh token to get the next one.

As kubectl does, a rotated refresh token is written back to the kubeconfig it came from: many providers
accept each only once, and keeping the new one to ourselves would lock its owner out of kubectl.
"""

from __future__ import annotations

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import structlog
import yaml

from dashboard.cluster.credentials import Credential, Headers, basic, bearer, due_before
from dashboard.cluster.errors import ConfigError, CredentialError, plain
from dashboard.cluster.kubeconfig import Access, file_or_data
from dashboard.cluster.timing import Timing

log = structlog.get_logger(__name__)

PROVIDER_TIMEOUT = aiohttp.ClientTimeout(total=30)


def expiry(token: str) -> float | None:
    """The `exp` of a JWT, Unix seconds; None when it says none. Not verified: that is the API server's part."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, orjson.JSONDecodeError, ValueError):
        return None
    moment = claims.get("exp") if isinstance(claims, Mapping) else None
    return float(moment) if isinstance(moment, (int, float)) and not isinstance(moment, bool) else None


class OpenId:
    """An id token that is refreshed at the issuer's token endpoint."""

    def __init__(self, access: Access, timing: Timing) -> None:
        """Raises ConfigError for another provider than oidc: Kubernetes removed them in 1.26."""
        provider = access.user.get("auth-provider")
        name = provider.get("name") if isinstance(provider, Mapping) else None
        if name != "oidc":
            raise ConfigError(
                f"kubeconfig: user {access.user_name!r}: auth-provider {plain(str(name), 80)!r} is not supported; "
                "Kubernetes removed all but oidc, use the provider's exec plugin"
            )
        self._access, self._timing = access, timing
        self._config: dict[str, Any] = dict(provider.get("config") or {}) if isinstance(provider, Mapping) else {}
        self.renewable = bool(self._config.get("refresh-token"))

    async def fetch(self, refused: bool) -> Credential:
        """The id token at hand while it is valid, else (or when it was refused) a refreshed one."""
        held = self._credential(str(self._config.get("id-token") or ""))
        if held is not None and not refused:
            return held
        self._adopt_newer()
        newer = self._credential(str(self._config.get("id-token") or ""))
        if newer is not None and (held is None or newer.headers != held.headers):
            return newer
        await self._refresh()
        fresh = self._credential(str(self._config["id-token"]))
        if fresh is None:
            raise CredentialError("oidc: the provider's new id-token has already expired; are the clocks right?")
        return fresh

    def _credential(self, token: str) -> Credential | None:
        now = self._timing.wall()
        expires = expiry(token) if token else None
        if not token or (expires is not None and expires <= now):
            return None
        due = due_before(expires, now) if expires is not None else None
        return Credential(headers=bearer(token), due=due, expires=expires)

    def _adopt_newer(self) -> None:
        """Take over what kubectl may have written to the file meanwhile: our refresh token may be used up."""
        found = self._find(self._document())
        if found is not None and found.get("refresh-token"):
            self._config.update(found)

    def _document(self) -> Any:
        if self._access.origin is None:
            return None
        try:
            return yaml.safe_load(self._access.origin.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            log.warning("cannot re-read the kubeconfig", file=str(self._access.origin), error=str(error))
            return None

    def _find(self, document: Any) -> dict[str, Any] | None:
        users = document.get("users") if isinstance(document, dict) else None
        for entry in users if isinstance(users, list) else ():
            if isinstance(entry, dict) and entry.get("name") == self._access.user_name:
                user = entry.get("user")
                provider = user.get("auth-provider") if isinstance(user, dict) else None
                config = provider.get("config") if isinstance(provider, dict) else None
                return config if isinstance(config, dict) else None
        return None

    async def _refresh(self) -> None:
        config = self._config
        missing = [key for key in ("refresh-token", "idp-issuer-url", "client-id") if not config.get(key)]
        if missing:
            raise CredentialError(
                f"oidc: the id-token has expired, and without {' and '.join(missing)} none can be had"
            )
        issuer = str(config["idp-issuer-url"]).rstrip("/")
        connector = aiohttp.TCPConnector(ssl=self._tls())
        async with aiohttp.ClientSession(connector=connector, timeout=PROVIDER_TIMEOUT) as session:
            found = await self._ask(session, "GET", f"{issuer}/.well-known/openid-configuration")
            endpoint = found.get("token_endpoint")
            if not isinstance(endpoint, str):
                raise CredentialError(f"oidc: {issuer} names no token_endpoint")
            answer = await self._redeem(session, endpoint)
        if not isinstance(answer.get("id_token"), str):
            raise CredentialError(f"oidc: {issuer} answered the refresh without an id_token")
        config["id-token"] = answer["id_token"]
        if isinstance(answer.get("refresh_token"), str):
            config["refresh-token"] = answer["refresh_token"]
        self._write_back()

    def _tls(self) -> ssl.SSLContext:
        authority = file_or_data(self._config, "idp-certificate-authority", self._access.base)
        return ssl.create_default_context(cadata=authority)

    async def _redeem(self, session: aiohttp.ClientSession, endpoint: str) -> Mapping[str, Any]:
        config = self._config
        form = {"grant_type": "refresh_token", "refresh_token": str(config["refresh-token"])}
        client, secret = str(config["client-id"]), str(config.get("client-secret") or "")
        if secret:
            return await self._ask(session, "POST", endpoint, form, basic(client, secret))
        return await self._ask(session, "POST", endpoint, {**form, "client_id": client})

    async def _ask(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        headers: Headers = (),
    ) -> Mapping[str, Any]:
        try:
            async with session.request(method, url, data=form, headers=headers) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CredentialError(
                f"oidc: {url} does not answer: {plain(str(error)) or type(error).__name__}"
            ) from error
        if response.status != 200:
            words = plain(body[:2000].decode("utf-8", "replace"), 300)
            raise CredentialError(f"oidc: {url} answered {response.status}: {words}")
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise CredentialError(f"oidc: {url} answered no JSON") from error
        if not isinstance(answer, Mapping):
            raise CredentialError(f"oidc: {url} answered no JSON object")
        return answer

    def _write_back(self) -> None:
        document = self._document()
        found = self._find(document)
        if found is None or self._access.origin is None:
            return
        found.update({key: self._config[key] for key in ("id-token", "refresh-token")})
        try:
            _replace(self._access.origin, yaml.safe_dump(document, sort_keys=False))
        except OSError as error:
            log.warning("cannot keep the new refresh token", file=str(self._access.origin), error=str(error))


def _replace(file: Path, content: str) -> None:
    """Write beside and rename, so that a reader never sees half a kubeconfig; a symbolic link stays one."""
    file = file.resolve()
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(content)
        Path(name).chmod(file.stat().st_mode & 0o777)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
