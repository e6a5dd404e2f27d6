"""`/c/<cluster>/e/<key>/`: one episode for good, and its export as a file."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.core.model import Episode
from dashboard.core.objects import ObjectKey
from dashboard.history.reading import HistoryError
from dashboard.live.query import Query
from dashboard.web import clusters, exporting, kept, pages, views
from dashboard.web.clusters import Cluster
from dashboard.web.telling import key_of, played, told


@require_safe
async def page(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """The episode as on its object's page, played back from its samples and hops."""
    found = await _find(request, name, key)
    if isinstance(found, HttpResponse):
        return found
    cluster, episode, at = found
    context = pages.common(cluster, request, page="episode")
    context |= {
        "episode": episode,
        "key": at,
        "told": told(episode, context["now"]),
        "data": orjson.dumps(played(episode)).decode(),
        "refresh": pages.REFRESH if episode.closed is None else 0,
    }
    return render(request, "episode.html", context)


async def _find(request: HttpRequest, name: str, key: str) -> tuple[Cluster, Episode, ObjectKey] | HttpResponse:
    """The cluster, the episode and what it is of; a page that says so where there is none."""
    cluster = clusters.get(name)
    if cluster is None:
        return views.no_cluster(request, name)
    await cluster.hub.prepare(Query())  # the header's counts
    words = "It may have been let go of: episodes are kept for a while, and nothing is invented for those that are not."
    try:
        episode = await kept.episode(cluster, key, request.GET.get("of", ""))
    except HistoryError as problem:
        episode, words = None, f"The past cannot be read now: {problem}."
    at = key_of(episode.object) if episode is not None else None
    if episode is None or at is None:
        return views.missing(request, cluster, "There is no such episode", words)
    return cluster, episode, at


@require_safe
async def export(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """A preview of everything that the file says; `?do=download` is the file, `?without=messages` one without them."""
    found = await _find(request, name, key)
    if isinstance(found, HttpResponse):
        return found
    cluster, episode, at = found
    with_messages = request.GET.get("without", "") != "messages"
    content = exporting.document(episode, at, messages=with_messages)
    data = exporting.pack(content)
    if request.GET.get("do") == "download":
        return HttpResponse(
            data,
            content_type="application/gzip",
            headers={"Content-Disposition": f'attachment; filename="{exporting.file_name(content)}"'},
        )
    context = pages.common(cluster, request, page="episode")
    context |= _preview(content, len(data), with_messages=with_messages)
    context |= {"key": at, "back": f"{context['root']}e/{key}/", "refresh": 0}
    return render(request, "episode_export.html", context)


def _preview(content: dict[str, Any], size: int, *, with_messages: bool) -> dict[str, Any]:
    return {
        "content": content,
        "messages": exporting.messages_in(content),
        "names": exporting.names_in(content),
        "file_name": exporting.file_name(content),
        "size": size,
        "with_messages": with_messages,
    }
