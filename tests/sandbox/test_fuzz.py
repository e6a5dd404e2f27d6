"""Hostile requests: never a fault of the server, never a store that is not whole.

`SANDBOX_FUZZ_SECONDS` sets how long it looks for them (24 by default; `just fuzz` takes ten minutes).
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import yarl
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.sandbox import bootstrap
from dashboard.sandbox.api import Api
from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.server import listing
from dashboard.sandbox.server.app import Server
from tests.sandbox.fuzz_words import TABLE
from tests.sandbox.fuzzing import CRD, Maker, Request

SECONDS = float(os.environ.get("SANDBOX_FUZZ_SECONDS", "24"))
SPEED = 25
"""Examples a second at most: more than any machine does."""
WORLD = 100.0
"""How much faster than real the loops run."""
LIVING = 0.15
"""Seconds that they have after the last request."""
DOCUMENTED = (501, 504)
"""What is not imitated, and a version that does not come."""
INITIAL = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"


class Budget:
    """How long to go on; without an end once something is found, so that it can be made small."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self.found = False

    def spent(self) -> bool:
        """Whether the time is over."""
        return not self.found and time.monotonic() > self._end


class Place:
    """A fresh sandbox behind the one port of a run."""

    def __init__(self, api: Api, port: int, session: aiohttp.ClientSession) -> None:
        self.api = api
        self.port = port
        self.session = session

    def url(self, path: str) -> yarl.URL:
        """An address, sent as it is written."""
        return yarl.URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)

    async def send(self, made: Request) -> tuple[int, str, bytes]:
        """Status, type and beginning of the body of an answer."""
        skipped = ["Accept", "Content-Type", "User-Agent"]
        call = self.session.request(
            made.method, self.url(made.path), data=made.body, headers=made.headers, skip_auto_headers=skipped
        )
        async with call as answer:
            if answer.headers.get("Transfer-Encoding") == "chunked":
                # A watch: what it begins with will do.
                try:
                    return answer.status, "watch", await asyncio.wait_for(answer.content.readany(), 0.02)
                except TimeoutError:
                    return answer.status, "watch", b""
            return answer.status, answer.headers.get("Content-Type", ""), await answer.read()

    async def get(self, path: str, accept: str = "application/json") -> Any:
        """A document that must be there."""
        status, _, body = await self.send(Request("GET", path, {"Accept": accept}))
        assert status == 200, (path, body[:500])
        return json.loads(body)

    async def watched(self, path: str) -> list[Any]:
        """What a new watch says exists."""
        out: list[Any] = []
        async with self.session.get(self.url(f"{path}?{INITIAL}")) as answer:
            async for line in answer.content:
                event = json.loads(line)
                if event["type"] == "BOOKMARK":
                    return out
                out.append(event["object"])
        pytest.fail(f"the watch of {path} ended")


@asynccontextmanager
async def place(holder: dict[str, Server], port: int, speed: float = 1.0) -> AsyncIterator[Place]:
    """A cluster with the shop's namespace and a custom kind, in place of the one before."""
    api = Api(Clock(speed))
    bootstrap.fill(api)
    server = holder["server"] = Server(api)
    server.port = port
    client = Client(api, "tests")
    client.create("Namespace", {"metadata": {"name": "shop"}})
    client.create("CustomResourceDefinition", CRD)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20), auto_decompress=False) as session:
        yield Place(api, port, session)
    api.store.close()


def check_answer(made: Request, status: int, media: str, body: bytes) -> None:
    """An answer is no fault, and says in its body what its code says."""
    assert status < 500 or status in DOCUMENTED, (made, status, body[:2000])
    if status >= 400 and media.startswith("application/json") and body:
        said = json.loads(body)
        assert (said["kind"], said["status"], said["code"]) == ("Status", "Failure", status), (made, said)


def check_store(api: Api) -> None:
    """Every object is whole and stands where it belongs."""
    uids: set[str] = set()
    for storage, key, obj in api.store.each():
        meta = obj["metadata"]
        assert obj["kind"], (storage, key)
        assert obj["apiVersion"], (storage, key)
        assert (meta.get("namespace", ""), meta["name"]) == key, (storage, obj)
        assert meta["uid"] not in uids, (storage, key)
        assert 0 < int(meta["resourceVersion"]) <= api.store.revision, (storage, key)
        assert meta["creationTimestamp"], (storage, key)
        uids.add(meta["uid"])


def collection(resource: Resource) -> str:
    """The path of all objects of a kind."""
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    return f"{root}/{resource.plural}"


async def check_reading(there: Place) -> None:
    """Each kind that has objects can be listed, shown as a table, and watched, with the same objects."""
    for resource in there.api.registry:
        if "watch" not in resource.verbs or not there.api.store.objects(resource.storage):
            continue
        path = collection(resource)
        listed = [item["metadata"]["uid"] for item in (await there.get(path))["items"]]
        assert len(listed) == len(there.api.store.objects(resource.storage))
        table = await there.get(path, TABLE)
        assert len(table["rows"]) == len(listed)
        assert {len(row["cells"]) for row in table["rows"]} == {len(table["columnDefinitions"])}
        assert [obj["metadata"]["uid"] for obj in await there.watched(path)] == listed


async def ask(holder: dict[str, Server], port: int, numbers: list[int]) -> None:
    """Send the requests of these numbers to a fresh sandbox, and look at what they leave."""
    async with place(holder, port) as there:
        for number in numbers:
            made = Maker(number, there.api).request()
            check_answer(made, *await there.send(made))
        check_store(there.api)
        await check_reading(there)


async def live(holder: dict[str, Server], port: int, numbers: list[int]) -> None:
    """The same while the loops act on what comes in."""
    async with place(holder, port, WORLD) as there:
        tasks = bootstrap.controllers(there.api, there.api.clock)
        try:
            for number in numbers:
                made = Maker(number, there.api).request()
                check_answer(made, *await there.send(made))
            await asyncio.sleep(LIVING)
            assert [task for task in tasks if task.done()] == []
            check_store(there.api)
        finally:
            await _end(tasks)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    while waiting := {task for task in tasks if not task.done()}:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=0.2)


Asking = Callable[[dict[str, Server], int, list[int]], Coroutine[Any, Any, None]]


@pytest.mark.parametrize(("asking", "share"), [(ask, 0.7), (live, 0.3)], ids=["alone", "with loops"])
def test_no_request_is_a_fault(monkeypatch: pytest.MonkeyPatch, asking: Asking, share: float) -> None:
    monkeypatch.setattr(listing, "FRESH_WAIT", 0.01)
    budget = Budget(SECONDS * share)
    holder: dict[str, Server] = {}
    with asyncio.Runner() as runner:
        served, port = runner.run(_serve(holder))

        @settings(max_examples=int(SECONDS * SPEED), deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.integers(0, 2**40), min_size=1, max_size=40))
        def run(numbers: list[int]) -> None:
            if budget.spent():
                return
            try:
                runner.run(asking(holder, port, numbers))
            except BaseException:
                budget.found = True
                raise

        try:
            run()
        finally:
            runner.run(served.cleanup())


async def _serve(holder: dict[str, Server]) -> tuple[web.AppRunner, int]:
    """One port for all sandboxes of the run."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await holder["server"].handle(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, runner.addresses[0][1]
