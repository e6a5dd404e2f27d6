"""Webhooks as they run in production: two processes that watch, one that shows, worker and beat, Redis and PostgreSQL.

What stalls and recovers is a custom resource, whose status a test writes; each test has a namespace of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.sandbox import CRDS, definition
from tests.history import postgres
from tests.history.receivers import Got, Receiver, receiving
from tests.history.test_celery import celery
from tests.management.manyprocesses import TOKEN, Place, a_place, leads
from tests.processes import Process, eventually, free_port, get, manage

SECRET = "a-signing-secret"
STALLED = {"type": "Stalled", "status": "True", "reason": "Refused", "message": "the backend refuses it"}
READY = {"type": "Ready", "status": "True", "reason": "Done"}


@dataclass
class World:
    """All of the processes, and what a test does to the cluster and sees in the database."""

    place: Place
    database: str
    stack: contextlib.ExitStack
    working: dict[str, Process] = field(default_factory=dict)

    def work(self, *names: str) -> None:
        """Start worker and beat, or one of them."""
        about = {
            "RECONCILERVIZ_REDIS_URL": self.place.redis.url,
            "RECONCILERVIZ_DATA": str(self.place.folder / "data"),
        }
        for name in names:
            more = ("--concurrency", "2") if name == "worker" else ()
            started = celery(name, "--loglevel", "WARNING", *more, **about)
            self.working[name] = self.stack.enter_context(started)

    def ask(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(text.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def rule(self, name: str, url: str, namespace: str) -> None:
        """Have somebody told of everything in a namespace."""
        events = json.dumps(["stalled", "recovered"])
        self.ask(
            "INSERT INTO history_rule (name, url, form, secret, namespaces, kinds, events, enabled, problem)"
            " VALUES (%s, %s, 'generic', %s, %s, '', %s, true, '')", name, url, SECRET, namespace, events
        )  # fmt: skip

    def sent(self, rule: str) -> list[tuple[str, str, int]]:
        """Event, status and attempts of all that a rule was told, oldest first."""
        return self.ask(
            "SELECT event, status, attempts FROM history_delivery WHERE rule_id ="
            " (SELECT id FROM history_rule WHERE name = %s) ORDER BY made, id", rule
        )  # fmt: skip

    def idle(self) -> bool:
        """Whether no task waits, nor is held by a worker."""
        with self.place.redis.client as client:
            return not any(client.exists(f"rviz:tasks:{name}") for name in ("reconcilerviz", "unacked"))

    def create(self, namespace: str, name: str) -> None:
        """A widget, which stalls at once."""
        path = f"/apis/example.com/v1/namespaces/{namespace}/widgets"
        self.call("POST", path, {"metadata": {"name": name}, "spec": {"size": 1}})
        self.status(namespace, name, STALLED)

    def status(self, namespace: str, name: str, *conditions: dict[str, str]) -> None:
        """What its controller says of it."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        status = {"observedGeneration": 1, "conditions": [{**each, "lastTransitionTime": now} for each in conditions]}
        path = f"/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/status"
        self.call("PATCH", path, {"status": status})

    def verdict(self, namespace: str, name: str) -> str:
        """What a page shows of a widget."""
        shown = self.place.shown(next(iter(self.place.webs)), "Widget")
        return shown.get(f"example.com/Widget/{namespace}/{name}", ("",))[0]

    def page(self) -> str:
        """What visitors see of webhooks."""
        return get(f"{next(iter(self.place.webs))}/hooks/", Authorization=f"Bearer {TOKEN}")[1]

    def call(self, method: str, path: str, body: dict[str, Any]) -> None:
        """One request to the API."""
        request = urllib.request.Request(f"{self.place.direct}{path}", json.dumps(body).encode(), method=method)
        request.add_header("Content-Type", f"application/{'merge-patch+json' if method == 'PATCH' else 'json'}")
        urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        server = postgres.make()
        stack.callback(server.close)
        variables = stack.enter_context(pytest.MonkeyPatch.context())
        variables.setenv("RECONCILERVIZ_DATABASE_URL", server.url())
        variables.setenv("RECONCILERVIZ_WEBHOOK_ALLOW", "127.0.0.0/8")
        migrate = stack.enter_context(manage("migrate", "--verbosity", "0"))
        found = World(stack.enter_context(a_place()), server.url(), stack)
        found.call("POST", CRDS, definition())
        for namespace in ("dead", "held", "once", "doomed"):
            found.call("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
        assert migrate.child.wait(60) == 0, migrate.said
        for start in (found.place.watch, found.place.watch, found.place.web):
            start()
        found.work("worker", "beat")
        found.place.until_equal("at first")
        yield found


def events(receiver: Receiver, after: int) -> Counter[tuple[str, str]]:
    """What somebody was told after so many requests, by the name of what it is about, and how often."""
    said = [json.loads(got.body) for got in receiver.got[after:]]
    return Counter((each["object"]["name"], each["event"]) for each in said)


def alive(worker: Process) -> list[int]:
    """The processes of a worker's pool that have not ended."""
    found = []
    for pid in worker.children():
        with contextlib.suppress(FileNotFoundError):  # it has gone while we looked
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(pid)
    return found


def verify(got: Got) -> None:
    """As docs/webhooks.md tells receivers to."""
    timestamp = got.headers["reconcilerviz-timestamp"]
    expected = hmac.new(SECRET.encode(), timestamp.encode() + b"." + got.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(got.headers["reconcilerviz-signature"], "v1=" + expected)
    assert abs(time.time() - int(timestamp)) < 300
    assert json.loads(got.body)["id"] == got.headers["reconcilerviz-id"]


def test_a_dead_endpoint_is_shown_and_delays_nobody_else(world: World) -> None:
    with receiving(Receiver()) as silent, receiving(Receiver()) as team:
        silent.gate.clear()
        addresses = {"nobody": f"http://127.0.0.1:{free_port()}/", "silent": silent.url, "team": team.url}
        for name, url in addresses.items():
            world.rule(name, url, "dead")
        world.create("dead", "w")
        eventually(lambda: team.got and silent.got, "one is told, another does not answer")
        assert world.sent("silent") == [("stalled", "sending", 1)]
        world.create("dead", "w2")
        eventually(lambda: len(team.got) == 2, "it is told of another one")
        assert not [status for _, status, _ in world.sent("silent") if status == "delivered"]
        for got in team.got:
            verify(got)
        eventually(lambda: world.sent("team") == [("stalled", "delivered", 1)] * 2, "what was taken is written down")
        page = world.page()
        assert page.count("Nothing arrives there") == 1
        assert "no connection (Connection refused)" in page


def test_a_worker_that_is_asked_to_end_waits_for_answers(world: World) -> None:
    with receiving(Receiver()) as held:
        world.rule("held", held.url, "held")
        held.gate.clear()
        world.create("held", "w")
        eventually(lambda: held.got, "it is being sent")
        worker = world.working["worker"]
        assert len(alive(worker)) == 2
        worker.child.send_signal(signal.SIGTERM)
        eventually(lambda: len(alive(worker)) == 1, "of its two processes only the one that sends is left")
        held.gate.set()
        assert worker.child.wait(60) == 0
        assert world.sent("held") == [("stalled", "delivered", 1)]
        world.work("worker")


def test_each_is_told_once_over_killed_leaders_and_workers(world: World) -> None:
    place = world.place
    with receiving(Receiver(answers=[500])) as team, receiving(Receiver()) as doomed:
        doomed.gate.clear()
        for receiver, name in ((team, "once"), (doomed, "doomed")):
            world.rule(name, receiver.url, name)
        world.create("once", "w")
        eventually(lambda: [each[1:] for each in world.sent("once")] == [("waiting", 1)], "it is refused, and waits")
        first = place.leader()
        first.child.send_signal(signal.SIGSTOP)
        eventually(lambda: any(leads(each) for each in place.watches if each is not first), "another one leads")
        world.create("doomed", "w")
        eventually(lambda: doomed.got, "another one is being sent")
        for process in world.working.values():
            process.stop(signal.SIGKILL)
        before, team.answers = len(team.got), [204]
        first.child.send_signal(signal.SIGCONT)
        world.create("once", "with-two")
        eventually(lambda: not leads(first), "the one that was stopped has stepped down")
        assert world.sent("doomed") == [("stalled", "sending", 1)]
        world.ask("UPDATE history_delivery SET due = 0 WHERE status IN ('sending', 'waiting')")  # a minute has passed
        assert "Does a worker run?" in world.page()
        world.work("worker", "beat")
        told = Counter([("w", "stalled"), ("with-two", "stalled")])
        eventually(lambda: events(team, before) == told, "what waited is told")
        eventually(lambda: world.sent("doomed") == [("stalled", "unknown", 1)], "nobody knows whether it arrived")
        eventually(lambda: "Does a worker run?" not in world.page(), "nothing waits for a worker")

        place.kill(place.leader())
        world.create("once", "after")
        eventually(lambda: world.verdict("once", "after") == "stalled", "another one has taken over")
        for name in ("w", "with-two"):
            world.status("once", name, READY)
        told |= Counter([("after", "stalled"), ("w", "recovered"), ("with-two", "recovered")])
        eventually(lambda: events(team, before).keys() == told.keys(), "two have recovered")
        eventually(world.idle, "nothing is under way")
        assert events(team, before) == told
        assert len({got.headers["reconcilerviz-id"] for got in team.got}) == len(told)
        assert {status for _, status, _ in world.sent("once")} == {"delivered"}
        assert len(doomed.got) == 1
