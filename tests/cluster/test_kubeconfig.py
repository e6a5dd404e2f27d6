"""Kubeconfigs, good and bad: what is wrong is named, and nothing else comes out than our own errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import ClusterError, ConfigError, CredentialError
from dashboard.cluster.kubeconfig import Access, read_kubeconfig
from tests.cluster.wire import PODS, Wire


def kubeconfig(file: Path, **changes: Any) -> Path:
    content = {
        "current-context": "shop",
        "contexts": [
            {"name": "shop", "context": {"cluster": "k", "user": "u"}},
            {"name": "other", "context": {"cluster": "k2"}},
        ],
        "clusters": [
            {"name": "k", "cluster": {"server": "https://k:6443/"}},
            {"name": "k2", "cluster": {"server": "http://k2", "proxy-url": "http://proxy:3128"}},
        ],
        "users": [{"name": "u", "user": {"token": "t"}}],
        **changes,
    }
    file.write_text(yaml.safe_dump(content))
    return file


async def test_kubeconfig_contexts(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "config")
    connection = await Connection.from_kubeconfig(file)
    assert (connection.name, connection.server) == ("shop", "https://k:6443")
    other = await Connection.from_kubeconfig(file, "other")
    assert (other.name, other.server, other.access.proxy) == ("other", "http://k2", "http://proxy:3128")


@pytest.mark.parametrize(
    ("changes", "context", "words"),
    [
        ({}, "nope", "no context named 'nope' \\(it has: other, shop\\)"),
        ({"current-context": ""}, None, "no current-context"),
        ({"clusters": []}, None, "no cluster named 'k'"),
        ({"users": []}, None, "no user named 'u'"),
        ({"clusters": [{"name": "k", "cluster": {}}]}, None, "has no http"),
        ({"clusters": [{"cluster": {}}]}, None, "clusters has no name"),
        (
            {"clusters": [{"name": "k", "cluster": {"server": "https://k", "certificate-authority": "no.crt"}}]},
            None,
            "cannot read certificate-authority .*no.crt",
        ),
        (
            {"clusters": [{"name": "k", "cluster": {"server": "https://k", "proxy-url": "socks5://p:1"}}]},
            None,
            "socks5://p:1 is not http",
        ),
    ],
)
async def test_kubeconfig_errors_name_what_is_wrong(
    tmp_path: Path, changes: dict[str, Any], context: str | None, words: str
) -> None:
    file = kubeconfig(tmp_path / "config", **changes)
    with pytest.raises(ConfigError, match=words):
        await Connection.from_kubeconfig(file, context)


@pytest.mark.parametrize("content", ["- a", "{", "\x00", "just text"])
async def test_kubeconfig_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "config").write_text(content)
    with pytest.raises(ConfigError, match=str(tmp_path / "config")):
        await Connection.from_kubeconfig(tmp_path / "config")


async def test_neither_kubeconfig_nor_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match=r"KUBECONFIG names .*missing.*KUBERNETES_SERVICE_HOST is not set"):
        await Connection.find()
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"\.kube/config, which does not exist"):
        await Connection.find()


def test_several_files_merge_and_the_first_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kubeconfig(tmp_path / "a", clusters=[{"name": "k", "cluster": {"server": "https://first"}}])
    second = kubeconfig(tmp_path / "b", **{"current-context": "other"})
    monkeypatch.setenv("KUBECONFIG", f"{first}:{tmp_path / 'missing'}:{second}")
    assert read_kubeconfig().server == "https://first"
    assert read_kubeconfig(context="other").server == "http://k2"


@pytest.mark.parametrize(
    "server",
    [
        "https://[::1",
        "https://.foo",
        "https://a..b",
        "https://" + "a" * 70,
        "http://x:abc",
        "http://x:99999",
        "https://",
    ],
)
async def test_a_server_that_is_no_address_is_an_error_of_ours(server: str) -> None:
    with pytest.raises(ClusterError):
        await asked(Access("x", server))


EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "command": "true"}


@pytest.mark.parametrize(
    "user",
    [
        {"as": "a\nb"},
        {"as": "a", "as-groups": 5},
        {"as": "a", "as-groups": "system:masters"},
        {"as": "a", "as-user-extra": {"k": 5}},
        {"as": "a", "as-user-extra": {"k\n": ["\n"]}},
        {"exec": {**EXEC, "command": "a\0b"}},
        {"exec": {**EXEC, "args": ["a\0b"]}},
        {"exec": {**EXEC, "env": [{"name": "a=b", "value": "c"}]}},
    ],
)
async def test_a_user_that_cannot_be_sent_is_an_error_of_ours(user: dict[str, Any]) -> None:
    async with Wire() as wire:
        with pytest.raises((ConfigError, CredentialError)):
            await asked(Access("x", wire.url, user=user, user_name="u"))


async def asked(access: Access) -> None:
    connection = Connection(access)
    try:
        await connection.request("GET", PODS.path, timeout=2)
    finally:
        await connection.close()
