"""`/replay/`: an episode from a file, without a cluster. Nothing of the file is kept: it leaves an answer."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dashboard.core.model import Episode
from dashboard.web import pages, vendor
from dashboard.web.importing import MAX_FILE, ImportFileError, unpack
from dashboard.web.telling import key_of, played, told


@require_http_methods(["GET", "HEAD", "POST"])
async def page(request: HttpRequest) -> HttpResponse:
    """A form that takes a file; posted, the episode in it, or what is wrong with it by field and value."""
    if request.method != "POST":
        return _show(request, {})
    upload = request.FILES.get("file")
    try:
        if upload is None:
            raise ImportFileError("file", "missing", "a file that `export` of an episode gave")
        if (upload.size or 0) > MAX_FILE:
            raise ImportFileError("file", f"{upload.size} bytes", f"up to {MAX_FILE} bytes")
        episode = unpack(upload.read())
    except ImportFileError as problem:
        return _show(request, {"problem": problem}, HTTPStatus.BAD_REQUEST)
    return _show(request, replay(episode))


def replay(episode: Episode) -> dict[str, Any]:
    """What replay.html needs of an episode from a file."""
    now = time.time()
    return {
        "episode": episode,
        "key": key_of(episode.object),
        "told": told(episode, episode.closed or now),
        "data": orjson.dumps(played(episode)).decode(),
        "now": now,
        "live": True,
        "modules": pages.modules("episode"),
    }


def _show(request: HttpRequest, about: dict[str, Any], status: int = HTTPStatus.OK) -> HttpResponse:
    context = {"vendor": vendor.present(), "limit": MAX_FILE // 1024, **about}
    return render(request, "replay.html", context, status=status)
