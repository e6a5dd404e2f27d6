"""Telling people: what happened to an episode becomes a row for each rule that wants it, and a row is sent once.

1. `told` makes the rows in the transaction that keeps the news itself. A rule, an episode and a kind of event have one
   row, so that two leaders and any number of restarts make no second. Rows are removed after a while, and what is
   older than that is not told any more.
2. A row is claimed in the database before it is sent. An answer of 2xx ends it; anything else is tried again with
   backoff and jitter, with the same id, for a day.
3. A row whose sender ended before the answer came may have arrived: it is called `unknown` and not sent again. A worker
   that is asked to end waits for the answer first.
4. Celery says when: at once after the transaction, and every few seconds for what is due. The sending itself is done by
   a thread for each rule, so that an endpoint that is dead costs nobody else's time, nor the worker's.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import partial

from django.conf import settings
from django.db import Error, close_old_connections, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from dashboard.core.model import Episode
from dashboard.history import hooks_forms, hooks_wire
from dashboard.history.hooks_wire import NotDeliveredError
from dashboard.history.late import using
from dashboard.history.models_hooks import DELIVERED, GIVEN_UP, SENDING, UNKNOWN, WAITING, Delivery, Rule

LEASE = 60.0
"""Seconds after which a row that is being sent has no sender any more: a sending takes a third of that."""
FIRST, LONGEST = 5.0, 1800.0
"""Seconds to the second attempt, and at most between two."""
GIVE_UP = 86_400.0
"""Seconds for which a row is tried."""
KEPT = 30 * 86_400.0
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts to write down an answer: nobody else knows of it."""

logger = logging.getLogger(__name__)
_senders: dict[int, threading.Thread] = {}
_lock = threading.Lock()
_ending = threading.Event()


def told(cluster: str, episode: Episode, event: str, *, namespace: str, kind: str, name: str) -> None:
    """Have each rule that wants it told of it. Call it in the transaction that keeps what it says."""
    now = time.time()
    if happened(episode, event) < now - KEPT:
        return
    public = settings.RECONCILERVIZ_PUBLIC_URL
    said = hooks_forms.facts(cluster, episode, event, public, namespace=namespace, kind=kind, name=name)
    group = episode.object.partition("/")[0]
    heard = Delivery.objects.filter(cluster=cluster, episode=episode.key, event=event).values_list("rule", flat=True)
    enabled = Rule.objects.filter(enabled=True).exclude(pk__in=list(heard))
    rules = [rule for rule in enabled if wants(rule, event, namespace, group, kind)]
    _enter(rules, now, cluster=cluster, episode=episode.key, event=event, facts=said)


def happened(episode: Episode, event: str) -> float:
    """When, in Unix seconds; of what is slow, the earliest that it may have been."""
    at = {"stalled": episode.closed, "recovered": episode.recovered}.get(event)
    return episode.opened if at is None else at


def try_out(rule: Rule) -> None:
    """Have one rule told that this is a test, whatever it wants and whether or not it is enabled."""
    said = hooks_forms.trial_facts(rule.name, settings.RECONCILERVIZ_PUBLIC_URL)
    with transaction.atomic():
        _enter([rule], time.time(), cluster="", episode=uuid.uuid4().hex, event=hooks_forms.TEST, facts=said)


def wants(rule: Rule, event: str, namespace: str, group: str, kind: str) -> bool:
    """Whether a rule is about this."""
    names = (kind.casefold(), f"{group}/{kind}".casefold())
    return (
        event in rule.events
        and _fits(rule.namespaces, namespace or "-")
        and (not rule.kinds or any(_fits(rule.kinds.casefold(), each) for each in names))
    )


def _fits(patterns: str, name: str) -> bool:
    wanted = [each.strip() for each in patterns.split(",") if each.strip()]
    return not wanted or any(fnmatchcase(name, each) for each in wanted)


def _enter(rules: Iterable[Rule], now: float, **about: object) -> None:
    rows = [Delivery(id=uuid.uuid4().hex, rule=rule, made=now, due=now, **about) for rule in rules]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    for row in rows:
        transaction.on_commit(partial(begin, row.rule_id), robust=True)


def begin(rule_id: int) -> None:
    """Have Celery see to a rule now. Where it cannot be asked, the next look at what is due does."""
    with using("dashboard.history.tasks_hooks") as tasks:
        tasks.submit(rule_id)


def due(now: float) -> list[int]:
    """Rules that something is due for. What nobody is sending any more is `unknown` from now on."""
    left = Delivery.objects.filter(status=SENDING, due__lt=now)
    if left.exists():  # a write is a lock, and this is asked every few seconds
        left.update(status=UNKNOWN, problem="whoever sent it ended before the answer came; it may have arrived")
    return list(ready(now).values_list("rule", flat=True).distinct())


def ready(now: float) -> QuerySet[Delivery]:
    """What is to be sent by then, and is not being sent."""
    # Without a join: an update over one looks for its rows in a subquery, which sees none of what another sender has
    # just claimed (https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED).
    enabled = Exists(Rule.objects.filter(pk=OuterRef("rule"), enabled=True))
    return Delivery.objects.filter(enabled | Q(event=hooks_forms.TEST), status=WAITING, due__lte=now)


