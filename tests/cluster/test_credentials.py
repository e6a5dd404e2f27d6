"""Credentials that run out, are refused, and cannot be had."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import ConfigError, CredentialError
from dashboard.cluster.kubeconfig import Access, read_in_cluster
from tests.cluster.mirror import connect
from tests.cluster.plugin import Plugin, ask
from tests.cluster.wire import Wire


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


def test_removed_auth_providers_are_named() -> None:
    with pytest.raises(ConfigError, match="'gcp' is not supported"):
        Connection(Access("x", "http://x", user={"auth-provider": {"name": "gcp"}}))
