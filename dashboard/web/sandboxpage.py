"""`/c/<cluster>/sandbox/`: break the sandbox, and hold, slow or step its loops. Real clusters have no such page.

It works without a script, by plain forms; a script keeps what the loops and scenarios say current.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dashboard.cluster import sandbox
from dashboard.cluster.errors import ApiError, ClusterError
from dashboard.core.edits import EditError
from dashboard.web import clusters, pages, views
from dashboard.web.changes import read_form
from dashboard.web.clusters import Cluster
from dashboard.web.wording import plain

LOOP_ACTIONS = ("pause", "slow", "step", "resume")
SCENARIO_ACTIONS = ("start", "clear")
USUAL_DELAY = 5
"""Seconds offered for a slow loop: long enough to watch."""
LONGEST_DELAY = 3600.0


@require_http_methods(["GET", "HEAD", "POST"])
async def page(request: HttpRequest, name: str) -> HttpResponse:
    """The page; a POST carries out one thing: `loop` or `scenario`, `do`, and `delay` in seconds."""
    cluster = clusters.get(name)
    if cluster is None:
        return views.no_cluster(request, name)
    if not cluster.sandbox:
        return views.missing(request, cluster, "There is no such page", "Only a sandbox can be broken on purpose.")
    if request.method != "POST":
        return await _show(request, cluster)
    refusal = pages.read_only(cluster, request)
    if refusal:
        return await _answer(request, cluster, f"{refusal}. Nothing was changed.", 403)
    form: dict[str, str] = {}
    try:
        form = read_form(request)
        said = await _carry_out(cluster, form)
    except EditError as error:
        return await _answer(request, cluster, f"Nothing was changed: {error}", 400)
    except ApiError as error:
        return await _answer(request, cluster, f"The sandbox refused it: {plain(error.message, 400)}", error.status)
    except ClusterError as error:
        return await _answer(request, cluster, f"The sandbox did not answer: {error}", 502)
    return await _answer(request, cluster, said, 200, form)


async def _carry_out(cluster: Cluster, form: dict[str, str]) -> str:
    """Do what the form asks; what to say of it. Raises EditError, ClusterError."""
    do, loop, scenario = form.get("do", ""), form.get("loop", ""), form.get("scenario", "")
    if scenario:
        if do not in SCENARIO_ACTIONS:
            raise EditError("do", do, " or ".join(SCENARIO_ACTIONS))
        await sandbox.play(cluster.connection, scenario, do)
        return f"{scenario} is under way." if do == "start" else f"{scenario} is taken back."
    if do not in LOOP_ACTIONS:
        raise EditError("do", do, ", ".join(LOOP_ACTIONS))
    delay = _delay(form.get("delay", "")) if do == "slow" else None
    answer = await sandbox.act(cluster.connection, loop, do, delay)
    states = {"pause": "is paused", "slow": f"waits {delay} s before each sync", "resume": "runs"}
    return plain(answer.get("message")) or f"{loop} {states.get(do, 'was stepped')}."


def _delay(text: str) -> float:
    try:
        delay = float(text)
    except ValueError:
        delay = math.nan
    if not 0 < delay <= LONGEST_DELAY:
        raise EditError("delay", text[:100], f"a number of seconds, more than 0 and at most {LONGEST_DELAY:.0f}")
    return delay


async def _answer(
    request: HttpRequest, cluster: Cluster, said: str, status: int, form: Mapping[str, str] | None = None
) -> HttpResponse:
    """JSON for whoever asks for it; a page that says what is wrong; or back to the page that shows what is so now."""
    ok = status == 200
    if _wants_json(request):
        return JsonResponse({"ok": ok, "message": said}, status=status)
    if ok and form and form.get("do") != "step":
        response = HttpResponseRedirect(_address(cluster) + _place(form))
        response.status_code = 303
        return response
    return await _show(request, cluster, {"ok": ok, "message": said}, status)


async def _show(
    request: HttpRequest, cluster: Cluster, outcome: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    try:
        loops = await sandbox.loops(cluster.connection)
        scenarios = await sandbox.scenarios(cluster.connection)
    except ClusterError as error:
        if _wants_json(request):
            return JsonResponse({"ok": False, "message": str(error)}, status=503)
        words = f"The sandbox could not be asked: {error}"
        return views.missing(request, cluster, "No answer from the sandbox", words, status=503, again=True)
    if _wants_json(request):
        return JsonResponse({"ok": True, "loops": loops, "scenarios": scenarios}, status=status)
    context = pages.common(cluster, request, page="sandbox")
    context |= {
        "loops": loops,
        "scenarios": scenarios,
        "here": _address(cluster),
        "outcome": outcome,
        "usual_delay": USUAL_DELAY,
        # Somebody who types must not have the page reloaded under their hands.
        "refresh": 0 if outcome or "hold" in request.GET else pages.REFRESH,
    }
    return render(request, "sandbox.html", context, status=status)


def _address(cluster: Cluster) -> str:
    return f"{pages.root_of(cluster)}sandbox/"


def _place(form: Mapping[str, str]) -> str:
    """The fragment of the row that the form stood in; the sandbox knows the name, so that it may stand in a URL."""
    scenario, loop = form.get("scenario"), form.get("loop")
    return f"#s-{scenario}" if scenario else f"#l-{loop}"


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")
