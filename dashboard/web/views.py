"""The pages that are read: the way in, the board, an object, and what is not there.

Pages run in the event loop, where the boards live. Edits are in dashboard.web.changes.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.core.objects import ObjectKey
from dashboard.live.panel import FetchError
from dashboard.live.query import Query, QueryError
from dashboard.web import clusters, pages
from dashboard.web.clusters import Cluster
from dashboard.web.objectpage import object_context


@require_safe
async def home(request: HttpRequest) -> HttpResponse:
    """The only cluster's board; with none or several, a page that says so."""
    names = list(clusters.clusters)
    if len(names) == 1:
        return HttpResponseRedirect(f"/c/{names[0]}/")
    return missing(request, None, "No cluster is shown here", "This process watches no cluster.")


@require_safe
async def board(request: HttpRequest, name: str) -> HttpResponse:
    """`/c/<cluster>/`: what has not converged first. Filters are in the URL, so that a view is a link."""
    cluster = clusters.get(name)
    if cluster is None:
        return no_cluster(request, name)
    with suppress(QueryError):  # which the page will name
        await cluster.hub.prepare(pages.asked(request)[0])
    context, status = pages.board(cluster, request)
    # Sixty rows take a twentieth of a second to write down: in a thread, so that nobody's frames wait for it.
    return await asyncio.to_thread(render, request, "board.html", context, status=status)


@require_safe
async def object_page(request: HttpRequest, name: str, **place: str) -> HttpResponse:
    """`/c/<cluster>/o/<group|core>/<kind>/<namespace|->/<name>`: one object and its loop. A permalink."""
    cluster = clusters.get(name)
    if cluster is None:
        return no_cluster(request, name)
    return await show_object(request, cluster, key_from(**place))


async def show_object(
    request: HttpRequest, cluster: Cluster, key: ObjectKey, outcome: dict[str, object] | None = None, status: int = 200
) -> HttpResponse:
    """The object's page, with the outcome of an edit where there was one; 404 or 503 where it cannot be shown."""
    may_edit = not pages.read_only(cluster, request)
    await cluster.hub.prepare(Query())  # the header's counts
    try:
        view = await cluster.panel_view(key.id, may_edit=may_edit)
    except FetchError as error:
        words = f"The cluster could not be asked for {key.kind} {key.name}: {error}"
        return missing(request, cluster, "No answer from the cluster", words, status=503, again=True)
    if view is None:
        place = f"{key.namespace}/{key.name}" if key.namespace else key.name
        words = str(
            (outcome or {}).get("message") or f"{key.kind} {place} is not there (any more), or may not be read."
        )
        return missing(
            request, cluster, f"There is no {key.kind} {place}", words, status=status if outcome else 404, again=True
        )
    context = object_context(cluster, request, key, view, outcome)
    return render(request, "object.html", context, status=status)


def key_from(group: str, kind: str, namespace: str, object_name: str) -> ObjectKey:
    """The key in an object's URL: `core` stands for no group, `-` for no namespace."""
    return ObjectKey("" if group == "core" else group, kind, "" if namespace == "-" else namespace, object_name)


def no_cluster(request: HttpRequest, name: str) -> HttpResponse:
    """404: an unknown cluster is never another one."""
    return missing(request, None, f"There is no cluster {name[:80]!r} here", "Its name may have changed.")


def missing(
    request: HttpRequest, cluster: Cluster | None, heading: str, words: str, status: int = 404, *, again: bool = False
) -> HttpResponse:
    """A page with one thing to say, in the product's style. It looks `again` where what is missing may yet come."""
    again = again and request.method in ("GET", "HEAD")  # what was posted is not sent twice
    context = pages.common(cluster, request) if cluster else {}
    context |= {"heading": heading, "words": words, "refresh": 0, "again": pages.REFRESH if again else 0}
    context |= {"back": context.get("root", "/"), "back_words": "To the board" if cluster else "To the beginning"}
    response = render(request, "missing.html", context, status=status)
    if again:
        response["Refresh"] = str(pages.REFRESH)  # by the header: no script of a page without its object would do it
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404."""
    return missing(request, None, "There is no such page", "The address may be mistyped.")
