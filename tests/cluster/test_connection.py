"""Where a cluster is, and what goes over the wire to it."""

from __future__ import annotations

import asyncio
import base64
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import (
    ApiError,
    BadRequest,
    ClusterError,
    ConfigError,
    Conflict,
    Forbidden,
    Garbled,
    Gone,
    Invalid,
    NotFound,
    ServerError,
    TooManyRequests,
    Unreachable,
)
from dashboard.cluster.kubeconfig import Access
from tests.cluster.mirror import connect
from tests.cluster.wire import PODS, Wire, body, cut, hang, plain_text, raw_http, refuse


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (410, Gone),
        (422, Invalid),
        (429, TooManyRequests),
        (500, ServerError),
        (503, ServerError),
        (418, ApiError),
    ],
)
async def test_a_status_becomes_its_error(code: int, error: type[ApiError]) -> None:
    async with Wire() as wire:
        wire.next(lambda request: True, refuse(code, "Why", retry_after="3", name="x"))
        connection = connect(wire)
        with pytest.raises(error) as raised:
            await connection.request("GET", PODS.path)
        await connection.close()
    assert type(raised.value) is error
    assert (raised.value.status, raised.value.reason, raised.value.retry_after) == (code, "Why", 3)
    assert raised.value.details == {"name": "x"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (cut, Unreachable),
        (hang, Unreachable),
        (raw_http(b"nonsense\r\n\r\n"), Unreachable),
        (raw_http(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"), Unreachable),
        (raw_http(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"), Unreachable),
        (body(b"<html>"), Garbled),
        (body(b"[]"), Garbled),
        (plain_text(502, "bad gateway"), ServerError),
    ],
)
async def test_answers_that_are_none(fault: Any, error: type[ClusterError]) -> None:
    async with Wire() as wire:
        wire.always.append((lambda request: True, fault))
        connection = connect(wire)
        with pytest.raises(error):
            (await connection.request("GET", PODS.path, timeout=0.3)).object()
        await connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/secrets",
        "/api/v1/namespaces/shop/secrets",
        "/api/v1/namespaces/shop/secrets/password",
        "/api/v1/namespaces/../secrets",
        "/api/v1/pods/./x",
    ],
)
async def test_what_is_never_asked_for(path: str) -> None:
    async with Wire() as wire:
        connection = connect(wire)
        with pytest.raises((Forbidden, BadRequest)):
            await connection.request("GET", path)
        with pytest.raises((Forbidden, BadRequest)):
            async with connection.stream(path):
                pass
        assert wire.requests == []
        with pytest.raises(NotFound):
            await connection.request("GET", "/api/v1/namespaces/secrets")  # a Namespace of that name
        await connection.close()


async def test_nobody_listens() -> None:
    connection = Connection(Access("x", "http://127.0.0.1:1"))
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        await connection.request("GET", "/api")
    await connection.close()


async def test_more_streams_than_a_pool_holds() -> None:
    """kubernetes.aio's default pool of a hundred would be used up by a hundred watches, for good."""
    async with Wire() as wire:
        connection = connect(wire)
        query = {"watch": "true", "resourceVersion": str(wire.version)}

        async def hold(opened: asyncio.Event) -> None:
            async with connection.stream(PODS.path, query) as stream:
                opened.set()
                await stream.read()

        events = [asyncio.Event() for _ in range(130)]
        tasks = [asyncio.create_task(hold(event)) for event in events]
        async with asyncio.timeout(10):
            for event in events:
                await event.wait()
            await connection.request("GET", PODS.path)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await connection.close()


async def test_netrc_passwords_are_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    async with Wire() as wire:
        connection = connect(wire)
        await connection.request("GET", PODS.path)
        await connection.close()
    assert "Authorization" not in wire.headers[0]


# -- TLS


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA as old clusters have them (no key usage), a server for 127.0.0.1 and `api.internal`, a client."""
    folder = tmp_path_factory.mktemp("tls")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=ca")
    openssl(folder, "req", "-x509", *key, "-keyout", "other.key", "-out", "other.crt", "-days", "2", "-subj", "/CN=o")
    for name, extension in (
        ("server", "subjectAltName=DNS:api.internal,IP:127.0.0.1"),
        ("named", "subjectAltName=DNS:api.internal"),
        ("client", "extendedKeyUsage=clientAuth"),
    ):
        (folder / f"{name}.ext").write_text(extension)
        openssl(folder, "req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        sign = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext"]
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", *sign)
    return folder


def serving(folder: Path, name: str, *, ask_client: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    if ask_client:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def ask_over_tls(wire: Wire, **access: Any) -> None:
    connection = connect(wire, **access)
    try:
        await connection.request("GET", PODS.path, timeout=3)
    finally:
        await connection.close()


async def test_authority_and_server_name(authority: Path) -> None:
    ca = (authority / "ca.crt").read_text()
    async with Wire(tls=serving(authority, "server")) as wire:
        await ask_over_tls(wire, ca=ca)
        await ask_over_tls(wire, insecure=True)
        with pytest.raises(Unreachable, match="certificate"):
            await ask_over_tls(wire)
    async with Wire(tls=serving(authority, "named")) as wire:
        with pytest.raises(Unreachable, match="certificate"):
            await ask_over_tls(wire, ca=ca)
        await ask_over_tls(wire, ca=ca, tls_server_name="api.internal")


async def test_client_certificate_from_files_and_from_data(authority: Path) -> None:
    ca = (authority / "ca.crt").read_text()
    async with Wire(tls=serving(authority, "server", ask_client=True)) as wire:
        with pytest.raises(Unreachable):
            await ask_over_tls(wire, ca=ca)
        files = {"client-certificate": "client.crt", "client-key": "client.key"}
        await ask_over_tls(wire, ca=ca, user=files, base=authority)
        data = {
            f"{key}-data": base64.b64encode((authority / name).read_bytes()).decode() for key, name in files.items()
        }
        await ask_over_tls(wire, ca=ca, user=data)
        with pytest.raises(ConfigError, match="certificates cannot be used"):
            await ask_over_tls(wire, ca=ca, user={f"{key}-data": "bm9uZQ==" for key in files})


async def test_certificate_that_is_not_pem(authority: Path) -> None:
    async with Wire(tls=serving(authority, "server")) as wire:
        with pytest.raises(ConfigError, match="certificates cannot be used"):
            await ask_over_tls(wire, ca="not a certificate")


async def test_rotated_client_certificate_leaves_open_streams_alone(authority: Path, tmp_path: Path) -> None:
    ca = (authority / "ca.crt").read_text()
    for name in ("client.crt", "client.key"):
        (tmp_path / name).write_bytes((authority / name).read_bytes())
    user = {"client-certificate": "client.crt", "client-key": "client.key"}
    async with Wire(tls=serving(authority, "server", ask_client=True)) as wire:
        connection = connect(wire, ca=ca, user=user, base=tmp_path)
        query = {"watch": "true", "resourceVersion": str(wire.version)}
        async with connection.stream(PODS.path, query) as stream:
            for name in ("crt", "key"):
                (tmp_path / f"client.{name}").write_bytes((authority / f"other.{name}").read_bytes())
            await connection.keeper.renew(await connection.keeper.current())
            with pytest.raises(Unreachable):
                # The server does not know who signed the new one: it was indeed used.
                await connection.request("GET", PODS.path)
            wire.put(PODS, "after")
            lines = await stream.read()
            assert lines is not None
            assert b"after" in lines[0]
        await connection.close()
