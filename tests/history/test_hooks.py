"""What rules are told: once for each episode and event, again while it is not taken, and nobody at another's cost."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connection, transaction

from dashboard.core.model import Change, Ended, Episode
from dashboard.history import hooks, hooks_forms, hooks_wire
from dashboard.history.models_hooks import DELIVERED, GIVEN_UP, SENDING, UNKNOWN, WAITING, Delivery, Rule
from tests.history.made import batch, episode, told
from tests.history.receivers import Receiver, receiving
from tests.processes import ROOT, eventually, free_port

SECRET = "a-signing-secret"
PLACE = {"namespace": "shop", "kind": "Deployment", "name": "web"}
NOW = time.time() - 60
STALLED = episode(took=9, ended=Ended.STALLED, opened=NOW)


@pytest.fixture(autouse=True)
def allowed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RECONCILERVIZ_WEBHOOK_ALLOW = (ip_network("127.0.0.0/8"),)
    settings.RECONCILERVIZ_PUBLIC_URL = "https://viz.example"
    monkeypatch.setattr(hooks, "begin", lambda rule_id: None)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as found:
        yield found


def rule(url: str, **changed: Any) -> Rule:
    given = {"name": "r", "form": "generic", "secret": SECRET, "events": list(hooks_forms.EVENTS), **changed}
    return Rule.objects.create(url=url, **given)


def say(event: str = "stalled", about: Episode = STALLED, cluster: str = "c", **place: str) -> None:
    with transaction.atomic():
        hooks.told(cluster, about, event, **{**PLACE, **place})


def make_due() -> None:
    Delivery.objects.filter(status=WAITING).update(due=0.0)


def statuses() -> list[str]:
    return list(Delivery.objects.order_by("made", "id").values_list("status", flat=True))


def test_it_is_signed_and_says_what_happened(both: str, receiver: Receiver) -> None:
    found = rule(receiver.url)
    say()
    hooks.deliver(found.pk)
    (got,) = receiver.got
    stamp = got.headers["reconcilerviz-timestamp"]
    digest = hmac.new(SECRET.encode(), f"{stamp}.".encode() + got.body, hashlib.sha256).hexdigest()
    assert got.headers["reconcilerviz-signature"] == f"v1={digest}"
    said = json.loads(got.body)
    assert said["id"] == got.headers["reconcilerviz-id"] == Delivery.objects.get().pk
    assert (said["event"], said["cluster"], said["object"]["name"]) == ("stalled", "c", "web")
    assert said["url"] == "https://viz.example/c/c/e/uid-web%2F2/"
    assert statuses() == [DELIVERED]


def test_declared_values_are_not_sent(kept: str, receiver: Receiver) -> None:
    found = rule(receiver.url)
    say(about=replace(STALLED, changes=(Change("spec.env.PASSWORD", "hunter1", "hunter2"),)))
    hooks.deliver(found.pk)
    assert b"hunter" not in receiver.got[0].body
    assert b"spec.env.PASSWORD" in receiver.got[0].body


def test_an_event_is_told_once_whoever_says_it_and_how_often(both: str, receiver: Receiver) -> None:
    found = rule(receiver.url)

    def one(_: int) -> None:
        try:
            say()
            hooks.deliver(found.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    hooks.deliver(found.pk)
    assert len(receiver.got) == 1
    say("recovered")
    say(about=replace(STALLED, key="another"))
    say(cluster="other")
    hooks.deliver(found.pk)
    assert len(receiver.got) == 4


def test_two_senders_claim_a_row_once(both: str) -> None:
    rule("http://127.0.0.1:1/")
    say()
    row = Delivery.objects.get()

    def claim(_: int) -> bool:
        try:
            return hooks.claim(Delivery.objects.get(pk=row.pk), row.due)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(claim, range(16))) == [False] * 15 + [True]


def test_what_is_not_taken_is_sent_again_under_the_same_id(kept: str) -> None:
    with receiving(Receiver(answers=[500, 429, 204])) as receiver:
        found = rule(receiver.url)
        say()
        hooks.deliver(found.pk)
        assert (statuses(), len(receiver.got)) == ([WAITING], 1)
        hooks.deliver(found.pk)
        assert len(receiver.got) == 1  # not before it is due
        assert Rule.objects.get().failing is not None
        for _ in range(4):
            make_due()
            hooks.deliver(found.pk)
        assert (statuses(), Delivery.objects.get().attempts) == ([DELIVERED], 3)
        assert len({got.headers["reconcilerviz-id"] for got in receiver.got}) == 1
        assert len({got.body for got in receiver.got}) == 1
    after = Rule.objects.get()
    assert (after.failing, after.problem) == (None, "")


def test_it_waits_longer_each_time_but_never_in_step() -> None:
    waits = [[hooks.backoff(attempt) for _ in range(50)] for attempt in range(1, 15)]
    for attempt, some in enumerate(waits):
        full = min(hooks.FIRST * 2**attempt, hooks.LONGEST)
        assert full / 2 <= min(some) < max(some) <= full


def test_after_a_day_it_is_given_up(kept: str) -> None:
    found = rule(f"http://127.0.0.1:{free_port()}/")
    say()
    say("recovered")
    Delivery.objects.update(made=NOW - hooks.GIVE_UP - 10)
    hooks.deliver(found.pk)
    assert statuses() == [GIVEN_UP, GIVEN_UP]
    assert "no connection" in Rule.objects.get().problem


def test_where_nobody_is_the_rest_waits_without_an_attempt_each(kept: str) -> None:
    found = rule(f"http://127.0.0.1:{free_port()}/")
    for number in range(5):
        say(about=replace(STALLED, key=f"k{number}"))
    hooks.deliver(found.pk)
    assert statuses() == [WAITING] * 5
    assert sum(Delivery.objects.values_list("attempts", flat=True)) == 1
    assert hooks.due(Delivery.objects.order_by("due").first().made + 0.1) == []  # type: ignore[union-attr]


def test_recovered_comes_after_its_stalled(kept: str) -> None:
    with receiving(Receiver(answers=[500, 204])) as receiver:
        found = rule(receiver.url)
        say("stalled")
        hooks.deliver(found.pk)
        say("recovered")
        hooks.deliver(found.pk)
        assert len(receiver.got) == 1
        make_due()
        hooks.deliver(found.pk)
        assert [json.loads(got.body)["event"] for got in receiver.got] == ["stalled", "stalled", "recovered"]


def test_who_ended_while_sending_sends_no_second_time(kept: str, receiver: Receiver) -> None:
    found = rule(receiver.url)
    say()
    row = Delivery.objects.get()
    assert hooks.claim(row, row.due)
    assert hooks.due(row.due + hooks.LEASE - 1) == []
    assert statuses() == [SENDING]
    assert hooks.due(row.due + hooks.LEASE + 1) == []
    hooks.deliver(found.pk)
    assert (statuses(), receiver.got) == ([UNKNOWN], [])


KILLED = """
import django; django.setup()
from dashboard.history import hooks
hooks.deliver({rule})
"""


def test_a_process_killed_while_sending_tells_nobody_twice(kept: str, receiver: Receiver) -> None:
    import os

    found = rule(receiver.url)
    say()
    receiver.gate.clear()
    variables = {
        "DJANGO_SETTINGS_MODULE": "reconcilerviz.settings",
        "RECONCILERVIZ_DATABASE_URL": kept,
        "RECONCILERVIZ_WEBHOOK_ALLOW": "127.0.0.0/8",
    }
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(rule=found.pk)], cwd=ROOT, env={**os.environ, **variables}
    )
    eventually(lambda: receiver.got, "it is being sent")
    child.kill()
    child.wait()
    receiver.gate.set()
    say()
    assert hooks.due(Delivery.objects.get().due + 1) == []
    hooks.deliver(found.pk)
    assert (statuses(), len(receiver.got)) == ([UNKNOWN], 1)


def test_a_dead_endpoint_delays_nobody_else(kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        dead = stack.enter_context(receiving(Receiver()))
        dead.gate.clear()
        alive = [stack.enter_context(receiving(Receiver())) for _ in range(3)]
        rules = [rule(each.url) for each in (dead, *alive)]
        say()
        for each in rules:
            assert hooks.start(each.pk)
        eventually(lambda: all(each.got for each in (dead, *alive)), "all are told")
        eventually(lambda: statuses().count(DELIVERED) == 3, "three have taken it")
        assert not hooks.start(rules[0].pk)  # one sender a rule
        dead.gate.set()
        eventually(lambda: statuses() == [DELIVERED] * 4, "the fourth has")
        eventually(lambda: not [each for each in threading.enumerate() if each.name.startswith("hook-")], "all end")


@pytest.mark.parametrize(
    ("filters", "place", "event", "wanted"),
    [
        ({}, {}, "stalled", True),
        ({"namespaces": "shop"}, {}, "stalled", True),
        ({"namespaces": "sho"}, {}, "stalled", False),
        ({"namespaces": "other, s*p"}, {}, "stalled", True),
        ({"namespaces": "shop"}, {"namespace": ""}, "stalled", False),
        ({"namespaces": "-"}, {"namespace": ""}, "stalled", True),
        ({"kinds": "deployment"}, {}, "stalled", True),
        ({"kinds": "apps/*"}, {}, "stalled", True),
        ({"kinds": "batch/*, StatefulSet"}, {}, "stalled", False),
        ({"events": ["recovered"]}, {}, "stalled", False),
        ({"events": ["recovered"]}, {}, "recovered", True),
        ({"enabled": False}, {}, "stalled", False),
    ],
)
def test_rules_are_told_what_they_want(
    kept: str, filters: dict[str, Any], place: dict[str, str], event: str, wanted: bool
) -> None:
    rule("http://127.0.0.1:1/", **filters)
    say(event, **place)
    assert Delivery.objects.count() == int(wanted)


def test_a_rule_that_is_not_enabled_is_sent_nothing_but_a_test(kept: str, receiver: Receiver) -> None:
    found = rule(receiver.url)
    say()
    Rule.objects.update(enabled=False)
    hooks.try_out(found)
    hooks.deliver(found.pk)
    assert [json.loads(got.body)["event"] for got in receiver.got] == ["test"]


def test_a_crash_loop_is_one_stalled_and_one_recovered(kept: str, receiver: Receiver) -> None:
    from dashboard.history.writing import write

    found = rule(receiver.url)
    for turn in range(6):
        write(batch(told(replace(STALLED, cause=f"crashed {turn} times"), version=turn + 1), id=f"b{turn}"))
        hooks.deliver(found.pk)
    write(batch(told(replace(STALLED, recovered=NOW + 60), version=9), id="b9"))
    hooks.deliver(found.pk)
    assert [json.loads(got.body)["event"] for got in receiver.got] == ["stalled", "recovered"]


def test_what_is_not_kept_is_not_told(kept: str) -> None:
    rule("http://127.0.0.1:1/")
    with pytest.raises(RuntimeError), transaction.atomic():
        hooks.told("c", STALLED, "stalled", **PLACE)
        raise RuntimeError
    assert Delivery.objects.count() == 0


def test_slack_is_told_in_text_that_neither_links_nor_mentions(kept: str, receiver: Receiver) -> None:
    found = rule(receiver.url, form="slack", secret="")
    say(about=replace(STALLED, cause="<!channel> see <https://evil.example|here> & <@U1>\x1b[31m"))
    hooks.deliver(found.pk)
    (got,) = receiver.got
    text = json.loads(got.body)["text"]
    assert text.splitlines() == [
        "Deployment shop/web is stalled (c)",
        "&lt;!channel&gt; see &lt;https://evil.example|here&gt; &amp; &lt;@U1&gt;␛[31m",
        "<https://viz.example/c/c/e/uid-web%2F2/|Open it>",
    ]
    assert not [name for name in got.headers if name.startswith("reconcilerviz-")]


def test_old_rows_go_and_late_ones_are_given_up(kept: str) -> None:
    rule("http://127.0.0.1:1/", enabled=True)
    say()
    say("recovered")
    now = Delivery.objects.first().made  # type: ignore[union-attr]
    Delivery.objects.filter(event="recovered").update(made=now - hooks.KEPT - 1)
    hooks.forget(now + hooks.GIVE_UP + 1)
    assert statuses() == [GIVEN_UP]


def test_sending_takes_far_less_than_a_lease() -> None:
    assert 2 * hooks_wire.SECONDS < hooks.LEASE
