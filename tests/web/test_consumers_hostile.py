"""Hostile viewers over real sockets: whatever they send, another viewer is told every change, and nothing is left."""

from __future__ import annotations

import asyncio
import json
import random

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dashboard.live.session import MAX_MESSAGE, MAX_ROWS, MAX_SUBSCRIPTIONS
from tests.cluster.mirror import eventually
from tests.live.factory import POD, pod
from tests.live.hubs import Held
from tests.web.test_consumers_socket import QUERY, reading, served

__all__ = ["served"]

DEEP = "[" * 30_000
KNOWN = {"op": ["query", "object", "resync", "close", "", "QUERY", None, 7], "cluster": ["sandbox", "other", None, []]}
ODD = (None, True, -1, 0, 1, 2**53, 2**70, 1e308, "", "x" * 5000, "\u202e<img src=x>", [], {}, [[]], {"a": {"b": []}})


def message(chance: random.Random) -> str | bytes:
    """Anything from almost right to no text at all."""
    match chance.randrange(8):
        case 0:
            return chance.randbytes(chance.randrange(200))
        case 1:
            return DEEP
        case 2:
            return "x" * (MAX_MESSAGE + chance.randrange(1000))
        case 3:
            return json.dumps(chance.choice(ODD))
        case _:
            fields = {name: chance.choice(values) for name, values in KNOWN.items()}
            fields |= {
                name: chance.choice([1, 2, *ODD])
                for name in ("id", "start", "count", "object")
                if chance.random() < 0.7
            }
            fields["query"] = chance.choice([{}, {"q": chance.choice(ODD)}, {"verdict": "x"}, *ODD])
            return json.dumps(fields)


async def attack(port: int, seed: int, messages: int) -> None:
    """Send so many, and read nothing until sent away."""
    chance = random.Random(seed)
    async with connect(f"ws://127.0.0.1:{port}/ws", max_size=None, compression=None) as wire:
        try:
            for _ in range(messages):
                await wire.send(message(chance))
        except ConnectionClosed:
            return
        wire.transport.abort()  # a farewell would wait for all that was never read


@pytest.mark.parametrize("given", [1, 2, None])
async def test_what_hostile_viewers_send_disturbs_nobody(served: tuple[Held, int], given: int | None) -> None:
    seed = given or random.randrange(10**9)
    print(f"seed {seed}")
    held, port = served
    held.board.apply(POD, "ADDED", pod("first"))
    async with reading(port) as honest:
        await honest.until("first")
        attacks = [asyncio.create_task(attack(port, seed + number, 150)) for number in range(4)]
        for number in range(30):
            held.board.apply(POD, "ADDED", pod(f"p{number}"))
            assert await honest.until(f"p{number}") == number + 2
        await asyncio.gather(*attacks)
        held.board.apply(POD, "ADDED", pod("last"))
        assert await honest.until("last") == 32
        await eventually(lambda: len(held.hub._viewers) == 1)
        assert len(held.hub._topics) == 1


async def test_each_error_names_its_field_and_the_bounds_hold(served: tuple[Held, int]) -> None:
    _, port = served
    async with connect(f"ws://127.0.0.1:{port}/ws", max_size=None, compression=None) as wire:

        async def refused(**about: object) -> str:
            await wire.send(json.dumps({**QUERY, **about}))
            while (frame := json.loads(await wire.recv()))["t"] != "error":
                continue
            return str(frame["field"])

        for id in range(MAX_SUBSCRIPTIONS):
            await wire.send(json.dumps({**QUERY, "id": id, "count": MAX_ROWS}))
        assert await refused(id=MAX_SUBSCRIPTIONS) == "id"
        assert await refused(count=MAX_ROWS + 1) == "count"
        assert await refused(query={"verdict": "fine"}) == "query.verdict"
        assert await refused(op="drop") == "op"
        assert await refused(cluster="another") == "cluster"
