"""The read-only JSON API, `/api/v1/`: what the pages show, for programs. `openapi.py` describes it from the same table.

Nothing here changes anything. An error is a problem document (RFC 9457) that names the field and the value.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.core.objects import ObjectKey
from dashboard.history import reading
from dashboard.history.filters import FilterError, Filters
from dashboard.history.reading import CursorError, HistoryError
from dashboard.history.values import Kept
from dashboard.live.bodies import dump
from dashboard.live.panel import FetchError
from dashboard.live.query import Query, QueryError, shown
from dashboard.web import clusters, kept
from dashboard.web.clusters import Cluster

MAX_COUNT = 500
"""Rows or episodes of one answer."""
MAX_START = 10_000_000


class Problem(Exception):  # noqa: N818 - the field's own word for it
    """An answer that is an error: `status`, a sentence, and which field held which value."""

    def __init__(self, status: int, detail: str, field: str = "", value: object = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.field, self.value = status, detail, field, value

    def answer(self) -> HttpResponse:
        """As a problem document."""
        body: dict[str, Any] = {"type": "about:blank", "title": TITLES[self.status], "status": self.status}
        body["detail"] = self.detail
        if self.field:
            body |= {"field": self.field, "value": shown(self.value)}
        return HttpResponse(dump(body), status=self.status, content_type="application/problem+json")


TITLES = {400: "Bad Request", 404: "Not Found", 503: "Service Unavailable"}


@require_safe
async def every_cluster(request: HttpRequest) -> HttpResponse:
    """All clusters that this process shows."""
    return _answer({"clusters": [_cluster(each) for each in clusters.clusters.values()]})


@require_safe
async def rows(request: HttpRequest, name: str) -> HttpResponse:
    """A window of the board, filtered and ordered as the page is."""
    try:
        cluster = _named(name)
        given = request.GET.dict()
        query = Query.parse(given)
        start, count = _number(given, "start", 0, MAX_START), _number(given, "count", 100, MAX_COUNT)
    except QueryError as error:
        return Problem(400, f"accepted: {error.accepted}", error.field, error.value).answer()
    except Problem as problem:
        return problem.answer()
    await cluster.hub.prepare(query)
    window = cluster.board.select(query, start, count)
    return _answer({
        "revision": window.revision, "start": start, "total": window.total, "objects": window.objects,
        "counts": window.counts, "rows": window.rows,
    })  # fmt: skip


@require_safe
async def one_object(request: HttpRequest, name: str, **place: str) -> HttpResponse:
    """One object as its page shows it, without what would change it."""
    try:
        cluster = _named(name)
    except Problem as problem:
        return problem.answer()
    key = ObjectKey(
        "" if place["group"] == "core" else place["group"],
        place["kind"],
        "" if place["namespace"] == "-" else place["namespace"],
        place["object_name"],
    )
    try:
        view = await cluster.panel_view(key.id, may_edit=False)
    except FetchError as error:
        return Problem(503, f"the cluster could not be asked: {error}", "object", key.id).answer()
    if view is None:
        return Problem(404, "there is no such object, or it may not be read", "object", key.id).answer()
    return _answer({name: value for name, value in view.items() if name != "edit"})


@require_safe
async def episodes(request: HttpRequest, name: str) -> HttpResponse:
    """Episodes that are kept, newest first; `before` leads on from the answer before."""
    given = request.GET.dict()
    try:
        cluster = _named(name)
        wanted, limit = Filters.parse(given), _number(given, "count", 50, MAX_COUNT, least=1)
        page = await reading.episodes(cluster.name, wanted, limit, given.get("before", ""))
    except FilterError as error:
        return Problem(400, f"accepted: {error.accepted}", error.field, error.value).answer()
    except CursorError:
        return Problem(400, "accepted: what an answer gave as `before`", "before", given.get("before", "")).answer()
    except HistoryError as error:
        return Problem(503, str(error)).answer()
    except Problem as problem:
        return problem.answer()
    return _answer({"episodes": [_kept(cluster, each) for each in page.episodes], "before": page.before})


@require_safe
async def one_episode(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """One episode with its hops and samples."""
    try:
        cluster = _named(name)
        found = await reading.episode(cluster.name, key)
        if found is None:
            raise Problem(404, "there is no such episode (any more)", "key", key)
    except HistoryError as error:
        return Problem(503, str(error)).answer()
    except Problem as problem:
        return problem.answer()
    return _answer(_kept(cluster, found))


@require_safe
async def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """Every address below the API's root that is none of its own."""
    return Problem(404, "the API has no such address; openapi.json lists them all", "path", rest).answer()


def _named(name: str) -> Cluster:
    cluster = clusters.get(name)
    if cluster is None:
        raise Problem(404, "no such cluster is shown here", "cluster", name)
    return cluster


def _number(given: Mapping[str, str], name: str, default: int, most: int, least: int = 0) -> int:
    value = given.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdecimal() and len(value) < 12 and least <= int(value) <= most):
        raise Problem(400, f"accepted: a whole number from {least} to {most}", name, value)
    return int(value)


def _cluster(cluster: Cluster) -> dict[str, Any]:
    fresh = cluster.source.freshness()
    age = None if fresh.last_proof is None else max(0.0, time.time() - fresh.last_proof)
    return {
        "name": cluster.name,
        "sandbox": cluster.sandbox,
        "allow_edits": cluster.allow_edits,
        "state": fresh.state,
        "age": age,
        "error": fresh.error,
        "revision": cluster.board.revision,
        "counts": cluster.board.counts(),
    }


def _kept(cluster: Cluster, found: Kept) -> dict[str, Any]:
    """What is kept, or what the picture knows newer of the same episode."""
    return {
        "group": found.group, "kind": found.kind, "namespace": found.namespace, "name": found.name,
        "episode": kept.newest(cluster, found.episode),
    }  # fmt: skip


def _answer(body: Any) -> HttpResponse:
    return HttpResponse(dump(body), content_type="application/json", headers={"Cache-Control": "no-store"})