def forget(now: float) -> None:
    """Give up what was not delivered within GIVE_UP, which may have waited for a rule that is not enabled; remove what
    is older than KEPT.
    """
    late = Delivery.objects.filter(status=WAITING, made__lt=now - GIVE_UP)
    late.update(status=GIVEN_UP, problem="not delivered within a day")
    Delivery.objects.filter(made__lt=now - KEPT).delete()


def start(rule_id: int) -> bool:
    """Send what is due for a rule, in a thread of its own; False where one is at it already."""
    with _lock:
        if rule_id in _senders or _ending.is_set():
            return False
        sender = threading.Thread(target=_send, args=(rule_id,), name=f"hook-{rule_id}", daemon=True)
        sender.start()
        _senders[rule_id] = sender
    return True


def finish(seconds: float) -> None:
    """Begin no sending more in this process, and wait so long for the answers of those that are under way."""
    end = time.monotonic() + seconds
    with _lock:
        _ending.set()
        senders = list(_senders.values())
    for sender in senders:
        sender.join(max(0.0, end - time.monotonic()))
    _ending.clear()


def _send(rule_id: int) -> None:
    try:
        close_old_connections()
        deliver(rule_id)
    except Error as error:  # the database's own words may name hosts and values
        logger.warning("webhooks wait: the database does not answer (%s)", type(error).__name__)
    finally:
        connection.close()
        with _lock:
            del _senders[rule_id]


def deliver(rule_id: int) -> None:
    """Send what is due for a rule, oldest first, until nothing is or nobody is there. Blocks.

    Raises django.db.Error where the database does not answer: the rows say what is left to do.
    """
    while not _ending.is_set() and (row := _next(rule_id, time.time())):
        if claim(row, time.time()) and not _attempt(row):
            return


def _next(rule_id: int, now: float) -> Delivery | None:
    """One at a time, with its rule as it is now: it may have been changed while the one before was sent.

    What happened first to an episode is told first: `recovered` waits for its `stalled`.
    """
    same = {name: OuterRef(name) for name in ("rule", "cluster", "episode")}
    before = Q(made__lt=OuterRef("made")) | Q(made=OuterRef("made"), id__lt=OuterRef("id"))
    earlier = Delivery.objects.filter(before, status__in=(WAITING, SENDING), **same)
    found = ready(now).filter(~Exists(earlier), rule=rule_id)
    return found.select_related("rule").order_by("made", "id").first()


def claim(row: Delivery, now: float) -> bool:
    """Make it ours to send; False where somebody else has it, or had, or it is to be sent no more."""
    mine = ready(now).filter(pk=row.pk).update(status=SENDING, due=now + LEASE, attempts=F("attempts") + 1)
    row.attempts += mine
    return mine == 1


def _attempt(row: Delivery) -> bool:
    """Send it and write down what came of it; whether somebody was there, so that more may be sent."""
    rule = row.rule
    content = hooks_forms.body(rule.form, row.id, row.facts)
    headers = hooks_forms.headers(rule.form, row.id, rule.secret, time.time(), content)
    try:
        hooks_wire.post(rule.url, content, headers, settings.RECONCILERVIZ_WEBHOOK_ALLOW)
    except NotDeliveredError as error:
        _written(partial(_failed, row, error, time.time()))
        return error.answered
    _written(partial(_delivered, row, time.time()))
    return True


def _written(note: Callable[[], None]) -> None:
    """Write down what came of it, again while the database does not answer. Raises django.db.Error in the end."""
    for pause in PAUSES:
        try:
            note()
        except Error:
            connection.close()
            time.sleep(pause)
        else:
            return
    note()


def _delivered(row: Delivery, now: float) -> None:
    _mine(row).update(status=DELIVERED, answered=now, problem="")
    Rule.objects.filter(pk=row.rule_id).update(failing=None, problem="")


def _failed(row: Delivery, error: NotDeliveredError, now: float) -> None:
    again = now + backoff(row.attempts)
    over = row.event == hooks_forms.TEST or again > row.made + GIVE_UP
    words = str(error)[:300]
    _mine(row).update(status=GIVEN_UP if over else WAITING, due=again, problem=words)
    Rule.objects.filter(pk=row.rule_id, failing=None).update(failing=now)
    Rule.objects.filter(pk=row.rule_id).update(problem=words)
    if not error.answered:
        # Nobody is there: the rest waits with it, in place of one attempt after the other that takes its time.
        waiting = Delivery.objects.filter(rule=row.rule_id, status=WAITING, due__lt=again)
        waiting.filter(made__lt=now - GIVE_UP).update(status=GIVEN_UP, problem=words)
        waiting.exclude(event=hooks_forms.TEST).update(due=again)


def _mine(row: Delivery) -> QuerySet[Delivery]:
    """Also where it was taken for `unknown` meanwhile, by another clock or because this machine slept."""
    return Delivery.objects.filter(pk=row.pk, status__in=(SENDING, UNKNOWN), attempts=row.attempts)


def backoff(attempts: int) -> float:
    """Seconds to the next attempt: doubling, and anywhere in the upper half, so that many do not come at once."""
    full = min(FIRST * 2.0 ** (min(attempts, 30) - 1), LONGEST)
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
