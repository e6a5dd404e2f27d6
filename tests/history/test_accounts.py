"""Database, broker, worker and teller are killed at random moments, and every episode is accounted for.

What each teller told of is in a log of its own. At the end: an episode is in the database, or its number is one of the
gaps that are counted and shown as lost. Nothing else.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from dashboard.history.ranges import Ranges
from tests.history.broker import Redis
from tests.history.postgres import Postgres
from tests.processes import ROOT, eventually

SECONDS = 6.0
Query = Callable[[str], list[tuple[object, ...]]]


@dataclass
class World:
    """The processes, all of which may be killed."""

    folder: Path
    environment: dict[str, str]
    seed: int
    alone: bool
    lives: int = 0
    children: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / "told.log"

    def start(self, name: str) -> subprocess.Popen[str]:
        """The teller, or a worker."""
        self.lives += 1
        teller = ["-m", "tests.history.teller", str(self.folder), str(self.log), str(self.seed + self.lives)]
        worker = ["-m", "celery", "-A", "reconcilerviz", "worker", "-P", "solo", "-l", "ERROR"]
        child = self.children[name] = subprocess.Popen(
            [sys.executable, *(worker if name == "worker" else [*teller, *(["--alone"] if self.alone else [])])],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if name == "teller":
            assert child.stdout and child.stdout.readline() == "telling\n"
        return child

    def kill(self, name: str) -> None:
        child = self.children.pop(name)
        child.send_signal(signal.SIGKILL)
        child.communicate()

    def settle(self) -> tuple[int, int]:
        """What the last teller says was lost and dropped, once nothing is held."""
        said, _ = self.children.pop("teller").communicate(timeout=90)
        word, lost, dropped = said.split()
        assert word == "settled"
        return int(lost), int(dropped)

    def told(self) -> dict[str, list[str]]:
        """Keys by run, in the order in which they were told of."""
        found: dict[str, list[str]] = defaultdict(list)
        for line in self.log.read_text().splitlines():
            run, key = line.split()
            found[run].append(key)
        return found


@contextmanager
def world(folder: Path, seed: int, *, alone: bool, **environment: str) -> Iterator[World]:
    found = World(folder, {"RECONCILERVIZ_DATA": str(folder), **environment}, seed, alone)
    try:
        yield found
    finally:
        for name in list(found.children):
            found.kill(name)


def check(found: World, query: Query, lost: int) -> int:
    """Every episode that was told of is kept, or is one of the gaps that are counted. How many are gaps."""
    kept = {str(key) for (key,) in query("SELECT key FROM history_episode")}
    runs = {str(id): (written, told) for id, written, told in query("SELECT id, written, told FROM history_run")}
    gaps = 0
    for run, keys in found.told().items():
        written, told = runs.get(run, ("[]", 0))
        assert isinstance(told, int)
        # The last line of a log may have been written and not told of any more.
        assert told in (len(keys), len(keys) - 1), f"{run} told of {len(keys)} and is known for {told}"
        seen = Ranges(pairs(written))
        for number, key in enumerate(keys[:told], 1):
            assert (number in seen) == (key in kept), f"{key} is {'' if key in kept else 'not '}there"
        assert seen.missing(told) + sum(key in kept for key in keys) == told
        gaps += seen.missing(told)
    assert lost == gaps
    assert len(kept) == sum(map(len, found.told().values())) - gaps - unsaid(found, runs)
    return gaps


def unsaid(found: World, runs: dict[str, tuple[object, object]]) -> int:
    """Lines of logs whose episode was not told of any more."""
    return sum(len(keys) - int(str(runs.get(run, ("", 0))[1])) for run, keys in found.told().items())


def pairs(written: object) -> list[list[int]]:
    return json.loads(written) if isinstance(written, str) else written  # type: ignore[return-value]  # PostgreSQL parses


@pytest.mark.parametrize("seed", [1])
def test_everything_is_killed_at_random_and_every_episode_is_accounted_for(
    postgresql: str, postgres_server: Postgres, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    broker = Redis()
    broker.start()
    environment = {"RECONCILERVIZ_DATABASE_URL": postgresql, "RECONCILERVIZ_REDIS_URL": broker.url}
    try:
        with world(tmp_path, seed, alone=False, **environment) as found:
            found.start("worker")
            found.start("teller")
            end = time.monotonic() + SECONDS
            killed: set[str] = set()
            while time.monotonic() < end or len(killed) < 4:
                time.sleep(chance.uniform(0.3, 1.2))
                victim = chance.choice(["database", "broker", "worker", "teller"])
                killed.add(victim)
                if victim == "database":
                    postgres_server.kill()
                    time.sleep(chance.uniform(0, 1.5))
                    postgres_server.start()
                elif victim == "broker":
                    broker.kill()
                    time.sleep(chance.uniform(0, 1.5))
                    broker.start()
                else:
                    found.kill(victim)
                    time.sleep(chance.uniform(0, 1))
                    found.start(victim)
            lost, dropped = found.settle()
            with psycopg.connect(postgresql) as connection:
                check(found, lambda text: connection.execute(text.encode()).fetchall(), lost)
            assert dropped == 0
    finally:
        broker.kill()


def test_one_process_alone_is_killed_and_its_file_locked_and_every_episode_is_accounted_for(tmp_path: Path) -> None:
    chance = random.Random(3)
    file = tmp_path / "history.sqlite3"
    with world(tmp_path, 3, alone=True, RECONCILERVIZ_DATABASE_URL="", RECONCILERVIZ_REDIS_URL="") as found:
        found.start("teller")
        eventually(file.exists, "the database is made")
        for _ in range(4):
            time.sleep(chance.uniform(1, 2.5))
            found.kill("teller")
            found.start("teller")
            with sqlite3.connect(file, timeout=30, isolation_level=None) as other:
                other.execute("BEGIN IMMEDIATE")
                time.sleep(chance.uniform(0, 1))
                other.execute("ROLLBACK")
            other.close()
        lost, dropped = found.settle()
        with sqlite3.connect(file) as connection:
            gaps = check(found, lambda text: connection.execute(text).fetchall(), lost)
        connection.close()
        assert dropped == 0
        assert gaps > 0, "a process that is killed holds something that was not written"
