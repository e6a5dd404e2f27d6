"""Which proxy leads to an API server: kubectl's rules, which are not Python's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import ConfigError, Unreachable
from dashboard.cluster.kubeconfig import Access
from dashboard.cluster.proxies import proxy_for
from tests.cluster.mirror import connect
from tests.cluster.wire import PODS, Wire

PROXY = "http://proxy.corp:3128"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def test_the_environments_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Wire() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "localhost")
        connection = Connection(Access("x", "http://cluster.example"))
        await connection.request("GET", PODS.path)
        await connection.close()
    assert proxy.headers[0]["Host"] == "cluster.example"


async def test_what_runs_on_this_machine_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox, kind and minikube: a proxy elsewhere cannot know what 127.0.0.1 is here."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with Wire() as wire:
        connection = connect(wire)
        await connection.request("GET", PODS.path)
        await connection.close()


@pytest.mark.parametrize(
    ("server", "no_proxy", "direct"),
    [
        ("https://10.96.0.1:443", "10.96.0.0/12", True),
        ("https://10.96.0.1:443", "192.168.0.0/16, 10.0.0.0/8", True),
        ("https://11.0.0.1:443", "10.0.0.0/8", False),
        ("https://10.96.0.1", "10.96.0.1", True),
        ("https://10.96.0.1:6443", "10.96.0.1:443", False),
        ("https://10.96.0.1:6443", "10.96.0.1:6443", True),
        ("https://[fd00::1]:6443", "fd00::/8", True),
        ("https://[fd00::1]:6443", "[fd00::1]:6443", True),
        ("https://[fd00::1]:6443", "fd00::1", True),
        ("https://api.shop.example:6443", "shop.example", True),
        ("https://api.shop.example:6443", ".shop.example", True),
        ("https://api.shop.example:6443", "*.shop.example", True),
        ("https://API.Shop.Example", "SHOP.example", True),
        ("https://shop.example", ".shop.example", False),
        ("https://workshop.example", "shop.example", False),
        ("https://shop.example", "shop.example:443", True),
        ("https://shop.example", "*", True),
        ("https://shop.example", ", ,", False),
        ("https://shop.example", "10.0.0.0/99", False),
        ("https://localhost:6443", "", True),
        ("https://127.9.9.9:6443", "", True),
        ("https://[::1]:6443", "", True),
        ("http://shop.example", "", True),  # HTTPS_PROXY is not for http
    ],
)
def test_who_is_asked_directly(server: str, no_proxy: str, direct: bool) -> None:
    environment = {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}
    assert proxy_for(server, "", environment) == (None if direct else PROXY)


@pytest.mark.parametrize(
    ("named", "environment", "proxy"),
    [
        (PROXY, {"NO_PROXY": "*"}, PROXY),
        ("", {"https_proxy": PROXY}, PROXY),
        ("", {"https_proxy": "http://lower:1", "HTTPS_PROXY": PROXY}, PROXY),
        ("", {"HTTPS_PROXY": "proxy.corp:3128"}, PROXY),
        ("", {"ALL_PROXY": "socks5://proxy.corp:1080"}, None),
    ],
)
def test_whose_word_counts(named: str, environment: dict[str, str], proxy: str | None) -> None:
    assert proxy_for("https://shop.example", named, environment) == proxy


def test_a_proxy_that_we_cannot_speak_to_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://ann:secret@proxy.corp:1080")
    with pytest.raises(ConfigError, match=r"^HTTPS_PROXY socks5://proxy.corp:1080 is not http or https$"):
        Connection(Access("x", "https://shop.example"))


@asynccontextmanager
async def silent() -> AsyncIterator[str]:
    """Somebody who takes connections and never says a word."""

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_a_proxy_that_never_lets_us_through_is_given_up() -> None:
    """Silence in the middle of CONNECT is neither connecting nor reading to the HTTP client."""
    async with silent() as proxy, asyncio.timeout(5):
        connection = Connection(Access("x", "https://shop.example", proxy=proxy))
        with pytest.raises(Unreachable, match="does not answer in time"):
            async with connection.stream(PODS.path, read_timeout=0.3):
                pass
        with pytest.raises(Unreachable, match="does not answer in time"):
            await connection.request("GET", PODS.path, timeout=0.3)
        await connection.close()
