"""`/hooks/`: whom to tell, of what, and whether it arrives. Works without a script.

Addresses and secrets are written here and never shown: of an address, its scheme and host alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dashboard.history import hooks, hooks_rules
from dashboard.history.accounts import answer
from dashboard.history.aside import Aside
from dashboard.history.hooks_forms import EVENTS, FORMS, TEST
from dashboard.history.hooks_rules import RuleError
from dashboard.history.models_hooks import SENDING, WAITING
from dashboard.history.reading import HistoryError
from dashboard.web import vendor

T = TypeVar("T")
PATIENCE = 5.0
"""Seconds that a visitor waits for the database."""
REFUSED = "Read-only: your token may only look. Nothing was changed."
CREDENTIALS = ("url", "secret")
EVENT_WORDS = {"stalled": "stalled", "slower": "slower than usual", "recovered": "recovered"}

_threads = Aside("hooks", threads=2)


class GoneError(Exception):
    """There is no such webhook (any more)."""


@require_http_methods(["GET", "HEAD", "POST"])
async def page(request: HttpRequest) -> HttpResponse:
    """The rules and how they fare; posted with `do` = save, test or remove, what came of it."""
    if request.method != "POST":
        return await _show(request)
    if getattr(request, "role", None) != "edit":
        return await _show(request, {"refusal": REFUSED}, 403)
    form = {name: str(value) for name, value in request.POST.items()}
    try:
        place = await _ask(lambda: _carry_out(form))
    except RuleError as problem:
        typed = {name: value for name, value in form.items() if name not in CREDENTIALS}
        return await _show(request, {"problem": problem, "typed": typed}, 400)
    except GoneError:
        return await _show(request, {"refusal": "There is no such webhook any more. Nothing was changed."}, 404)
    except HistoryError as error:
        return await _show(request, {"refusal": f"Nothing was changed: {error}."}, 503)
    response = HttpResponseRedirect(f"/hooks/{place}")
    response.status_code = 303
    return response


def _carry_out(form: Mapping[str, str]) -> str:
    """Do what the form asks; where to look at it."""
    do, given = form.get("do", ""), form.get("id", "")
    id = int(given) if given.isascii() and given.isdecimal() and len(given) < 18 else None
    if given and id is None:
        raise RuleError("id", given, "a webhook's number")
    if do == "save":
        rule = hooks_rules.save(form, id)
        if rule is None:
            raise GoneError
        return f"#h-{rule.pk}"
    if do not in ("test", "remove"):
        raise RuleError("do", do, "save, test or remove")
    rule = hooks_rules.named(id) if id is not None else None
    if rule is None:
        raise GoneError
    if do == "test":
        hooks.try_out(rule)
        return f"?tested={rule.pk}"  # without a fragment: to one, a page that loads itself again would only scroll
    hooks_rules.remove(rule.pk)
    return ""


async def _show(request: HttpRequest, about: Mapping[str, Any] | None = None, status: int = 200) -> HttpResponse:
    about = dict(about or {})
    now = time.time()
    try:
        rules, late = await _ask(lambda: (hooks_rules.everyone(), hooks_rules.late(now)))
    except HistoryError as error:
        rules, late, status = [], 0, status if about else 503
        about["unread"] = str(error)
    tests = [sent for rule in rules for sent in rule.sent if sent.event == TEST]
    context = {
        "vendor": vendor.present(),
        "rules": rules,
        "late": late,
        "may_edit": getattr(request, "role", None) == "edit",
        "events": EVENT_WORDS,
        "forms": FORMS,
        "all_events": EVENTS,
        "now": now,
        "typed": {},
        "waits": "tested" in request.GET and any(each.status in (WAITING, SENDING) for each in tests),
        **about,
    }
    return render(request, "hooks.html", context, status=status)


async def _ask(question: Callable[[], T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE):
            return await _threads.do(lambda: answer(question))
    except TimeoutError:
        raise HistoryError(f"the database does not answer within {PATIENCE:g} seconds") from None
    except Error as error:
        raise HistoryError(f"the database does not answer ({type(error).__name__})") from None
