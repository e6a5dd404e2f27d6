"""Several processes share one watch, and end as a fresh list is, whichever of them is killed or stopped."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.management.audience import Audience
from tests.management.manyprocesses import CLUSTER, TOKEN, Asked, Place, a_place, asked, leads
from tests.processes import PATIENCE, eventually, get

TAKEOVER = 15.0
"""Seconds from the leader's death until rows of the next one are shown."""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with a_place() as place:
        place.watch()
        place.watch()
        place.web()
        place.deploy("first", 3)
        place.until_equal("at first")
        yield place


async def test_lists_and_watches_are_the_same_with_any_number_of_viewers_and_webs(place: Place) -> None:
    audience, first = Audience(), next(iter(place.webs))
    eventually(lambda: sorted((now := asked(place.way)).lists) == now.watches, "each kind is watched, once")
    before = asked(place.way)
    assert set(before.lists.values()) == {1}, "each kind was listed, once"
    for number in (1, 39):
        await audience.join(first, number)
        await until_right(place, audience)
    more = [place.web() for _ in range(3)]
    await asyncio.to_thread(place.until_equal, "with four web processes")
    for web in more:
        await audience.join(web, 40)
    await asyncio.to_thread(place.deploy, "while-viewed", 4)
    await asyncio.to_thread(place.deploy, "not-for-long", 2)
    await asyncio.to_thread(place.delete, "not-for-long")
    await until_right(place, audience, "while-viewed")
    watched = sorted(before.lists)
    after = eventually(lambda: (now := asked(place.way)).watches == watched and now, "each kind is watched once")
    assert after.lists == before.lists, "nobody but the leader lists, and it did so before anybody looked"
    assert asked(place.aside) == Asked({}, [], 0), "no web process has asked anything for those who look at lists"
    path = f"c/{CLUSTER}/o/apps/Deployment/default/first"
    assert get(f"{more[0]}/{path}", Authorization=f"Bearer {TOKEN}")[0] == 200
    assert asked(place.aside) == Asked({}, [], 1), "an object that is viewed is asked for by its name"
    audience.leave()
    for web in more[1:]:
        place.kill(place.webs.pop(web))


async def until_right(place: Place, audience: Audience, name: str = "first") -> None:
    """Wait until everybody sees what fresh lists give, a Deployment of that name among it."""

    async def look() -> list[str]:
        fresh = await asyncio.to_thread(place.fresh)
        there = f"apps/Deployment/default/{name}" in fresh["Deployment"]
        return audience.differences(fresh) if there else [f"{name} is not there"]

    end = time.monotonic() + PATIENCE
    while found := await look():
        assert time.monotonic() < end, f"not within {PATIENCE:.0f} s: {found}"
        await asyncio.sleep(0.05)  # between looks at a condition: each one lists three kinds


def test_the_leader_is_killed_while_writes_go_on(place: Place) -> None:
    leader = place.leader()
    web = next(iter(place.webs))
    place.kill(leader)
    killed = time.monotonic()
    number, gaps = 0, 0
    while "apps/Deployment/default/after-0" not in (rows := place.shown(web, "Deployment")):
        assert time.monotonic() - killed < TAKEOVER, "nobody has taken over"
        gaps += "apps/Deployment/default/first" not in rows
        if number < 6:
            place.deploy(f"after-{number}")
            number += 1
        time.sleep(0.1)  # paces the writes; nothing is waited for
    print(f"takeover within {time.monotonic() - killed:.1f} s")
    assert not gaps, "what was there was shown throughout"
    place.delete("after-1")
    place.until_equal("after the leader was killed")
    place.watch()


def test_a_leader_that_was_stopped_for_longer_than_its_lock_steps_down(place: Place) -> None:
    leader = place.leader()
    leader.child.send_signal(signal.SIGSTOP)
    eventually(lambda: any(leads(each) for each in place.watches if each is not leader), "another one leads")
    place.deploy("while-stopped")
    leader.child.send_signal(signal.SIGCONT)
    place.deploy("with-two")
    eventually(lambda: not leads(leader), "the one that was stopped has stepped down")
    place.until_equal("after there were two leaders")
    assert place.leader() is not leader


@pytest.mark.parametrize("lose", [False, True])
def test_redis_is_killed_and_started_again(place: Place, *, lose: bool) -> None:
    place.leader()
    place.redis.kill(lose=lose)
    place.deploy(f"without-redis-{int(lose)}")
    eventually(lambda: {place.state(web) for web in place.webs} == {"stale"}, "all webs are stale")
    place.redis.start()
    place.until_equal("after Redis came back")


def test_redis_is_full_and_relieved(place: Place) -> None:
    place.leader()
    with place.redis.client as client:
        client.config_set("maxmemory", 1)
        place.deploy("while-full")
        eventually(lambda: {place.state(web) for web in place.webs} == {"stale"}, "all webs are stale")
        client.config_set("maxmemory", 0)
    place.until_equal("after Redis was relieved")


def test_a_web_process_is_killed_and_started_again(place: Place) -> None:
    web, process = next(iter(place.webs.items()))
    place.kill(process)
    place.deploy("without-one-web")
    place.web(int(web.rpartition(":")[2]))
    place.until_equal("with a new web process")


@pytest.mark.parametrize("command", ["watch", "web"])
def test_without_redis_there_is_nothing_to_share(command: str, settings: Any) -> None:
    settings.RECONCILERVIZ_REDIS_URL = ""
    with pytest.raises(CommandError, match="RECONCILERVIZ_REDIS_URL is not set"):
        call_command(command)
