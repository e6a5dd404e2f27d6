"""Credentials that run out, are refused, and cannot be had."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from dashboard.cluster import credentials
from dashboard.cluster.connection import Connection
from dashboard.cluster.credentials import due_before
from dashboard.cluster.errors import ConfigError, CredentialError, Unauthorized
from dashboard.cluster.kubeconfig import Access, read_in_cluster, read_kubeconfig
from dashboard.cluster.timing import Timing
from tests.cluster.mirror import connect
from tests.cluster.wire import Wire

PLUGIN = """
import json, os, sys, time
calls = sys.argv[1]
with open(calls, "a") as file:
    file.write(os.environ["KUBERNETES_EXEC_INFO"] + "\\n")
number = sum(1 for _ in open(calls))
mode = open(calls + ".mode").read()
if mode == "fail":
    sys.stderr.write("your session \\x1b[31mhas expired\\x1b[0m, log in with: corp login\\n" + "x" * 5000)
    sys.exit(3)
if mode == "garbage":
    print("hello there"); sys.exit(0)
status = {"token": f"token-{number}"}
if mode.startswith("expires"):
    moment = time.gmtime(time.time() + float(mode.split()[1]))
    status["expirationTimestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
print(json.dumps({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status}))
"""


class Plugin:
    """A credential plugin that counts its runs."""

    def __init__(self, folder: Path) -> None:
        self.script, self.calls = folder / "plugin.py", folder / "calls"
        self.script.write_text(PLUGIN)
        self.calls.touch()
        self.mode("")

    def mode(self, mode: str) -> None:
        Path(f"{self.calls}.mode").write_text(mode)

    @property
    def runs(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.calls.read_text().splitlines()]

    def user(self, **changes: Any) -> dict[str, Any]:
        return {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": sys.executable,
                "args": [str(self.script), str(self.calls)],
                "interactiveMode": "Never",
                **changes,
            }
        }


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)


async def ask(connection: Connection) -> str:
    """Make a request; the token that it was answered with."""
    await connection.request("GET", "/api/v1/pods")
    return (await connection.keeper.current()).headers[0][1].removeprefix("Bearer ")


async def test_plugin_is_run_again_before_its_five_second_token_expires(plugin: Plugin) -> None:
    plugin.mode("expires 5.9")  # whole seconds are printed: between 5 and 5.9 are left
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        refused = 0
        began = time.monotonic()
        while len(plugin.runs) < 3 and time.monotonic() - began < 20:
            number = len(plugin.runs)
            wire.allowed_tokens = {f"token-{max(number, 1)}", f"token-{number + 1}"}
            token = await ask(connection)
            refused += token not in wire.allowed_tokens
            await asyncio.sleep(0.1)
        took = time.monotonic() - began
        await connection.close()
    assert refused == 0
    assert 7 < took < 13, "two lives of five seconds, each cut a little short"
    assert not [code for code in wire.headers if "Authorization" not in code]


async def test_a_long_token_is_kept(plugin: Plugin) -> None:
    plugin.mode("expires 3600")
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        for _ in range(5):
            await ask(connection)
        await connection.close()
    assert len(plugin.runs) == 1


async def test_one_renewal_serves_all(plugin: Plugin) -> None:
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        await asyncio.gather(*(ask(connection) for _ in range(20)))
        assert len(plugin.runs) == 1
        wire.allowed_tokens = {"token-2"}
        await asyncio.gather(*(ask(connection) for _ in range(20)))
        assert len(plugin.runs) == 2
        await connection.close()


async def test_a_401_is_tried_once_more_and_no_oftener(plugin: Plugin) -> None:
    async with Wire() as wire:
        wire.allowed_tokens = set()
        connection = connect(wire, user=plugin.user())
        with pytest.raises(Unauthorized):
            await ask(connection)
        assert len(wire.requests) == 2
        assert len(plugin.runs) == 2
        await connection.close()


async def test_a_watch_is_opened_with_a_renewed_token(plugin: Plugin) -> None:
    async with Wire() as wire:
        wire.allowed_tokens = {"token-2"}
        connection = connect(wire, user=plugin.user())
        query = {"watch": "true", "resourceVersion": str(wire.version), "timeoutSeconds": "0.1"}
        async with connection.stream("/api/v1/pods", query) as stream:
            assert await stream.read() is None
        await connection.close()


async def test_a_static_token_is_not_tried_twice() -> None:
    async with Wire() as wire:
        wire.allowed_tokens = {"right"}
        connection = connect(wire, user={"token": "wrong"})
        with pytest.raises(Unauthorized, match="401 Unauthorized"):
            await connection.request("GET", "/api/v1/pods")
        assert len(wire.requests) == 1
        await connection.close()


async def test_a_failing_plugin_is_quoted(plugin: Plugin) -> None:
    plugin.mode("fail")
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        with pytest.raises(CredentialError) as raised:
            await ask(connection)
        await connection.close()
    words = str(raised.value)
    assert "exited with 3: your session [31mhas expired[0m, log in with: corp login" in words
    assert len(words) < 900
    assert "\x1b" not in words


async def test_a_failing_plugin_is_not_run_by_everybody(plugin: Plugin) -> None:
    plugin.mode("fail")
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        answers = await asyncio.gather(*(ask(connection) for _ in range(20)), return_exceptions=True)
        assert all(isinstance(answer, CredentialError) for answer in answers)
        assert len(plugin.runs) == 1
        await connection.close()


async def test_a_plugin_that_recovers_is_asked_again(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "FAILURE_HOLD", 0.0)
    plugin.mode("fail")
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        with pytest.raises(CredentialError):
            await ask(connection)
        plugin.mode("")
        await ask(connection)
        await connection.close()


async def test_a_failed_renewal_does_no_harm_while_the_token_is_valid(plugin: Plugin) -> None:
    now = time.time()
    timing = Timing(wall=lambda: now)
    plugin.mode("expires 3600")
    async with Wire() as wire:
        connection = connect(wire, timing, user=plugin.user())
        assert await ask(connection) == "token-1"
        plugin.mode("fail")
        now += 3570  # due, not expired
        assert await ask(connection) == "token-1"
        assert len(plugin.runs) == 2
        now += 60
        with pytest.raises(CredentialError):
            await ask(connection)
        await connection.close()


async def test_what_the_plugin_is_told(plugin: Plugin) -> None:
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "us"}}
    async with Wire() as wire:
        connection = connect(
            wire,
            user=plugin.user(provideClusterInfo=True, env=[{"name": "CORP", "value": "1"}]),
            cluster={"extensions": [extension]},
            tls_server_name="name",
        )
        await ask(connection)
        await connection.close()
    (told,) = plugin.runs
    assert told["kind"] == "ExecCredential"
    assert told["spec"]["interactive"] is False
    assert told["spec"]["cluster"]["server"] == wire.url
    assert told["spec"]["cluster"]["config"] == {"audience": "us"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"command": "/no/such/plugin", "installHint": "get it at corp"},
            "cannot be run: No such file.*get it at corp",
        ),
        ({"apiVersion": "client.authentication.k8s.io/v1beta1"}, "answered client.authentication.k8s.io/v1,"),
        ({"args": ["-c", "print('{}')"]}, "no ExecCredential"),
        ({"args": ["-c", "print('hello')"]}, "printed no JSON"),
        (
            {
                "args": [
                    "-c",
                    'print(\'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}\')',
                ]
            },
            "neither token nor certificate",
        ),
    ],
)
async def test_plugins_that_are_wrong(plugin: Plugin, change: dict[str, Any], words: str) -> None:
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user(**change))
        with pytest.raises(CredentialError, match=words):
            await ask(connection)
        await connection.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"interactiveMode": "Always"}, "needs a terminal"),
        ({"command": None}, "names no command"),
        ({"apiVersion": "v7"}, "'v7' is none of"),
    ],
)
def test_plugin_entries_that_are_wrong(plugin: Plugin, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Connection(Access("x", "http://x", user=plugin.user(**change)))


async def test_a_plugin_that_hangs_is_ended(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.cluster.execplugin.PLUGIN_TIMEOUT", 0.3)
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user(args=["-c", "import time; time.sleep(60)"]))
        with pytest.raises(CredentialError, match="did not end within"):
            await ask(connection)
        await connection.close()


async def test_token_file_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first\n")
    async with Wire() as wire:
        wire.allowed_tokens = {"first"}
        connection = connect(wire, user={"tokenFile": "token"}, base=tmp_path)
        assert await ask(connection) == "first"
        (tmp_path / "token").write_text("second")
        wire.allowed_tokens = {"second"}
        assert await ask(connection) == "second"
        (tmp_path / "token").unlink()
        wire.allowed_tokens = set()
        with pytest.raises(CredentialError, match="cannot read the token file"):
            await ask(connection)
        await connection.close()


async def test_in_cluster_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="KUBERNETES_SERVICE_HOST is not set"):
        read_in_cluster(tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(ConfigError, match="token does not exist"):
        read_in_cluster(tmp_path)
    (tmp_path / "token").write_text("sa-token")
    (tmp_path / "ca.crt").write_text("PEM")
    access = read_in_cluster(tmp_path)
    assert (access.server, access.ca, access.token_file) == ("https://[fd00::1]:443", "PEM", tmp_path / "token")
    credential = await Connection(access).keeper.current()
    assert credential.headers == (("Authorization", "Bearer sa-token"),)


async def test_impersonation_and_basic(tmp_path: Path) -> None:
    user = {"username": "ann", "password": "pw", "as": "bob", "as-groups": ["a", "b"], "as-user-extra": {"k/x": ["1"]}}
    async with Wire() as wire:
        connection = connect(wire, user=user)
        await connection.request("GET", "/api/v1/pods")
        await connection.close()
    sent = wire.headers[0]
    assert base64.b64decode(sent["Authorization"].removeprefix("Basic ")) == b"ann:pw"
    assert sent["Impersonate-User"] == "bob"
    assert sent["Impersonate-Extra-k%2Fx"] == "1"
    assert [
        header[1] for header in (await connection.keeper.current()).headers if header[0] == "Impersonate-Group"
    ] == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(("left", "margin"), [(5, 1), (100, 20), (900, 60), (86400, 60), (-5, 0)])
def test_renewal_margin(left: float, margin: float) -> None:
    assert due_before(1000 + left, 1000) == 1000 + left - margin


# -- OIDC


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


def test_removed_auth_providers_are_named() -> None:
    with pytest.raises(ConfigError, match="'gcp' is not supported"):
        Connection(Access("x", "http://x", user={"auth-provider": {"name": "gcp"}}))
