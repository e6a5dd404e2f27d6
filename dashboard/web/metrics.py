"""`/metrics`: the same picture for Prometheus. Labels are bounded: what is named in a cluster may be without end.

Nothing here asks the database or the API: it is read off what the process holds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from dashboard.core.objects import plain
from dashboard.live.query import VERDICTS
from dashboard.live.tally import BOUNDS, OTHER, Spread
from dashboard.web import clusters
from dashboard.web.clusters import Cluster

MAX_KINDS = 300
"""Kinds of which freshness is told."""


@require_safe
async def page(request: HttpRequest) -> HttpResponse:
    """In the format that the scraper asks for: Prometheus' own or OpenMetrics."""
    registry = CollectorRegistry()
    registry.register(Clusters())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)


class Clusters(Collector):
    """All clusters that this process shows, as of now."""

    def collect(self) -> Iterator[Metric]:
        """Every family once, with a sample for each cluster."""
        shown = list(clusters.clusters.values())
        yield from _picture(shown)
        yield from _freshness(shown)
        yield from _episodes(shown)
        yield from _history(shown)


def _picture(shown: list[Cluster]) -> Iterator[Metric]:
    objects = GaugeMetricFamily("reconcilerviz_objects", "Objects by verdict.", labels=["cluster", "verdict"])
    revision = GaugeMetricFamily("reconcilerviz_board_revision", "Changes told to viewers.", labels=["cluster"])
    viewers = GaugeMetricFamily("reconcilerviz_viewers", "Open WebSockets that view something.", labels=["cluster"])
    for cluster in shown:
        counts = cluster.board.counts()
        for verdict in VERDICTS:
            objects.add_metric([cluster.name, str(verdict)], counts[verdict])
        revision.add_metric([cluster.name], cluster.board.revision)
        viewers.add_metric([cluster.name], cluster.hub.viewers)
    yield from (objects, revision, viewers)


def _freshness(shown: list[Cluster]) -> Iterator[Metric]:
    live = GaugeMetricFamily("reconcilerviz_live", "1 while the picture is proven to be fresh.", labels=["cluster"])
    age = GaugeMetricFamily(
        "reconcilerviz_proof_age_seconds", "Seconds since the API last answered.", labels=["cluster"], unit="seconds"
    )
    kinds = GaugeMetricFamily(
        "reconcilerviz_kind_proof_age_seconds",
        "Seconds since a kind's stream last proved to live.",
        labels=["cluster", "kind", "state"],
        unit="seconds",
    )
    now = time.time()
    for cluster in shown:
        fresh = cluster.source.freshness()
        live.add_metric([cluster.name], float(fresh.state == "live"))
        if fresh.last_proof is not None:
            age.add_metric([cluster.name], max(0.0, now - fresh.last_proof))
        for kind in fresh.kinds[:MAX_KINDS]:
            if kind.last_proof is not None:
                name = plain(f"{kind.resource.group or 'core'}/{kind.resource.kind}", 200)
                kinds.add_metric([cluster.name, name, kind.state], max(0.0, now - kind.last_proof))
    yield from (live, age, kinds)


def _episodes(shown: list[Cluster]) -> Iterator[Metric]:
    ends = CounterMetricFamily("reconcilerviz_episodes", "Episodes by how they ended.", labels=["cluster", "ended"])
    took = HistogramMetricFamily(
        "reconcilerviz_convergence_seconds",
        f"Seconds from a gap's opening to convergence; kinds and namespaces beyond a bound are {OTHER[0]!r}.",
        labels=["cluster", "kind", "namespace"],
        unit="seconds",
    )
    for cluster in shown:
        tally = cluster.board.tally
        for how, count in tally.ends.items():
            ends.add_metric([cluster.name, how], count)
        for (kind, namespace), spread in tally.took.items():
            took.add_metric([cluster.name, plain(kind, 63), plain(namespace, 63)], _buckets(spread), spread.total)
    yield from (ends, took)


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    """Counts that include those of the smaller buckets, as the format wants them."""
    found: list[tuple[str, float]] = []
    running = 0
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], spread.buckets, strict=True):
        running += count
        found.append((bound, running))
    return found


def _history(shown: list[Cluster]) -> Iterator[Metric]:
    dropped = CounterMetricFamily(
        "reconcilerviz_history_dropped", "Given up because the buffer was full.", labels=["cluster", "what"]
    )
    lost = GaugeMetricFamily(
        "reconcilerviz_history_lost", "Episodes and edits told of, not written and held by nobody.", labels=["cluster"]
    )
    held = GaugeMetricFamily("reconcilerviz_history_buffered", "Held and not known to be written.", labels=["cluster"])
    for cluster in shown:
        if cluster.recording is None:
            continue
        counts = cluster.recording.counts()
        dropped.add_metric([cluster.name, "samples"], counts.dropped_samples)
        dropped.add_metric([cluster.name, "episodes"], counts.dropped_episodes)
        lost.add_metric([cluster.name], counts.lost)
        held.add_metric([cluster.name], counts.buffered)
    yield from (dropped, lost, held)
