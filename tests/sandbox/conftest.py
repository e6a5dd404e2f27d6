"""Sandboxes to test: the API over real HTTP without controllers for one test, and a whole one for a file of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yarl
from aiohttp import web

from dashboard.sandbox import bootstrap
from dashboard.sandbox.api import Api
from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.server.app import Server
from tests.sandbox.kubectls import Kubectl, kubectls

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "kubernetes" / "http"


@dataclass
class Answer:
    """A response, read to its end."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        """The body as JSON lines."""
        return [json.loads(line) for line in self.body.splitlines() if line.strip()]


class Sandbox:
    """The server under test and a client of it."""

    def __init__(self, api: Api, port: int, session: aiohttp.ClientSession) -> None:
        self.api = api
        self.port = port
        self.session = session
        self.client = Client(api, "tests")

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """One request; a body that is not bytes is sent as JSON."""
        sent = dict(headers or {})
        data = body
        if body is not None:
            sent.setdefault("Content-Type", content_type)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = yarl.URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)
        async with self.session.request(method, url, data=data, headers=sent, skip_auto_headers=["Accept"]) as response:
            return Answer(response.status, response.headers, await response.read())


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A fresh cluster with the four namespaces every cluster has, and `shop`."""
    api = Api(Clock())
    bootstrap.fill(api)
    server = Server(api)
    runner = web.AppRunner(server.application(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    Client(api, "tests").create("Namespace", {"metadata": {"name": "shop"}})
    async with aiohttp.ClientSession(headers={"User-Agent": "tests"}) as session:
        yield Sandbox(api, server.port, session)
    api.store.close()
    await runner.cleanup()


def deployment(name: str = "web", replicas: int = 3, image: str = "nginx:1.18.0-alpine") -> dict[str, Any]:
    """A small Deployment."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "nginx", "image": image}]},
            },
        },
    }


def config_map(name: str, **data: str) -> dict[str, Any]:
    """A ConfigMap in `shop`."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": data}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a whole sandbox, twenty times as fast as real."""
    command = [sys.executable, "-m", "dashboard.sandbox", "--empty", "--speed", "20", "--until-stdin-closes"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdin is not None
    line = process.stdout.readline()
    assert line.startswith("sandbox ready on http://"), line
    yield line.split()[-1]
    process.stdin.close()
    assert process.wait(10) == 0


@pytest.fixture(params=kubectls(), ids=lambda path: path.strip("/").replace("/", "-"))
def kubectl(request: pytest.FixtureRequest, server: str, tmp_path: Path) -> Kubectl:
    """A kubectl in a namespace of its own, created by `kubectl create namespace` (a protobuf body)."""
    name = f"t{abs(hash((request.param, request.node.name))) % 10**9}"
    made = Kubectl(request.param, server, tmp_path, name)
    assert made.ok("create", "namespace", name) == f"namespace/{name} created\n"
    return made
