"""Faults at random, by a seed, with writes going on. Each is short: the next may come before we have recovered."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.faults.proxy import GARBAGE, Proxy, anything, listing, probing, watching
from tests.faults.sandbox import CRDS, DEPLOYMENTS, WIDGETS, Sandbox, Writer, deployment, widget
from tests.faults.test_clock import Wall

KINDS = ("pods", "deployments", "replicasets", "events", "namespaces", "customresourcedefinitions", "widgets")


@dataclass
class Chaos:
    """What there is to break, and the dice."""

    sandbox: Sandbox
    proxy: Proxy
    writer: Writer
    wall: Wall
    folder: Path
    chance: random.Random
    done: list[str] = field(default_factory=list)
    """Every fault there was, in order."""

    @property
    def token(self) -> Path:
        """The file that holds our credential."""
        return self.folder / "token"

    async def run(self, faults: int) -> None:
        """So many faults, and writes before each."""
        for number in range(faults):
            await self.write()
            fault = self.chance.choices(*zip(*FAULTS, strict=True))[0]
            self.done.append(fault.__name__)
            print(f"fault {number + 1}: {fault.__name__}")
            await fault(self)
            await asyncio.sleep(self.chance.uniform(0, 0.1))

    async def calm(self) -> None:
        """No more faults, and whatever was broken repaired."""
        self.proxy.refusals.clear()
        self.proxy.thaw()
        await self.proxy.start()
        self.rotate()

    async def write(self) -> None:
        """A few writes of any sort."""
        for _ in range(self.chance.randrange(4)):
            with suppress(aiohttp.ClientError):  # an API that refuses is a fault like another
                await self._write()

    async def _write(self) -> None:
        name = f"web-{self.chance.randrange(6)}"
        match self.chance.randrange(6):
            case 0:
                await self.writer.call("POST", DEPLOYMENTS, deployment(name, self.chance.randrange(4)))
            case 1:
                await self.writer.call("DELETE", f"{DEPLOYMENTS}/{name}")
            case 2:
                image = {
                    "spec": {"template": deployment(name, 1, f"nginx:{self.chance.randrange(9)}")["spec"]["template"]}
                }
                await self.writer.call("PATCH", f"{DEPLOYMENTS}/{name}", image)
            case 3:
                await self.writer.call("POST", WIDGETS, widget(name))
            case 4:
                await self.writer.call("DELETE", f"{WIDGETS}/{name}")
            case _:
                await self.writer.scale(name, self.chance.randrange(6))

    def kind(self) -> str:
        return self.chance.choice(KINDS)

    def rotate(self) -> None:
        """Another token, known to both sides."""
        token = f"token-{self.chance.random()}"
        self.token.write_text(token)
        self.proxy.tokens = {token}


async def cut_one(chaos: Chaos) -> None:
    chaos.proxy.cut(chaos.kind())


async def cut_all(chaos: Chaos) -> None:
    chaos.proxy.cut()


async def silence_one(chaos: Chaos) -> None:
    for flow in chaos.proxy.streams(chaos.kind()):
        flow.held = True


async def silence_all(chaos: Chaos) -> None:
    chaos.proxy.freeze()
    await chaos.write()
    await asyncio.sleep(chaos.chance.uniform(0, 1.5))
    chaos.proxy.thaw()


async def half_a_line(chaos: Chaos) -> None:
    for flow in chaos.proxy.streams(chaos.chance.choice([chaos.kind(), ""])):
        flow.torn = True


async def garbage(chaos: Chaos) -> None:
    for flow in chaos.proxy.streams(chaos.chance.choice([chaos.kind(), ""])):
        await flow.inject(GARBAGE)


async def refuse(chaos: Chaos) -> None:
    kind, chance = chaos.kind(), chaos.chance
    where = chance.choice([listing(kind), listing(kind, later=True), watching(kind), anything])
    wait = chance.choice(["", "", "1"])
    chaos.proxy.refuse(where, chance.choice([410, 429, 500, 503]), wait, times=chance.randrange(1, 6))
    chaos.proxy.cut(chance.choice([kind, ""]))


async def lost_unheard(chaos: Chaos) -> None:
    """Connections that will never say anything again, nor that they have ended."""
    for flow in chaos.proxy.streams():
        flow.held = True
    chaos.proxy.refuse(probing, 503, times=chaos.chance.randrange(1, 3))


async def somebody_elses_answers(chaos: Chaos) -> None:
    chaos.proxy.refuse(
        anything, chaos.chance.choice([400, 403, 404, 502]), times=chaos.chance.randrange(1, 40), page=True
    )
    chaos.proxy.cut(chaos.chance.choice([chaos.kind(), ""]))


async def out_of_reach(chaos: Chaos) -> None:
    await chaos.proxy.stop()
    await chaos.write()
    await asyncio.sleep(chaos.chance.uniform(0, 0.5))
    await chaos.proxy.start()


async def rotate_the_token(chaos: Chaos) -> None:
    chaos.proxy.tokens = {"not yet"}
    chaos.proxy.cut(chaos.chance.choice([chaos.kind(), ""]))
    await asyncio.sleep(chaos.chance.uniform(0, 0.3))
    chaos.rotate()


async def kill(chaos: Chaos) -> None:
    chaos.sandbox.kill()
    chaos.sandbox.start()


async def restore_a_backup(chaos: Chaos) -> None:
    backup = chaos.folder / "backup"
    if backup.exists() and chaos.chance.random() < 0.7:
        chaos.sandbox.kill()
        chaos.sandbox.restore(backup)
        chaos.sandbox.start()
    else:
        chaos.sandbox.back_up(backup)


async def another_cluster(chaos: Chaos) -> None:
    chaos.sandbox.kill()
    chaos.sandbox.forget()
    chaos.sandbox.start()
    await chaos.writer.open_shop()


async def define(chaos: Chaos) -> None:
    await chaos.writer.define(chaos.chance.choice(["v1", "v1", "v2"]), status=chaos.chance.random() < 0.8)


async def undefine(chaos: Chaos) -> None:
    await chaos.writer.call("DELETE", f"{CRDS}/widgets.example.com")


async def jump(chaos: Chaos) -> None:
    chaos.wall.ahead = chaos.chance.choice([0.0, chaos.chance.uniform(-86400, 86400)])


FAULTS: tuple[tuple[Callable[[Chaos], Awaitable[None]], int], ...] = (
    (cut_one, 6),
    (cut_all, 4),
    (silence_one, 6),
    (silence_all, 3),
    (half_a_line, 6),
    (garbage, 6),
    (refuse, 10),
    (lost_unheard, 4),
    (somebody_elses_answers, 3),
    (out_of_reach, 4),
    (rotate_the_token, 4),
    (kill, 2),
    (restore_a_backup, 3),
    (another_cluster, 1),
    (define, 5),
    (undefine, 2),
    (jump, 3),
)
"""Each with its weight."""
