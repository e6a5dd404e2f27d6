"""kubernetes.aio's ApiClient, set up for one TLS identity: authorities, client certificate, proxy, pool."""

from __future__ import annotations

import tempfile
from pathlib import Path

import aiohttp
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration

from dashboard.cluster.credentials import Credential
from dashboard.cluster.errors import ConfigError
from dashboard.cluster.kubeconfig import Access
from dashboard.cluster.proxies import proxy_for


class Channel:
    """An ApiClient for one TLS identity, closed when it is retired and its last request has ended."""

    def __init__(self, access: Access, credential: Credential) -> None:
        self.identity = credential
        self.users = 0
        self.retired = False
        self.client = _api_client(access, credential)

    async def release(self) -> None:
        self.users -= 1
        await self.close_if_idle()

    async def close_if_idle(self) -> None:
        if self.retired and self.users <= 0:
            await self.client.close()


def _api_client(access: Access, credential: Credential) -> ApiClient:
    """An ApiClient for this access. Raises ConfigError for certificates that cannot be used."""
    configuration = Configuration(host=access.server)
    configuration.ca_cert_data = access.ca
    configuration.verify_ssl = not access.insecure
    # Python 3.13 refuses CAs without the key usage extension; kubectl takes them, and so do most clusters make them.
    configuration.disable_strict_ssl_verification = True
    configuration.tls_server_name = access.tls_server_name or None
    # aiohttp's own look at the environment would also send ~/.netrc's passwords.
    configuration.proxy = proxy_for(access.server, access.proxy)
    # No limit: every watch holds a connection, and a hundred kinds would use up the default hundred for good.
    configuration.connection_pool_maxsize = 0
    configuration.client_session_kwargs = {"trust_env": False, "cookie_jar": aiohttp.DummyCookieJar()}
    try:
        # OpenSSL takes certificates from files only: they exist for this one call.
        with tempfile.TemporaryDirectory(prefix="reconcilerviz-") as folder:
            if credential.certificate and credential.key:
                for attribute, content in (("cert_file", credential.certificate), ("key_file", credential.key)):
                    file = Path(folder) / attribute
                    file.touch(mode=0o600)
                    file.write_text(content, encoding="utf-8")
                    setattr(configuration, attribute, str(file))
            return ApiClient(configuration)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"{access.name}: the certificates cannot be used: {error}") from error
