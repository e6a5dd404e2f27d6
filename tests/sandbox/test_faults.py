"""Faults over HTTP: loops paused, slowed, stepped and resumed, webhooks that refuse, and what is no such request."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from dashboard.sandbox import bootstrap
from dashboard.sandbox.api import Api
from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.server.app import Server
from tests.sandbox.conftest import Sandbox, deployment

LOOP = "/sandbox/loops/deployment-controller"
PATIENCE = 15.0


async def eventually(look: Callable[[], Awaitable[bool]]) -> None:
    """Return when it is so."""
    async with asyncio.timeout(PATIENCE):
        for pause in itertools.repeat(0.01):
            if await look():
                return
            await asyncio.sleep(pause)


class Lab(Sandbox):
    """A sandbox with its loops."""

    async def act(self, **body: Any) -> dict[str, Any]:
        answer = await self.call("POST", LOOP, body)
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found

    async def loop(self) -> dict[str, Any]:
        loops = (await self.call("GET", "/sandbox/loops")).json["loops"]
        return next(each for each in loops if each["name"] == "deployment-controller")

    def observed(self) -> int:
        found = self.client.get("Deployment", "shop", "web") or {}
        return int((found.get("status") or {}).get("observedGeneration") or 0)

    async def until(self, generation: int) -> float:
        """Wait until the controller has seen that generation; the seconds that it took."""
        began = time.monotonic()

        async def seen() -> bool:
            return self.observed() >= generation

        await eventually(seen)
        return time.monotonic() - began

    async def rest(self) -> None:
        """Wait until the controller has nothing more to do."""

        async def converged() -> bool:
            found = self.client.get("Deployment", "shop", "web") or {}
            conditions = (found.get("status") or {}).get("conditions") or ()
            return any(each.get("reason") == "NewReplicaSetAvailable" for each in conditions)

        await eventually(converged)

    async def held(self) -> None:
        async def holds() -> bool:
            return bool((await self.loop())["held"])

        await eventually(holds)


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    clock = Clock(50.0)
    api = Api(clock)
    bootstrap.fill(api)
    tasks = bootstrap.controllers(api, clock)
    server = Server(api)
    runner = web.AppRunner(server.application(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    Client(api, "tests").create("Namespace", {"metadata": {"name": "shop"}})
    async with aiohttp.ClientSession() as session:
        yield Lab(api, server.port, session)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    api.store.close()
    await runner.cleanup()


def scale(lab: Lab, replicas: int) -> None:
    lab.client.patch("Deployment", "shop", "web", {"spec": {"replicas": replicas}})


async def test_says_that_it_is_a_sandbox(lab: Lab) -> None:
    answer = (await lab.call("GET", "/sandbox/")).json
    assert answer == {"kind": "Sandbox", "apiVersion": "sandbox.reconcilerviz/v1", "speed": 50.0}


async def test_a_paused_loop_observes_nothing_until_it_is_stepped_or_resumed(lab: Lab) -> None:
    lab.client.create("Deployment", deployment())
    await lab.rest()
    assert (await lab.act(do="pause"))["state"] == "paused"
    scale(lab, 5)
    await lab.held()
    assert lab.observed() == 1
    assert (await lab.act(do="step"))["message"] == "deployment-controller works on shop/web once"
    await lab.until(2)
    scale(lab, 2)
    await lab.held()
    assert lab.observed() == 2
    resumed = await lab.act(do="resume")
    assert (resumed["state"], resumed["rules"]) == ("running", [])
    await lab.until(3)
    last = (await lab.loop())["last"][0]
    assert (last["object"], last["outcome"]) == ("shop/web", "done")
    assert abs(last["at"] - time.time()) < PATIENCE


async def test_a_slow_loop_waits_before_each_sync(lab: Lab) -> None:
    lab.client.create("Deployment", deployment())
    await lab.rest()
    await lab.act(do="slow", delay=50)
    scale(lab, 5)
    assert await lab.until(2) > 0.9  # 50 s of a world that runs 50 times as fast


async def test_a_rule_for_one_namespace_leaves_the_others_alone(lab: Lab) -> None:
    await lab.act(do="pause", namespace="elsewhere")
    lab.client.create("Deployment", deployment())
    await lab.until(1)
    assert (await lab.loop())["state"] == "running"
    assert [rule["namespace"] for rule in (await lab.loop())["rules"]] == ["elsewhere"]


async def test_step_with_nothing_held_says_so(lab: Lab) -> None:
    assert (await lab.act(do="step"))["message"] == "nothing waits for deployment-controller"


async def test_a_webhook_refuses_until_it_is_removed(lab: Lab) -> None:
    refusal = {"webhook": "policy.example.com", "message": "no", "kinds": ["Deployment"], "namespaces": ["shop"]}
    assert (await lab.call("POST", "/sandbox/refusals", refusal)).status == 200
    path = "/apis/apps/v1/namespaces/shop/deployments"
    refused = await lab.call("POST", path, deployment())
    assert refused.status == 403
    assert refused.json["message"] == 'admission webhook "policy.example.com" denied the request: no'
    assert (await lab.call("DELETE", "/sandbox/refusals/policy.example.com")).json == {"refusals": []}
    assert (await lab.call("POST", path, deployment())).status == 201


@pytest.mark.parametrize(
    ("request_line", "body", "status", "said"),
    [
        ("POST /sandbox/loops/deployment", {"do": "pause"}, 404, "did you mean deployment-controller"),
        (f"POST {LOOP}", {"do": "stop"}, 400, "pause, slow, step, resume"),
        (f"POST {LOOP}", {"do": "slow"}, 400, "delay"),
        (f"POST {LOOP}", {"do": "slow", "delay": True}, 400, "delay"),
        (f"POST {LOOP}", {"do": "slow", "delay": 0}, 400, "delay"),
        (f"POST {LOOP}", {"do": "slow", "delay": 1e300}, 400, "delay"),
        (f"POST {LOOP}", [], 400, "JSON object"),
        (f"POST {LOOP}", b"{", 400, ""),
        (f"POST {LOOP}", {"do": "pause", "namespace": 1}, 400, "namespace"),
        ("POST /sandbox/refusals", {"webhook": "x"}, 400, "message"),
        ("POST /sandbox/refusals", {"webhook": "x", "message": "y", "kinds": "Pod"}, 400, "kinds"),
        ("DELETE /sandbox/refusals/nothing", None, 404, "nothing"),
        ("POST /sandbox/scenarios/image", {"do": "start"}, 404, "image-missing"),
        ("POST /sandbox/scenarios/image-missing", {"do": "break"}, 400, "start or clear"),
        ("DELETE /sandbox/loops", None, 405, ""),
        ("PUT /sandbox/", {}, 405, ""),
        ("GET /sandbox/anything", None, 404, ""),
    ],
)
async def test_refusals_name_what_is_wrong(lab: Lab, request_line: str, body: Any, status: int, said: str) -> None:
    answer = await lab.call(*request_line.split(), body)
    assert (answer.status, answer.json["kind"]) == (status, "Status")
    assert said in answer.json["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_the_same_guard_stands_before_them(lab: Lab, headers: dict[str, str], status: int) -> None:
    assert (await lab.call("POST", LOOP, {"do": "pause"}, headers)).status == status
    assert (await lab.loop())["state"] == "running"
