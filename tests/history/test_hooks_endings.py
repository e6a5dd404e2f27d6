"""Senders that end, sleep, or lose the database; rules that change while they are told; what is too old to be told."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from dashboard.history import hooks, tasks_hooks
from dashboard.history.models_hooks import DELIVERED, SENDING, UNKNOWN, WAITING, Delivery, Rule
from tests.history.receivers import Receiver, receiving
from tests.history.test_hooks import STALLED, allowed, receiver, rule, say, statuses
from tests.processes import eventually

__all__ = ["allowed", "receiver"]
FRESH = replace(STALLED, key="fresh")


def test_an_end_waits_for_the_answer_and_begins_no_more(kept: str, receiver: Receiver) -> None:
    found = rule(receiver.url)
    say()
    say(about=FRESH)
    receiver.gate.clear()
    assert hooks.start(found.pk)
    eventually(lambda: receiver.got, "the first is being sent")
    hooks.finish(0.01)
    assert statuses() == [SENDING, WAITING]
    end = threading.Thread(target=hooks.finish, args=(20,))
    end.start()
    eventually(hooks._ending.is_set, "it is about to end")
    assert not hooks.start(found.pk + 1)
    receiver.gate.set()
    end.join(20)
    assert not end.is_alive()
    assert statuses() == [DELIVERED, WAITING]
    hooks.deliver(found.pk)
    assert statuses() == [DELIVERED, DELIVERED]


@pytest.mark.parametrize(("answer", "status"), [(204, DELIVERED), (500, WAITING)])
def test_an_answer_that_comes_after_the_lease_counts_still(kept: str, answer: int, status: str) -> None:
    with receiving(Receiver(answers=[answer])) as receiver:
        found = rule(receiver.url)
        say()
        receiver.gate.clear()
        assert hooks.start(found.pk)
        eventually(lambda: receiver.got, "it is being sent")
        assert hooks.due(Delivery.objects.get().due + 1) == []  # by a clock that is ahead
        assert statuses() == [UNKNOWN]
        receiver.gate.set()
        eventually(lambda: statuses() == [status], "its sender knows better")
        hooks.finish(20)


def test_a_database_that_is_away_for_a_moment_learns_the_answer(
    kept: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, noted, left = rule(receiver.url), hooks._delivered, iter([OperationalError()] * 3)

    def note(*given: Any) -> None:
        for problem in left:
            raise problem
        noted(*given)

    monkeypatch.setattr(hooks, "_delivered", note)
    monkeypatch.setattr(hooks, "PAUSES", (0.0,) * 3)
    say()
    hooks.deliver(found.pk)
    assert (statuses(), len(receiver.got)) == ([DELIVERED], 1)


@pytest.mark.parametrize("task", [tasks_hooks.due, tasks_hooks.forget], ids=["due", "forget"])
def test_a_database_that_is_away_is_said_without_its_words(
    task: Callable[[], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(now: float) -> None:
        raise OperationalError("connection to db.internal failed for user viz")

    monkeypatch.setattr(hooks, "due", fail)
    monkeypatch.setattr(hooks, "forget", fail)
    with caplog.at_level(logging.WARNING):
        task()
    assert caplog.messages == ["webhooks wait: the database does not answer (OperationalError)"]


@pytest.mark.parametrize("change", [{"enabled": False}, {"url": "http://127.0.0.1:1/"}], ids=["off", "elsewhere"])
def test_what_is_changed_while_it_is_told_counts_at_once(kept: str, receiver: Receiver, change: dict[str, Any]) -> None:
    found = rule(receiver.url)
    for number in range(3):
        say(about=replace(STALLED, key=f"k{number}"))
    receiver.gate.clear()
    assert hooks.start(found.pk)
    eventually(lambda: receiver.got, "the first is being sent")
    Rule.objects.update(**change)
    receiver.gate.set()
    eventually(lambda: not hooks._senders, "its sender has ended")
    assert len(receiver.got) == 1
    assert statuses() == [DELIVERED, WAITING, WAITING]


def test_a_rule_that_is_switched_off_is_not_claimed_for(both: str) -> None:
    rule("http://127.0.0.1:1/")
    say()
    row = Delivery.objects.get()
    Rule.objects.update(enabled=False)
    assert not hooks.claim(row, row.due)
    assert statuses() == [WAITING]


@pytest.mark.parametrize("both", ["postgresql"], indirect=True)
def test_who_waits_for_anothers_claim_does_not_claim_it_too(both: str) -> None:
    rule("http://127.0.0.1:1/")
    say()
    row = Delivery.objects.get()
    claimed: list[bool] = []

    def claim() -> None:
        claimed.append(hooks.claim(Delivery.objects.get(pk=row.pk), row.due))
        connection.close()

    def waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return bool(cursor.fetchone()[0])

    second = threading.Thread(target=claim)
    with transaction.atomic():
        assert hooks.claim(row, row.due)
        second.start()
        eventually(waits, "the second waits for the first")
    second.join(20)
    assert claimed == [False]


def test_many_that_wait_for_their_turn_hold_up_nobody_behind_them(both: str, receiver: Receiver) -> None:
    found = rule(receiver.url)
    for number in range(60):
        say(about=replace(STALLED, key=f"k{number}"))
    Delivery.objects.update(due=Delivery.objects.first().made + 900)  # type: ignore[union-attr]
    for number in range(60):
        say("recovered", replace(STALLED, key=f"k{number}"))
    say(about=FRESH)
    say("recovered", replace(STALLED, key="k0"), cluster="of the same key, elsewhere")
    hooks.deliver(found.pk)
    told = [(said["event"], said["episode"]["key"]) for said in (json.loads(got.body) for got in receiver.got)]
    assert told == [("stalled", "fresh"), ("recovered", "k0")]


@pytest.mark.parametrize(
    ("event", "at"), [("stalled", ["closed"]), ("recovered", ["closed", "recovered"]), ("slower", ["opened"])]
)
def test_what_is_older_than_rows_are_kept_is_told_no_more(kept: str, event: str, at: list[str]) -> None:
    rule("http://127.0.0.1:1/")
    now = time.time()
    say(event, replace(STALLED, **dict.fromkeys(at, now - hooks.KEPT - 1)))
    assert Delivery.objects.count() == 0
    say(event, replace(STALLED, **dict.fromkeys(at, now - hooks.KEPT + 60)))
    assert Delivery.objects.count() == 1
