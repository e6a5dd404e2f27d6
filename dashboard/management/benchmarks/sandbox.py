"""`bench sandbox`: listing 10,000 Pods in 500 Deployments, events to one and to fifty watchers, and what they weigh."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson

DEPLOYMENTS = 500
EACH = 20
"""Pods of one Deployment."""
GONE = 100
"""Deployments whose Pods are deleted for one measurement of events: 2,000 at once."""
MANY = 50
BOUND = 3.0
"""Seconds to list all Pods ÷ seconds to decode the same bytes."""
NAMESPACE = "bench"
AT_ONCE = 16
ROUNDS = 3


def sandbox(deployments: int = DEPLOYMENTS, gone: int = GONE) -> dict[str, Any]:
    """Measure a sandbox in a process of its own, without its loops; `gone` ≤ a third of `deployments`."""
    return asyncio.run(_measure(deployments, gone))


@asynccontextmanager
async def _serving() -> AsyncIterator[tuple[str, int]]:
    """URL and process id of a sandbox."""
    command = [sys.executable, "-m", "dashboard.sandbox", "--empty", "--no-controllers", "--until-stdin-closes"]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdout is None or process.stdin is None:
        raise RuntimeError("the sandbox has no pipes")
    try:
        line = (await process.stdout.readline()).decode()
        if not line.startswith("sandbox ready on "):
            raise RuntimeError(f"the sandbox did not start: {line!r}")
        yield line.split()[-1], process.pid
    finally:
        process.stdin.close()
        await process.wait()


async def _measure(deployments: int, gone: int) -> dict[str, Any]:
    async with _serving() as (url, pid), aiohttp.ClientSession(url) as session:
        idle = _resident(pid)
        began = time.perf_counter()
        await _fill(session, deployments)
        filling = time.perf_counter() - began
        full = _resident(pid)
        listed, decoding, size = await _list(session, deployments * EACH)
        one = await _events(session, 1, "one", gone * EACH)
        many = await _events(session, MANY, "many", gone * EACH)
    return {
        "benchmark": "sandbox",
        "ratio": round(listed / decoding, 3),
        "floor": round(decoding, 4),
        "bound": BOUND,
        "ok": listed / decoding <= BOUND,
        "unit": "seconds to list all Pods, over seconds to decode the same bytes",
        "list_seconds": round(listed, 4),
        "list_megabytes": round(size / 2**20, 1),
        "events_per_second_one_watcher": round(one),
        "events_per_second_fifty_watchers": round(many),
        "resident_mb": round(full / 2**20, 1),
        "kilobytes_an_object": round((full - idle) / 2**10 / (deployments * (EACH + 1)), 2),
        "writes_per_second": round(deployments * (EACH + 1) / filling),
        "objects": deployments * (EACH + 1),
    }


def _resident(pid: int) -> int:
    """Bytes of resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} tells no memory")


def _template(labels: dict[str, str]) -> dict[str, Any]:
    resources = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    ports = [{"containerPort": 8080}]
    main = {"name": "main", "image": "registry.example.com/shop/web:1.4.2", "ports": ports, "resources": resources}
    return {"metadata": {"labels": labels}, "spec": {"containers": [main]}}


async def _fill(session: aiohttp.ClientSession, deployments: int) -> None:
    meta = {"name": NAMESPACE}
    await _post(session, "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
    waiting = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with waiting:
            await _workload(session, number)

    await asyncio.gather(*(one(number) for number in range(deployments)))


async def _workload(session: aiohttp.ClientSession, number: int) -> None:
    """A Deployment and its Pods; a third of them each is for one of the measurements of events."""
    name = f"web-{number}"
    labels = {"app": name, "for": ("one", "many", "list")[number % 3]}
    template = _template(labels)
    spec = {"replicas": EACH, "selector": {"matchLabels": {"app": name}}, "template": template}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels}, "spec": spec}
    await _post(session, f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments", body)
    for index in range(EACH):
        meta = {"name": f"{name}-{index}", "labels": labels}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
        await _post(session, f"/api/v1/namespaces/{NAMESPACE}/pods", pod)


async def _post(session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> None:
    async with session.post(path, json=body) as answer:
        if answer.status != 201:
            raise RuntimeError(f"{path}: {answer.status} {(await answer.text())[:300]}")


async def _list(session: aiohttp.ClientSession, pods: int) -> tuple[float, float, int]:
    """Seconds to list, seconds to decode, bytes; the best of a few rounds."""
    listing, decoding, size = [], [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        async with session.get("/api/v1/pods") as answer:
            raw = await answer.read()
        listing.append(time.perf_counter() - began)
        began = time.perf_counter()
        found = orjson.loads(raw)
        decoding.append(time.perf_counter() - began)
        size = len(raw)
        if len(found["items"]) != pods:
            raise RuntimeError(f"{len(found['items'])} Pods listed instead of {pods}")
    return min(listing), min(decoding), size


async def _events(session: aiohttp.ClientSession, watchers: int, mark: str, most: int) -> float:
    """Events a second that reach all watchers together when up to `most` Pods are deleted at once."""
    async with session.get("/api/v1/pods", params={"labelSelector": f"for={mark}", "limit": str(most)}) as answer:
        found = json.loads(await answer.read())
    wanted, version = len(found["items"]), found["metadata"]["resourceVersion"]
    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(_watch(session, version, wanted, ready)) for _ in range(watchers)]
    for _ in tasks:
        await ready.acquire()
    query = {"labelSelector": f"for={mark}", "gracePeriodSeconds": "0"}
    began = time.perf_counter()
    async with session.delete(f"/api/v1/namespaces/{NAMESPACE}/pods", params=query) as answer:
        answer.raise_for_status()
        await answer.read()
    await asyncio.gather(*tasks)
    return wanted * watchers / (time.perf_counter() - began)


async def _watch(session: aiohttp.ClientSession, version: str, wanted: int, ready: asyncio.Semaphore) -> None:
    query = {"watch": "1", "resourceVersion": version}
    seen = 0
    async with session.get("/api/v1/pods", params=query) as answer:
        ready.release()
        async for chunk in answer.content.iter_any():
            seen += chunk.count(b"\n")
            if seen >= wanted:
                return
    raise RuntimeError(f"the watch ended after {seen} of {wanted} events")
