"""Against the sandbox as a process of its own: what is mirrored equals a fresh list, also after it was killed."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from dashboard.cluster import edits
from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import Conflict, Invalid, NotFound
from dashboard.cluster.kubeconfig import Access
from dashboard.cluster.watcher import Watcher
from dashboard.core.objects import ResourceType
from tests.cluster.mirror import Mirror, eventually

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENTS = ResourceType("apps", "v1", "Deployment", "deployments", True)
HOGES = ResourceType("stable.example.com", "v1", "Hoge", "hoges", True, True)
CRDS = ResourceType("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False)
COMMAND = (sys.executable, "-m", "dashboard.sandbox", "--empty", "--speed", "10", "--until-stdin-closes")
PATIENCE = 40.0


class Sandbox:
    """The process."""

    def __init__(self) -> None:
        self.port = 0
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *COMMAND,
            "--port",
            str(self.port),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = (await self.process.stdout.readline()).decode()
        assert "ready on" in line, line
        self.port = int(line.strip().rpartition(":")[2])

    async def kill(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox()
    await sandbox.start()
    yield sandbox
    await sandbox.kill()


@asynccontextmanager
async def looking(sandbox: Sandbox) -> AsyncIterator[tuple[Watcher, Mirror, Connection]]:
    connection = Connection(Access("sandbox", f"http://127.0.0.1:{sandbox.port}"))
    mirror = Mirror()
    watcher = Watcher(connection, mirror)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher, mirror, connection
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()


def deployment(name: str, replicas: int) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "main", "image": "nginx:1.19.5"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


async def fresh(connection: Connection, watcher: Watcher) -> dict[tuple[str, str], dict[tuple[str, str], Any]]:
    """Every watched kind, listed now."""
    found: dict[tuple[str, str], dict[tuple[str, str], Any]] = {}
    for state in watcher.freshness().kinds:
        kind = state.resource
        items = (await connection.request("GET", kind.path)).object()["items"]
        found[kind.group, kind.kind] = {
            (item["metadata"].get("namespace", ""), item["metadata"]["name"]): item["metadata"]["resourceVersion"]
            for item in items or ()
        }
    return found


def versions(mirror: Mirror) -> dict[tuple[str, str], dict[tuple[str, str], Any]]:
    return {
        kind: {key: obj["metadata"]["resourceVersion"] for key, obj in kept.items()}
        for kind, kept in mirror.kept.items()
    }


async def zero_differences(connection: Connection, watcher: Watcher, mirror: Mirror) -> None:
    """Wait until the mirror equals a fresh list: the sandbox writes on its own."""
    async with asyncio.timeout(PATIENCE):
        while True:
            listed = await fresh(connection, watcher)
            if listed == versions(mirror):
                return
            await asyncio.sleep(0.1)


async def available(connection: Connection, name: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            obj = await edits.get(connection, DEPLOYMENTS, "default", name)
            if obj.get("status", {}).get("availableReplicas", 0) == count:
                return
            await asyncio.sleep(0.1)


async def test_follows_a_rollout_and_heals_after_a_kill(sandbox: Sandbox) -> None:
    async with looking(sandbox) as (watcher, mirror, connection):
        await eventually(lambda: watcher.freshness().state == "live", PATIENCE)
        path = "/apis/apps/v1/namespaces/default/deployments"
        await connection.request("POST", path, body=deployment("web", 3))
        await available(connection, "web", 3)
        body = {"spec": {"replicas": 5}}
        kind = "application/merge-patch+json"
        await edits.patch(connection, DEPLOYMENTS, "default", "web", subresource="scale", content_type=kind, body=body)
        await available(connection, "web", 5)
        await zero_differences(connection, watcher, mirror)
        assert len(mirror.kept["", "Pod"]) == 5
        web = await edits.get(connection, DEPLOYMENTS, "default", "web")
        assert len(await edits.revisions(connection, web)) == 1
        assert watcher.counters.relists == 0

        await sandbox.kill()
        await eventually(lambda: watcher.freshness().error)
        await sandbox.start()
        await connection.request("POST", path, body=deployment("other", 2))
        await zero_differences(connection, watcher, mirror)
        assert ("default", "web") not in mirror.kept["apps", "Deployment"]
        await eventually(lambda: watcher.freshness().state == "live")


async def test_custom_kinds(sandbox: Sandbox) -> None:
    async with looking(sandbox) as (watcher, mirror, connection):
        await eventually(lambda: ("apps", "Deployment") in mirror.kept, PATIENCE)
        version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
        version["schema"] = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        crd = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "hoges.stable.example.com"},
            "spec": {
                "group": "stable.example.com",
                "scope": "Namespaced",
                "names": {"plural": "hoges", "singular": "hoge", "kind": "Hoge", "listKind": "HogeList"},
                "versions": [version],
            },
        }
        await connection.request("POST", CRDS.path, body=crd)
        await eventually(lambda: ("stable.example.com", "Hoge") in mirror.kept, 5)
        assert watcher.resource("stable.example.com", "Hoge") == HOGES
        hoge = {"apiVersion": "stable.example.com/v1", "kind": "Hoge", "metadata": {"name": "one"}, "spec": {"size": 3}}
        await connection.request("POST", "/apis/stable.example.com/v1/namespaces/default/hoges", body=hoge)
        await zero_differences(connection, watcher, mirror)
        assert mirror.kept["stable.example.com", "Hoge"]
        await edits.delete(connection, CRDS, "", "hoges.stable.example.com")
        await eventually(lambda: ("stable.example.com", "Hoge") not in mirror.kept, PATIENCE)


async def test_edits_and_their_refusals(sandbox: Sandbox) -> None:
    connection = Connection(Access("sandbox", f"http://127.0.0.1:{sandbox.port}"))
    path = "/apis/apps/v1/namespaces/default/deployments"
    await connection.request("POST", path, body=deployment("web", 3))
    patch = "application/json-patch+json"
    change = [
        {"op": "test", "path": "/spec/replicas", "value": 3},
        {"op": "replace", "path": "/spec/replicas", "value": 4},
    ]
    preview = await edits.patch(
        connection, DEPLOYMENTS, "default", "web", content_type=patch, body=change, dry_run=True
    )
    assert preview["spec"]["replicas"] == 4
    assert (await edits.get(connection, DEPLOYMENTS, "default", "web"))["spec"]["replicas"] == 3
    done = await edits.patch(connection, DEPLOYMENTS, "default", "web", content_type=patch, body=change)
    managers = {entry["manager"] for entry in done["metadata"]["managedFields"]}
    assert "reconcilerviz" in managers
    with pytest.raises(Invalid):
        await edits.patch(connection, DEPLOYMENTS, "default", "web", content_type=patch, body=change)
    with pytest.raises(NotFound):
        await edits.get(connection, DEPLOYMENTS, "default", "nothing")
    with pytest.raises(Conflict):
        await edits.delete(connection, DEPLOYMENTS, "default", "web", uid="another")
    await edits.delete(connection, DEPLOYMENTS, "default", "web", uid=done["metadata"]["uid"])
    await connection.close()
