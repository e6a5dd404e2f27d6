"""The oidc auth-provider: refreshing, and what kubectl writes to the same file."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import CredentialError, Unauthorized
from dashboard.cluster.kubeconfig import read_kubeconfig
from tests.cluster.plugin import ask
from tests.cluster.wire import Wire


def jwt(expires: float, mark: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": expires, "mark": mark}).encode()).decode().rstrip("=")
    return f"e30.{claims}.sig"


class Issuer:
    """An identity provider whose refresh tokens work once."""

    def __init__(self) -> None:
        self.valid, self.served, self.broken = "refresh-0", 0, False

    async def config(self, request: web.Request) -> web.Response:
        return web.json_response({"token_endpoint": f"{self.url}/token"})

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if self.broken or form["refresh_token"] != self.valid:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.served += 1
        self.valid = f"refresh-{self.served}"
        fresh = jwt(time.time() + 3600, f"n{self.served}")
        return web.json_response({"id_token": fresh, "refresh_token": self.valid})

    async def __aenter__(self) -> Issuer:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self.config)
        app.router.add_post("/token", self.token)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *args: object) -> None:
        await self.runner.cleanup()


def oidc_kubeconfig(folder: Path, server: str, issuer: str, token: str) -> Path:
    file = folder / "config"
    provider = {
        "name": "oidc",
        "config": {
            "client-id": "us",
            "client-secret": "s",
            "idp-issuer-url": issuer,
            "id-token": token,
            "refresh-token": "refresh-0",
        },
    }
    content = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"auth-provider": provider}}],
    }
    file.write_text(yaml.safe_dump(content))
    file.chmod(0o600)
    return file


async def test_oidc_token_is_refreshed_and_the_rotated_refresh_token_kept(tmp_path: Path) -> None:
    async with Wire() as wire, Issuer() as issuer:
        file = oidc_kubeconfig(tmp_path, wire.url, issuer.url, jwt(time.time() - 5, "old"))
        connection = await Connection.from_kubeconfig(file)
        first = await ask(connection)
        assert issuer.served == 1
        await ask(connection)
        assert issuer.served == 1
        kept = read_kubeconfig(file).user["auth-provider"]["config"]
        assert (kept["refresh-token"], kept["id-token"]) == ("refresh-1", first)
        assert file.stat().st_mode & 0o777 == 0o600
        # Refused although not expired: refresh once more.
        wire.allowed_tokens = set()
        with pytest.raises(Unauthorized):
            await ask(connection)
        assert issuer.served == 2
        await connection.close()


async def test_oidc_takes_what_kubectl_wrote_meanwhile(tmp_path: Path) -> None:
    async with Wire() as wire, Issuer() as issuer:
        file = oidc_kubeconfig(tmp_path, wire.url, issuer.url, jwt(time.time() - 5, "old"))
        connection = await Connection.from_kubeconfig(file)
        newer = jwt(time.time() + 3600, "by kubectl")
        oidc_kubeconfig(tmp_path, wire.url, issuer.url, newer)
        assert await ask(connection) == newer
        assert issuer.served == 0
        await connection.close()


async def test_oidc_that_fails_says_why(tmp_path: Path) -> None:
    async with Wire() as wire, Issuer() as issuer:
        issuer.broken = True
        file = oidc_kubeconfig(tmp_path, wire.url, issuer.url, jwt(time.time() - 5, "old"))
        connection = await Connection.from_kubeconfig(file)
        with pytest.raises(CredentialError, match=r"answered 400: .*invalid_grant"):
            await ask(connection)
        await connection.close()
