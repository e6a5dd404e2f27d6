"""Rules as people write and see them: a form in, a value without credentials out. Blocking; call it in a thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from dashboard.history import hooks, hooks_address
from dashboard.history.hooks_address import AddressError
from dashboard.history.hooks_forms import EVENTS, FORMS, GENERIC
from dashboard.history.models_hooks import DELIVERED, STATUSES, Rule

MOST_RULES = 50
MIN_SECRET, MOST_SECRET = 16, 200
LATE = 60.0
"""Seconds after which what is due and not taken is said: whoever works looks every few."""
SHOWN = 5
"""Deliveries that a page shows of each rule."""


class RuleError(ValueError):
    """A field of a rule that cannot be used. `value` is left out of it where it is a credential."""

    def __init__(self, field: str, value: str, accepted: str) -> None:
        self.field, self.value, self.accepted = field, value[:100], accepted
        super().__init__(f"{field} is {self.value!r}; accepted: {accepted}" if value else f"{field}: {accepted}")


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery as it is shown. `at` is when it was answered, else when it happened."""

    event: str
    status: str
    attempts: int
    at: float
    problem: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A rule as it is shown: `host` is all of its address that anybody sees."""

    id: int
    name: str
    host: str
    form: str
    namespaces: str
    kinds: str
    events: tuple[str, ...]
    enabled: bool
    failing: float | None
    problem: str
    counts: Mapping[str, int]
    sent: tuple[Sent, ...]


def everyone() -> list[Shown]:
    """All rules, by name."""
    return [_shown(rule) for rule in Rule.objects.order_by("name", "id")[: MOST_RULES * 2]]


def late(now: float) -> int:
    """How many have been due for LATE and are not taken by anybody."""
    return hooks.ready(now - LATE).count()


def _shown(rule: Rule) -> Shown:
    newest = rule.deliveries.order_by("-made")[:SHOWN]
    sent = tuple(
        Sent(each.event, each.status, each.attempts, each.answered or each.made, each.problem) for each in newest
    )
    statuses = list(rule.deliveries.exclude(status=DELIVERED).values_list("status", flat=True)[:10_000])
    counts = {status: statuses.count(status) for status in STATUSES if status in statuses}
    host = hooks_address.shown(rule.url)
    return Shown(
        rule.pk, rule.name, host, rule.form, rule.namespaces, rule.kinds, tuple(rule.events), rule.enabled,
        rule.failing, rule.problem, counts, sent,
    )  # fmt: skip


def save(given: Mapping[str, str], id: int | None = None) -> Rule | None:
    """Make a rule, or change one; None where it is not there (any more). Raises RuleError. An address or a secret that
    is left empty stays what it was, unless the address changes hosts: a secret goes to no host it was not given for.
    """
    with transaction.atomic():
        rule = Rule.objects.filter(pk=id).first() if id is not None else Rule()
        if rule is None:
            return None
        if id is None and Rule.objects.count() >= MOST_RULES:
            raise RuleError("name", "", f"at most {MOST_RULES} webhooks")
        _fill(rule, given)
        rule.save()
    return rule


def _fill(rule: Rule, given: Mapping[str, str]) -> None:
    rule.name = _text(given, "name", 80, least=1)
    rule.form = _one(given, "form", FORMS)
    rule.namespaces, rule.kinds = _text(given, "namespaces", 500), _text(given, "kinds", 500)
    rule.events = [event for event in EVENTS if given.get(f"on.{event}")]
    if not rule.events:
        raise RuleError("on", "", f"one or more of {', '.join(EVENTS)}")
    rule.enabled = bool(given.get("enabled"))
    url, secret = given.get("url", "").strip(), given.get("secret", "").strip()
    if url and rule.url and hooks_address.shown(url) != hooks_address.shown(rule.url):
        rule.secret = ""
    rule.url = _url(url) if url or not rule.url else rule.url
    rule.secret = _secret(secret) if secret else rule.secret
    if rule.form == GENERIC and not rule.secret:
        raise RuleError("secret", "", f"{MIN_SECRET} to {MOST_SECRET} visible ASCII characters, given with the address")
    if url:
        rule.failing, rule.problem = None, ""


def _text(given: Mapping[str, str], field: str, most: int, least: int = 0) -> str:
    value = given.get(field, "").strip()
    if not least <= len(value) <= most or not value.isprintable():
        raise RuleError(field, value, f"{least} to {most} characters of text in one line")
    return value


def _one(given: Mapping[str, str], field: str, choices: Iterable[str]) -> str:
    value = given.get(field, "")
    if value not in choices:
        raise RuleError(field, value, " or ".join(choices))
    return value


def _url(given: str) -> str:
    try:
        hooks_address.read(given)
    except AddressError as error:
        raise RuleError("url", "", str(error)) from error
    return given


def _secret(given: str) -> str:
    if not (MIN_SECRET <= len(given) <= MOST_SECRET and given.isascii() and given.isprintable() and " " not in given):
        raise RuleError("secret", "", f"{MIN_SECRET} to {MOST_SECRET} visible ASCII characters without blanks")
    return given


def remove(id: int) -> bool:
    """Remove a rule and what was told to it; whether it was there."""
    return bool(Rule.objects.filter(pk=id).delete()[0])


def named(id: int) -> Rule | None:
    """The rule of that number."""
    return Rule.objects.filter(pk=id).first()
