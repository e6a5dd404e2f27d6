"""Several processes, one watch: leaders, web processes, Redis and the API fail by a seed while writes go on, and every
web process ends as a fresh list is. `CHAOS_SEED` repeats a run; every fifth of `CHAOS_FAULTS` is one of these, for each
costs a process its life.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.faults.proxy import GARBAGE
from tests.management.manyprocesses import Place, a_place, leads
from tests.processes import eventually

DEPLOYMENTS = 5
AT_A_TIME = 10
"""Faults before every web process is compared with a fresh list."""


class Chaos:
    """A place, what lies between those that watch and the API, and the dice."""

    def __init__(self, place: Place, chance: random.Random) -> None:
        self.place, self.way, self.chance = place, place.way, chance
        self.there: set[str] = set()

    def write(self) -> None:
        """Create or delete a Deployment, past every fault."""
        name = f"web-{self.chance.randrange(DEPLOYMENTS)}"
        if name in self.there:
            self.place.delete(name)
        else:
            self.place.deploy(name, self.chance.randrange(1, 4))
        self.there ^= {name}

    def run(self, faults: int) -> None:
        """So many faults, with writes before and after each."""
        for number in range(faults):
            self.write()
            fault = self.chance.choice(FAULTS)
            print(f"fault {number + 1}: {fault.__name__}")
            fault(self)
            self.write()


def kill_the_leader(chaos: Chaos) -> None:
    chaos.place.kill(chaos.place.leader())
    chaos.place.watch()


def two_leaders_for_a_moment(chaos: Chaos) -> None:
    leader = chaos.place.leader()
    leader.child.send_signal(signal.SIGSTOP)
    try:
        eventually(lambda: any(leads(each) for each in chaos.place.watches if each is not leader), "another one leads")
        chaos.write()
    finally:
        leader.child.send_signal(signal.SIGCONT)


def kill_a_web(chaos: Chaos) -> None:
    web = chaos.chance.choice(sorted(chaos.place.webs))
    chaos.place.kill(chaos.place.webs[web])
    chaos.place.web(int(web.rpartition(":")[2]))


def kill_redis(chaos: Chaos) -> None:
    chaos.place.redis.kill(lose=chaos.chance.random() < 0.5)
    chaos.write()
    chaos.place.redis.start()


def fill_redis(chaos: Chaos) -> None:
    with chaos.place.redis.client as client:
        client.config_set("maxmemory", 1)
        chaos.write()
        client.config_set("maxmemory", 0)


def freeze_redis(chaos: Chaos) -> None:
    chaos.place.redis.signal(signal.SIGSTOP)
    chaos.write()
    chaos.place.redis.signal(signal.SIGCONT)


def cut_the_api(chaos: Chaos) -> None:
    chaos.way.call(chaos.way.proxy.cut)


def take_the_api_away(chaos: Chaos) -> None:
    chaos.way.stop()
    chaos.write()
    chaos.way.start()


def garble_the_api(chaos: Chaos) -> None:
    for flow in chaos.way.proxy.streams():
        chaos.way.wait(flow.inject(GARBAGE))


FAULTS: tuple[Callable[[Chaos], None], ...] = (
    kill_the_leader,
    two_leaders_for_a_moment,
    kill_a_web,
    kill_redis,
    kill_redis,
    fill_redis,
    freeze_redis,
    cut_the_api,
    take_the_api_away,
    garble_the_api,
)


@pytest.fixture
def many() -> Iterator[Place]:
    """Two that watch and two that show."""
    with a_place() as place:
        for start in (place.watch, place.watch, place.web, place.web):
            start()
        yield place


def test_chaos_among_processes_ends_with_zero_differences(many: Place) -> None:
    place = many
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(10**9))
    faults = max(1, int(os.environ.get("CHAOS_FAULTS") or 50) // 5)
    print(f"CHAOS_SEED={seed}, {faults} faults among processes")
    chaos = Chaos(place, random.Random(seed))
    chaos.write()
    place.until_equal("before any fault")
    for at in range(0, faults, AT_A_TIME):
        chaos.run(min(AT_A_TIME, faults - at))
        place.deploy(f"end-{at}")
        place.until_equal(f"after {at + AT_A_TIME} faults")
        assert all(f"apps/Deployment/default/end-{at}" in place.shown(web, "Deployment") for web in place.webs)
