"""What pages are rendered from: the context of every page, of the board, and of an object.

Read in the event loop that owns the boards, so that a page is one moment and never half of two.
"""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest

from dashboard.core.model import Verdict
from dashboard.live.hub import freshness_frame
from dashboard.live.query import VERDICTS, Query, QueryError
from dashboard.web import vendor
from dashboard.web.clusters import Cluster

FITS = 60
"""Rows that a window shows without much scrolling: up to here what has converged is not folded away."""
COUNT = 200
COUNT_ALL = 500
REFRESH = 5
"""Seconds after which a page that no script keeps current loads itself again."""
MAX_KINDS = 100

Context = dict[str, Any]

READ_ONLY = "Read-only: started without --allow-edits"
VIEW_ONLY = "Read-only: your token may only look"


def read_only(cluster: Cluster, request: HttpRequest) -> str:
    """Why this visitor may not edit here; "" when they may."""
    if not cluster.allow_edits:
        return READ_ONLY
    return "" if getattr(request, "role", None) == "edit" else VIEW_ONLY


def root_of(cluster: Cluster) -> str:
    """The board's path, which every other path of the cluster begins with."""
    return f"/c/{cluster.name}/"


def common(cluster: Cluster, request: HttpRequest, query: Query | None = None, *, page: str = "") -> Context:
    """What base.html needs. `query` is what the counts in the header are counted from (None: everything)."""
    now = time.time()
    fresh = cluster.source.freshness()
    others = [kind for kind in fresh.kinds if kind.state != "live"][:MAX_KINDS]
    counted = query or Query()
    window = cluster.board.select(counted, 0, 0)
    return {
        "cluster": cluster,
        "root": root_of(cluster),
        "page": page,
        "now": now,
        "vendor": vendor.present(),
        "refresh": REFRESH,
        "read_only": read_only(cluster, request),
        "fresh": freshness_frame(cluster.name, fresh, others, now),
        "chips": _chips(cluster, counted, window.counts),
        "counts_query": counted.text,
        "kept": {"namespace": counted.namespace, "kind": counted.kind, "verdict": counted.verdict, "q": counted.q},
        "trouble": window.counts.get(Verdict.STALLED, 0),
    }


def _chips(cluster: Cluster, query: Query, counts: dict[Verdict, int]) -> list[Context]:
    """A count and a link per verdict; the link of the one that filters already takes the filter away."""
    chips = []
    for verdict in VERDICTS:
        active = query.verdict == verdict
        wanted = "" if active else str(verdict)
        text = Query(query.namespace, query.kind, wanted, query.q, query.owner).text
        href = f"{root_of(cluster)}?{text}" if text else root_of(cluster)
        chips.append({"verdict": str(verdict), "count": counts.get(verdict, 0), "active": active, "href": href})
    return chips


def board(cluster: Cluster, request: HttpRequest) -> tuple[Context, int]:
    """The board's context and the page's status: 400 when a filter cannot be used, which the page says."""
    problem: QueryError | None = None
    try:
        query = Query.parse(request.GET.dict())
    except QueryError as error:
        problem, query = error, Query()
    everything = "all" in request.GET
    window = cluster.board.select(query, 0, COUNT_ALL if everything else COUNT)
    context = common(cluster, request, query, page="board")
    shown, folded = fold(list(window.rows), window.counts, query, everything)
    context |= {
        "query": query,
        "problem": problem,
        "window": window,
        "shown": shown,
        "folded": folded,
        "folds": query.folds and not query.verdict and window.total < window.objects,
        "beyond": window.total - len(shown) - folded,
        "all": everything,
        "show_all": f"{context['root']}?{query.text + '&' if query.text else ''}all=1",
        "namespaces": _with(cluster.board.namespaces(), query.namespace),
        "kinds": [
            {"value": kind, "label": kind, "selected": kind.casefold() == query.kind.casefold()}
            for kind in _with(cluster.board.kinds(), query.kind)
        ],
    }
    return context, 400 if problem else 200


def _with(known: tuple[str, ...], chosen: str) -> tuple[str, ...]:
    """The choices, and the chosen one among them even when nothing there has it (any more)."""
    if not chosen or chosen.casefold() in {each.casefold() for each in known}:
        return known
    return (chosen, *known)


def fold(rows: list[Any], counts: dict[Verdict, int], query: Query, everything: bool) -> tuple[list[Any], int]:
    """The rows to show, and how many converged ones are folded into one line: none while all fit or were asked for.

    The browser's twin is `fold` in static/js/frames.js.
    """
    total = sum(counts.values())
    if everything or total <= FITS or query.verdict or query.q or query.owner:
        return rows, 0
    return [row for row in rows if row.verdict is not Verdict.CONVERGED], counts.get(Verdict.CONVERGED, 0)
