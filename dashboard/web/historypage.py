"""`/c/<cluster>/history/`: what converged, what did not, how long it took, and who set it off. All in the URL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qsl, urlencode
from weakref import WeakKeyDictionary

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from dashboard.core.model import Change, Episode
from dashboard.history.filters import ENDED, FilterError, Filters
from dashboard.history.reading import CursorError
from dashboard.history.values import Distribution, EditMade
from dashboard.live.hub import Hub
from dashboard.live.query import Query
from dashboard.web import clusters, kept, pages, response, views
from dashboard.web.amounts import short_path
from dashboard.web.clusters import Cluster
from dashboard.web.historyshare import Shared
from dashboard.web.strips import Scale, scale_for, strip
from dashboard.web.telling import key_of, longest_took
from dashboard.web.wording import absolute

LIMIT = 60
"""Episodes on a page."""
MAX_WORKLOADS = 20
MAX_CHANGES = 2
MAX_EDIT_CHANGES = 4


_shared: WeakKeyDictionary[Hub, Shared] = WeakKeyDictionary()
"""What viewers of a cluster's history share, for as long as the cluster is shown."""


@require_safe
async def page(request: HttpRequest, name: str) -> HttpResponse:
    """The newest episodes, each over its workload's past; the workloads; the edits made from here.

    With `part` in the address only that, without the page around it: for a page that is open already.
    """
    cluster = clusters.get(name)
    if cluster is None:
        return views.no_cluster(request, name)
    if "part" in request.GET:
        return await _part(request, cluster)
    await cluster.hub.prepare(Query())  # the header's counts
    before = request.GET.get("before", "")
    problem: FilterError | None = None
    try:
        wanted = Filters.parse(request.GET.dict())
        found = await kept.past(cluster, wanted, LIMIT, before)
    except FilterError as error:
        problem, wanted, found = error, Filters(), kept.Past()
    except CursorError:
        problem, found = FilterError("before", before, "a link that a page gave"), kept.Past()
    context = pages.common(cluster, request, page="history")
    context |= _filters(cluster, wanted)
    context |= _past(cluster, wanted, before, found, context["now"])
    # Somebody who fills in a filter must not have the page loaded again under their hands.
    refresh = 0 if problem or "hold" in request.GET else pages.REFRESH
    context |= {"problem": problem, "refresh": refresh, "still": _address(cluster, wanted, before, hold="1")}
    return render(request, "history.html", context, status=400 if problem else 200)


async def _part(request: HttpRequest, cluster: Cluster) -> HttpResponse:
    """The part of the page that changes; 304 for who has it as it is."""
    shared = _shared.get(cluster.hub)
    if shared is None:
        shared = _shared[cluster.hub] = Shared(partial(_drawn, cluster))
    try:
        drawn = await shared.get(Filters.parse(request.GET.dict()), request.GET.get("before", ""))
    except (FilterError, CursorError) as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain")
    headers = {"ETag": drawn.tag, "Cache-Control": "no-store"}
    if request.headers.get("If-None-Match") == drawn.tag:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(drawn.html, headers=headers)


async def _drawn(cluster: Cluster, wanted: Filters, before: str, problem: str) -> str:
    found = kept.Past(problem=problem) if problem else await kept.past(cluster, wanted, LIMIT, before)
    context = _past(cluster, wanted, before, found, time.time())
    # Sixty lines take a twentieth of a second to write down: in a thread, so that nobody's frames wait for it.
    return await asyncio.to_thread(render_to_string, "history_past.html", context)


def _address(cluster: Cluster, wanted: Filters, before: str = "", **more: str) -> str:
    """The page of these filters, from a cursor on."""
    given = [*parse_qsl(wanted.text), *([("before", before)] if before else []), *more.items()]
    return f"{pages.root_of(cluster)}history/?{urlencode(given)}"


def _filters(cluster: Cluster, wanted: Filters) -> dict[str, Any]:
    return {
        "slower": "" if wanted.slower is None else f"{wanted.slower:g}",
        "ends": ENDED,
        "kinds": _with(cluster.board.kinds(), wanted.kind),
        "namespaces": _with(cluster.board.namespaces(), wanted.namespace),
    }


def _past(cluster: Cluster, wanted: Filters, before: str, found: kept.Past, now: float) -> dict[str, Any]:
    """What history_past.html needs: nothing of it depends on who looks."""
    return {
        "root": pages.root_of(cluster),
        "now": now,
        "wanted": wanted,
        "older": _address(cluster, wanted, found.before) if found.before else "",
        "newest": _address(cluster, wanted) if before else "",
        "looked": absolute(found.looked) if found.looked is not None else "",
        **_lists(found, now),
    }


def _lists(found: kept.Past, now: float) -> dict[str, Any]:
    lengths = [response.length(each, now if each.closed is None else None) for each in found.episodes]
    scale = scale_for(
        [*lengths, *(span for past in found.workloads.values() for span in (*past.last, past.p95 or 0.0))]
    )
    return {
        "past": found,
        "scale": scale,
        "episodes": [_line(each, found.workloads, scale, now) for each in found.episodes],
        "workloads": _workloads(found, scale),
        "edits": [_edit(each) for each in found.edits],
    }


def _with(known: Sequence[str], chosen: str) -> Sequence[str]:
    return known if not chosen or chosen in known else (chosen, *known)


def _line(episode: Episode, pasts: Mapping[str, Distribution], scale: Scale, now: float) -> dict[str, Any]:
    """A line of the list: the episode, its mark, what set it off, its place in its workload's past."""
    past = pasts.get(episode.object)
    took = response.length(episode, now if episode.closed is None else None)
    culprit = response.longest(episode.hops)
    return {
        "episode": episode,
        "key": key_of(episode.object),
        "outcome": response.outcome(episode),
        "took": response.whole(episode, now if episode.closed is None else None),
        "open": episode.closed is None,
        "opened": repr(episode.opened),
        "longest": episode.hops[culprit] if culprit >= 0 else None,
        "longest_took": longest_took(episode, culprit),
        "changes": [short_change(each) for each in episode.changes[:MAX_CHANGES]],
        "more": max(0, len(episode.changes) - MAX_CHANGES),
        "strip": strip(scale, past, took),
    }


def short_change(change: Change) -> dict[str, Any]:
    """A change as a line has room for it: without the beginning that both values share (`nginx:`)."""
    before, after = change.before, change.after
    if isinstance(before, str) and isinstance(after, str):
        same = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
        begin = max(same.rfind(":"), same.rfind("/"), same.rfind("@")) + 1
        before, after = before[begin:], after[begin:]
    return {"path": short_path(change.path), "before": before, "after": after}


def _workloads(found: kept.Past, scale: Scale) -> list[dict[str, Any]]:
    """The workloads that the episodes are of, the slowest first."""
    lines = [
        {"key": key, "past": past, "strip": strip(scale, past)}
        for past in sorted(found.workloads.values(), key=lambda past: -(past.p95 or 0.0))
        if past.p50 is not None and (key := key_of(past.object)) is not None
    ]
    return lines[:MAX_WORKLOADS]


def _edit(edit: EditMade) -> dict[str, Any]:
    return {
        "edit": edit,
        "key": key_of(edit.object),
        "changes": list(edit.changes)[:MAX_EDIT_CHANGES],
        "more": max(0, len(edit.changes) - MAX_EDIT_CHANGES),
    }
