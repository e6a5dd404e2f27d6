"""A sandbox as a process of its own, to be killed, restored and written to."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.processes import ROOT, free_port

Obj = dict[str, Any]
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/shop/widgets"
NAMESPACE: Obj = {"metadata": {"name": "shop"}}


@dataclass
class Sandbox:
    """One address, at which lives of a sandbox follow each other. `state` holds what a life leaves to the next."""

    state: Path
    port: int = field(default_factory=free_port)
    empty: bool = True
    life: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin a life, and return when it serves."""
        self.life = subprocess.Popen(
            [sys.executable, "-m", "dashboard.sandbox", "--until-stdin-closes", "--speed", "20",
             "--port", str(self.port), "--state", str(self.state), *(["--empty"] if self.empty else [])],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.life.stdout is not None
        assert "ready" in self.life.stdout.readline()

    def kill(self) -> None:
        """End a life as a power cut does."""
        if self.life is not None:
            self.life.kill()
            with self.life:
                self.life.wait()
            self.life = None

    def back_up(self, file: Path) -> None:
        """Copy what the next life would begin from."""
        shutil.copy(self.state, file)

    def restore(self, file: Path) -> None:
        """Have the next life begin from a copy: its resource versions go back."""
        shutil.copy(file, self.state)

    def forget(self) -> None:
        """Have the next life be another cluster."""
        self.state.unlink()


@contextlib.contextmanager
def living(folder: Path, *, empty: bool = True) -> Iterator[Sandbox]:
    """A sandbox that is alive, killed in the end."""
    sandbox = Sandbox(folder / "state.jsonl", empty=empty)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.kill()


class Writer:
    """Writes to an API server directly, past all that is between it and who watches."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url, self.session = url, session

    async def call(self, method: str, path: str, body: Any = None, *, patch: str = "merge-patch+json") -> Obj:
        """One request; its answer, whatever it is."""
        kind = f"application/{patch if method == 'PATCH' else 'json'}"
        async with self.session.request(method, self.url + path, json=body, headers={"Content-Type": kind}) as answer:
            if answer.content_type != "application/json":
                return {"kind": "Status", "metadata": {}, "message": await answer.text()}  # a path that is not served
            found: Obj = await answer.json()
            return found

    async def define(self, version: str = "v1", **extra: Any) -> None:
        """Create the widgets' CRD, or change it."""
        path = f"{CRDS}/widgets.example.com"
        if (await self.call("PATCH", path, definition(version, **extra)))["kind"] == "Status":
            await self.call("POST", CRDS, definition(version, **extra))

    async def open_shop(self) -> None:
        """The namespace, and a few Deployments in it."""
        await self.call("POST", "/api/v1/namespaces", NAMESPACE)
        for number in range(3):
            await self.call("POST", DEPLOYMENTS, deployment(f"web-{number}", 2))

    async def scale(self, name: str, replicas: int) -> None:
        await self.call("PATCH", f"{DEPLOYMENTS}/{name}", {"spec": {"replicas": replicas}})

    async def until_pods(self, count: int) -> None:
        """Wait until there are so many Pods."""

        async def enough() -> bool:
            return len((await self.call("GET", "/api/v1/pods"))["items"]) >= count

        await until(enough)


async def until(look: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Return when it is so; TimeoutError when it does not become so."""
    async with asyncio.timeout(seconds):
        for pause in itertools.repeat(0.02):
            if await look():
                return
            await asyncio.sleep(pause)


def deployment(name: str, replicas: int, image: str = "nginx:1") -> Obj:
    labels = {"app": name}
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    }


def widget(name: str, size: int = 1) -> Obj:
    return {"metadata": {"name": name}, "spec": {"size": size}}


def definition(version: str = "v1", *, status: bool = True) -> Obj:
    """The CRD of widgets, served as one version; with or without a status in its schema."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    parts = {"spec": anything, **({"status": anything} if status else {})}
    return {
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": parts}},
                    **({"subresources": {"status": {}}} if status else {}),
                }
            ],
        },
    }
