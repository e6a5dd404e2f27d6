"""Object pages over a mirror: an object is read once for all its viewers, and again when it has moved on."""

from __future__ import annotations

import asyncio

from dashboard.live.hub import Hub
from dashboard.live.mirror import Mirror
from dashboard.live.mirror_fields import pack_entry
from dashboard.live.viewer import Viewer
from tests.live.boards import put
from tests.live.factory import DEPLOYMENT, Clock, Obj, deployment
from tests.live.hubs import Fresh
from tests.live.mirrors import Board

ID = "apps/Deployment/shop/web"


class Mirrored:
    """A hub over a mirror of a board, and an API that counts what is read."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.board, self.mirror = Board(self.clock), Mirror(self.clock)
        self.api: Obj | None = None
        self.reads = 0
        self.hub = Hub("c", self.mirror, fetch=self.fetch, freshness=Fresh, clock=self.clock, allow_edits=True)

    async def fetch(self, id: str) -> Obj | None:
        self.reads += 1
        return self.api

    def change(self, version: int) -> None:
        """A newer object in the cluster, and its row on the way."""
        self.api = deployment("web", version=version, image=f"nginx:{version}")
        put(self.board, DEPLOYMENT, self.api)
        self.board.tick(self.clock.now)
        self.mirror.take({f"r:{ID}": pack_entry(self.board.entries.by_id[ID])})

    async def step(self, seconds: float = 0.25) -> None:
        self.clock.now += seconds
        self.hub.step(self.clock.now)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.hub.step(self.clock.now)


async def test_a_viewed_object_is_read_once_and_again_when_it_moved_on() -> None:
    held = Mirrored()
    held.change(1)
    first, second = Viewer(), Viewer()
    for each in (first, second):
        held.hub.open_object(each, ID, may_edit=False)
    for _ in range(4):
        await held.step()
    assert held.reads == 1
    held.change(2)
    for _ in range(4):
        await held.step()
    assert held.reads == 2
    pinned = held.mirror.pinned(ID)
    assert pinned is not None and pinned["metadata"]["resourceVersion"] == "2"


async def test_it_is_not_read_more_than_five_times_a_second_and_ends_at_the_newest() -> None:
    held = Mirrored()
    held.change(1)
    held.hub.open_object(Viewer(), ID, may_edit=False)
    for version in range(2, 102):
        held.change(version)
        await held.step(0.01)
    assert held.reads <= 7
    await held.step()
    await held.step()
    pinned = held.mirror.pinned(ID)
    assert pinned is not None and pinned["metadata"]["resourceVersion"] == "101"


async def test_an_object_that_is_gone_before_its_row_is_not_asked_for_all_the_time() -> None:
    held = Mirrored()
    held.change(1)
    held.hub.open_object(Viewer(), ID, may_edit=False)
    await held.step()
    held.change(2)
    held.api = None
    for _ in range(10):
        await held.step(0.1)
    assert held.reads == 2


async def test_nobody_reads_what_nobody_views() -> None:
    held = Mirrored()
    for version in range(1, 5):
        held.change(version)
        await held.step()
    assert held.reads == 0
