"""What pages are rendered from: the context of every page, of the board, and of an object.

Read in the event loop that owns the boards, so that a page is one moment and never half of two.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest

from dashboard.core.model import Verdict
from dashboard.live.freshness import freshness_frame
from dashboard.live.query import VERDICTS, Query, QueryError, Window
from dashboard.web import vendor
from dashboard.web.clusters import Cluster
from dashboard.web.wording import duration

FITS = 60
"""Rows that a window shows without much scrolling: up to here what has converged is not folded away."""
COUNT = 40
"""Rows of one page as it comes from the server; a script goes on from there, links lead on without one."""
START_DIGITS = 7
"""Digits of the largest place in a list that an address may name."""
REFRESH = 5
"""Seconds after which a page that no script keeps current loads itself again."""

MODULES = {
    "board": ("board",),
    "object": ("object", "chart", "change"),
    "episode": ("chart", "replay"),
    "history": ("history",),
    "sandbox": ("lab",),
}
"""The scripts of static/js that only these pages load."""

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


def modules(page: str) -> list[str]:
    """The static files of a page's own scripts."""
    return [f"js/{name}.js" for name in MODULES.get(page, ())]


def common(cluster: Cluster, request: HttpRequest, query: Query | None = None, *, page: str = "") -> Context:
    """What base.html needs. `query` is what the counts in the header are counted from (None: everything)."""
    now = time.time()
    fresh = cluster.source.freshness()
    told = freshness_frame(cluster.name, fresh, now, cluster.board.revision)
    counted = query or Query()
    window = cluster.board.select(counted, 0, 0)
    return {
        "cluster": cluster,
        "root": root_of(cluster),
        "page": page,
        "now": now,
        "vendor": vendor.present(),
        "modules": modules(page),
        "refresh": REFRESH,
        "read_only": read_only(cluster, request),
        "fresh": told,
        "streams": _streams(told["kinds"]),
        "other_kinds": [kind for kind in told["kinds"] if kind["state"] != "live"],
        "chips": _chips(cluster, counted, window.counts),
        "counts_query": counted.text,
        "kept": {"namespace": counted.namespace, "kind": counted.kind, "verdict": counted.verdict, "q": counted.q},
        "trouble": window.counts.get(Verdict.STALLED, 0),
    }


def _streams(kinds: list[Context]) -> list[Context]:
    """What is said of each kind's stream."""
    return [
        {
            **kind,
            "proof": "never" if kind["age"] is None else f"{duration(kind['age'])} ago",
            "holds": f"{kind['objects']:,}",
            "again": f"{kind['relists']:,}",
        }
        for kind in kinds
    ]


def _chips(cluster: Cluster, query: Query, counts: dict[Verdict, int]) -> list[Context]:
    """A count and a link per verdict; the link of the one that filters already takes the filter away."""
    chips = []
    for verdict in VERDICTS:
        active = query.verdict == verdict
        wanted = "" if active else str(verdict)
        text = Query(query.namespace, query.kind, wanted, query.q, query.owner).text
        href = f"{root_of(cluster)}?{text}" if text else root_of(cluster)
        count = counts.get(verdict, 0)
        chips.append({"verdict": str(verdict), "count": count, "said": f"{count:,}", "active": active, "href": href})
    return chips


def board(cluster: Cluster, request: HttpRequest) -> tuple[Context, int]:
    """The board's context and the page's status: 400 when a filter cannot be used, which the page says."""
    problem: QueryError | None = None
    try:
        query, start = asked(request)
    except QueryError as error:
        problem, query, start = error, Query(), 0
    context = common(cluster, request, query, page="board")
    context |= _list(cluster, query, start, everything="all" in request.GET, root=context["root"])
    context |= {
        "query": query,
        "problem": problem,
        "namespaces": _with(cluster.board.namespaces(), query.namespace),
        "kinds": [
            {"value": kind, "label": kind, "selected": kind.casefold() == query.kind.casefold()}
            for kind in _with(cluster.board.kinds(), query.kind)
        ],
    }
    return context, 400 if problem else 200


def asked(request: HttpRequest) -> tuple[Query, int]:
    """The query in the address, and the place in its list to begin at. Raises QueryError."""
    given = request.GET.get("start", "")
    if given and not (given.isascii() and given.isdigit() and len(given) <= START_DIGITS):
        raise QueryError("start", given, "a whole number of rows")
    return Query.parse(request.GET.dict()), int(given or 0)


def _list(cluster: Cluster, query: Query, start: int, *, everything: bool, root: str) -> Context:
    """The part of the list that the page shows, what is folded behind it, and links to the parts around it."""
    window = cluster.board.select(query, start, COUNT)
    length, folded = extent(window, query, everything)
    if start >= length > 0:  # it has become shorter than it was when somebody made the link: its last part
        start = (length - 1) // COUNT * COUNT
        window = cluster.board.select(query, start, COUNT)
    shown = window.rows[: max(0, length - start)]
    kept = [*parse_qsl(query.text), *([("all", "1")] if everything else [])]

    def link(at: int) -> str:
        return f"{root}?{urlencode([*kept, *([('start', at)] if at else [])])}"

    numbers = {
        "total": window.total, "objects": window.objects, "folded": folded, "length": length,
        "first": start + 1, "last": start + len(shown),
    }  # fmt: skip
    return {
        "window": window,
        "shown": shown,
        "said": {name: f"{number:,}" for name, number in numbers.items()},
        "folded": 0 if start + len(shown) < length else folded,
        "folds": query.folds and not query.verdict and window.total < window.objects,
        "start": start,
        "all": everything,
        "earlier": link(max(0, start - COUNT)) if start else "",
        "later": link(start + COUNT) if start + len(shown) < length else "",
        "show_all": f"{root}?{urlencode([*parse_qsl(query.text), ('all', '1')])}",
    }


def _with(known: tuple[str, ...], chosen: str) -> tuple[str, ...]:
    """The choices, and the chosen one among them even when nothing there has it (any more)."""
    if not chosen or chosen.casefold() in {each.casefold() for each in known}:
        return known
    return (chosen, *known)


def extent(window: Window, query: Query, everything: bool) -> tuple[int, int]:
    """How many rows the list has, and how many converged ones are folded into one line behind them.

    None are while all fit, or when they were asked for. What has converged comes last, so that folding is only a
    shorter list. The browser's twin is `extent` in static/js/frames.js.
    """
    if everything or sum(window.counts.values()) <= FITS or query.verdict or query.q or query.owner:
        return window.total, 0
    folded = window.counts.get(Verdict.CONVERGED, 0)
    return window.total - folded, folded
