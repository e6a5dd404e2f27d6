"""Loopback is no boundary: who is refused before anything is parsed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dashboard.sandbox.server.guard import LIMIT
from tests.sandbox.conftest import Sandbox, config_map

PATH = "/api/v1/namespaces/shop/configmaps"


@pytest.mark.parametrize(
    "host", ["evil.example.com", "127.0.0.1", "localhost:1", "127.0.0.1.nip.io:{port}", "0.0.0.0:{port}", ""]
)
async def test_foreign_host(sandbox: Sandbox, host: str) -> None:
    answer = await sandbox.call("GET", PATH, headers={"Host": host.format(port=sandbox.port)})
    assert (answer.status, answer.json["reason"]) == (421, "MisdirectedRequest")


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LocalHost:{port}", "[::1]:{port}"])
async def test_own_names(sandbox: Sandbox, host: str) -> None:
    answer = await sandbox.call("GET", PATH, headers={"Host": host.format(port=sandbox.port)})
    assert answer.status == 200


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "http://evil.example.com"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
async def test_web_pages(sandbox: Sandbox, header: dict[str, str], method: str) -> None:
    sent = {key: value.format(port=sandbox.port) for key, value in header.items()}
    body = config_map("made") if method == "POST" else None
    answer = await sandbox.call(method, PATH, body, headers=sent)
    assert (answer.status, answer.json["kind"]) == (403, "Status")
    assert sandbox.client.get("ConfigMap", "shop", "made") is None
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain;application/json",
    ],
)
async def test_form_bodies(sandbox: Sandbox, content_type: str) -> None:
    answer = await sandbox.call("POST", PATH, config_map("made"), content_type=content_type)
    assert (answer.status, answer.json["reason"]) == (415, "UnsupportedMediaType")
    assert sandbox.client.get("ConfigMap", "shop", "made") is None


async def raw(sandbox: Sandbox, request: bytes) -> bytes:
    """Send bytes as they are; the answer until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.port)
    writer.write(request)
    await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(65536), 5)
    finally:
        writer.close()


async def test_body_without_a_type(sandbox: Sandbox) -> None:
    request = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{sandbox.port}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    )
    assert (await raw(sandbox, request.encode())).startswith(b"HTTP/1.1 415 ")


async def test_no_host(sandbox: Sandbox) -> None:
    answer = await raw(sandbox, f"GET {PATH} HTTP/1.0\r\n\r\n".encode())
    assert b" 421 " in answer.split(b"\r\n")[0]


async def test_announced_body_too_long(sandbox: Sandbox) -> None:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{sandbox.port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {LIMIT + 1}\r\nConnection: close\r\n\r\n"
    )
    answer = await raw(sandbox, head.encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"limit is 3145728" in answer


async def test_chunked_body_too_long(sandbox: Sandbox) -> None:
    async def chunks() -> Any:
        for _ in range(4):
            yield b" " * (1 << 20)

    url = f"http://127.0.0.1:{sandbox.port}{PATH}"
    async with sandbox.session.post(url, data=chunks(), headers={"Content-Type": "application/json"}) as response:
        assert response.status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"1",
        b'{"metadata":null}',
        b'{"metadata":[]}',
        b'{"metadata":{"name":1}}',
        b'{"metadata":{"name":"x","labels":{"a":1}}}',
        b'{"metadata":{"name":"x"},"data":{"a":{}}}',
        b'{"metadata":{"name":"../x"}}',
        b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"}}',
        b'{"metadata":{"name":"\xff"}}',
        b'{"metadata":{"name":"x","uid":{}}}',
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b"[" * 100_000,
    ],
)
async def test_nonsense_is_a_client_error(sandbox: Sandbox, body: bytes) -> None:
    answer = await sandbox.call("POST", PATH, body)
    assert 400 <= answer.status < 500, answer.body
    assert answer.json["kind"] == "Status"
    assert len(sandbox.client.list("ConfigMap", "shop")) == 1, "only kube-root-ca.crt"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/shop/configmaps?limit=x",
        "/api/v1/namespaces/shop/configmaps?labelSelector=a%20b%20c",
        "/api/v1/namespaces/shop/configmaps?fieldSelector=x",
        "/api/v1/namespaces/shop/configmaps?resourceVersion=x",
        "/api/v1/namespaces/shop/configmaps?continue=%ff",
        "/api/v1/namespaces/shop/configmaps?watch=1&resourceVersionMatch=Exact",
        "/api/v1/namespaces/shop/configmaps/a/b/c/d",
        "/api/v1/namespaces/shop/configmaps/a/scale",
        "/api/v1/namespaces/shop/nodes/a",
        "/apis/apps/v1/namespaces/shop/deployments/%2e%2e%2f",
        "/nowhere",
    ],
)
async def test_strange_paths(sandbox: Sandbox, path: str) -> None:
    answer = await sandbox.call("GET", path)
    assert 400 <= answer.status < 502, answer.body
    assert answer.status != 500


async def test_yaml_aliases_are_refused(sandbox: Sandbox) -> None:
    bomb = b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"
    answer = await sandbox.call("POST", PATH, bomb, content_type="application/yaml")
    assert answer.status == 400


async def test_hostile_strings_stay_inert(sandbox: Sandbox) -> None:
    text = "</script><img src=x onerror=alert(1)>&\x1b[31m\u202e"
    made = await sandbox.call("POST", PATH, config_map("made", text=text))
    assert made.status == 201
    answer = await sandbox.call("GET", f"{PATH}/made")
    assert b"<" not in answer.body
    assert answer.json["data"]["text"] == text
