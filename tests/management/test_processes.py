"""Several processes share one watch, and end as a fresh list is, whichever of them is killed or stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from tests.management.manyprocesses import CLUSTER, TOKEN, Place, a_place, leads
from tests.processes import eventually, get, manage

TAKEOVER = 15.0
"""Seconds from the leader's death until rows of the next one are shown."""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with a_place() as place:
        place.watch()
        place.watch()
        place.web()
        place.web()
        place.deploy("first", 3)
        place.until_equal("at first")
        yield place


def test_viewers_and_web_processes_cost_the_api_no_list_and_no_watch(place: Place) -> None:
    before = place.proxy.lists
    assert before > 0 and place.proxy.watches > 0, "the proxy sees what is asked"
    third, fourth = place.web(), place.web()
    place.until_equal("with four web processes")
    for web in place.webs:
        for _ in range(5):
            assert get(f"{web}/c/{CLUSTER}/", Authorization=f"Bearer {TOKEN}")[0] == 200
    path = f"c/{CLUSTER}/o/apps/Deployment/default/first"
    objects = place.proxy.objects
    assert get(f"{third}/{path}", Authorization=f"Bearer {TOKEN}")[0] == 200
    assert place.proxy.objects == objects + 1, "an object that is viewed is asked for by its name"
    assert place.proxy.lists == before
    for web in (third, fourth):
        place.kill(place.webs.pop(web))


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
def test_without_redis_there_is_nothing_to_share(command: str) -> None:
    with manage(command, RECONCILERVIZ_REDIS_URL="") as process:
        assert process.child.wait(timeout=60) == 1
        eventually(lambda: "RECONCILERVIZ_REDIS_URL is not set" in process.said, "it says what is missing")
        assert "Traceback" not in process.said
