"""The operators on a cluster as real ones are: TLS with its own authority, and a token that is renewed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.processes import eventually
from tests.sandbox.operators.world import GROUP, World

HOP = {"host", "authorization", "transfer-encoding", "content-length", "content-encoding"}


class Front:
    """A reverse proxy over TLS that lets in whoever has the token."""

    def __init__(self, server: str, token: str) -> None:
        self.server = server
        self.token = token
        self.refused = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            self.refused += 1
            body = {"kind": "Status", "status": "Failure", "reason": "Unauthorized", "message": "who?", "code": 401}
            return web.json_response(body, status=401)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        data = await request.read() or None
        url = f"{self.server}{request.raw_path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, url, headers=headers, data=data) as answer,
        ):
            response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
            return response


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that is its own authority."""
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key", "-out", "crt"]
    subprocess.run([*make, *name], cwd=folder, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "crt", folder / "key")
    return context


@contextlib.asynccontextmanager
async def fronted(world: World, token: str) -> AsyncIterator[tuple[Front, str]]:
    front = Front(world.server, token)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", front.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate(world.folder)).start()
    try:
        yield front, f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def write_kubeconfig(world: World, server: str, token: str, *, trusted: bool = True) -> None:
    cluster = {"server": server} | ({"certificate-authority": str(world.folder / "crt")} if trusted else {})
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "real", "cluster": cluster}],
        "users": [{"name": "me", "user": {"token": token}}],
        "contexts": [{"name": "real", "context": {"cluster": "real", "user": "me"}}],
        "current-context": "real",
    }
    world.kubeconfig.write_text(json.dumps(config))


async def test_they_work_over_tls_with_a_token_that_is_renewed(fresh: World) -> None:
    async with fronted(fresh, "first") as (front, server):
        write_kubeconfig(fresh, server, "first")
        await asyncio.to_thread(fresh.operate, "database")
        path = f"{GROUP}/databases/books"
        await asyncio.to_thread(fresh.create, "Database", "books", version="16")
        await asyncio.to_thread(fresh.until, path, "Ready", "True")
        assert not front.refused
        front.token = "second"
        write_kubeconfig(fresh, server, "second")
        await asyncio.to_thread(fresh.patch, path, {"spec": {"replicas": 2}})

        def two() -> bool:
            return fresh.condition(path, "Ready").get("message") == "Ready: 2/2 on version 16"

        await asyncio.to_thread(eventually, two, "two replicas", 20)
        assert front.refused


@pytest.mark.parametrize(
    ("token", "trusted", "words"), [("right", False, "CERTIFICATE_VERIFY_FAILED"), ("wrong", True, "who?")]
)
async def test_a_cluster_that_is_not_trusted_or_does_not_trust_is_a_sentence(
    token: str, trusted: bool, words: str, fresh: World
) -> None:
    async with fronted(fresh, "right") as (_, server):
        write_kubeconfig(fresh, server, token, trusted=trusted)
        code, said = await asyncio.to_thread(fresh.fail_to_operate, "database")
        assert code == 1
        assert "\noperators: " in f"\n{said}"
        assert words in said
        assert "Traceback" not in said
