"""`/c/<cluster>/e/<key>/`: one episode for good, and its export as a file."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.core.episodes import is_over
from dashboard.core.model import Episode
from dashboard.core.objects import ObjectKey
from dashboard.history.reading import HistoryError
from dashboard.live.panel import PATIENCE
from dashboard.live.query import Query
from dashboard.live.view import Usual
from dashboard.web import clusters, exporting, kept, pages, views
from dashboard.web.clusters import Cluster
from dashboard.web.telling import key_of, played, told
from dashboard.web.usual import usual


@require_safe
async def page(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """The episode as on its object's page, played back from its samples and hops; followed until nothing more comes."""
    found = await _find(request, name, key)
    if isinstance(found, HttpResponse):
        return found
    cluster, episode, at = found
    compared = await _compared(cluster, episode)
    context = pages.common(cluster, request, page="episode")
    follow = not is_over(episode)
    context |= {
        "episode": episode,
        "key": at,
        "told": told(episode, context["now"]),
        "usual": compared,
        "usual_data": orjson.dumps(compared).decode(),
        "data": orjson.dumps(played(episode)).decode(),
        "follow": follow,
        "refresh": pages.REFRESH if follow else 0,
    }
    return render(request, "episode.html", context)


async def _compared(cluster: Cluster, episode: Episode) -> Usual | None:
    """How it compares with those before it; a slow database delays no page."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            return await usual(cluster.name, episode)
    return None


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
