"""What a page, a program, a forecast and a batch pay where so many episodes are kept: the least of some turns.

Import it where Django knows its settings.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from dashboard.cluster.connection import Connection
from dashboard.cluster.discovery import KindFilter
from dashboard.cluster.kubeconfig import Access
from dashboard.core.model import Change, Ended, Episode, Hop, Verdict
from dashboard.history import models, reading, wire
from dashboard.history.filters import Filters
from dashboard.history.writing import write
from dashboard.management.benchmarks import historymade
from dashboard.management.benchmarks.historymade import BUSY, CLUSTER, EDITS, HOPS, NOW, SAMPLES
from dashboard.management.benchmarks.historyserver import Meter
from dashboard.web import clusters, kept
from dashboard.web.usual import usual

PAGE, BATCH = 60, 50
FEW = 80
"""Episodes that are slower than the threshold that few exceed, whatever is kept."""

Act = Callable[[], Awaitable[Any]]

KIND, NAMESPACE, NAME = "StatefulSet", "team-07", "service-3"
FILTERS: Mapping[str, Filters] = {
    "all": Filters(),
    "kind": Filters(kind=KIND),
    "namespace": Filters(namespace=NAMESPACE),
    "name": Filters(name=NAME),
    "stalled": Filters(ended="stalled"),
    "converged": Filters(ended="converged"),
    "lost": Filters(ended="lost"),
    "recovered": Filters(ended="recovered"),
    "who": Filters(who="helm"),
    "fights": Filters(fight=True),
    "slower than 40 s": Filters(slower=40),
    "kind, stalled": Filters(kind="Deployment", ended="stalled"),
    "kind, slower": Filters(kind="Deployment", slower=40),
    "kind, who": Filters(kind="Deployment", who="helm"),
    "who, no such kind": Filters(kind="Nothing", who="argocd-controller"),
    "slower than all": Filters(slower=86_400),
}


async def costs(many: int, turns: int, meter: Meter) -> dict[str, tuple[float, float]]:
    """Milliseconds of CPU and of time that each takes, in a database that holds so many."""
    acts = await asyncio.to_thread(_acts, many)
    return {name: await _least(act, turns, meter) for name, act in acts.items()}


async def _least(act: Act, turns: int, meter: Meter) -> tuple[float, float]:
    await asyncio.gather(act(), act())  # every reader has its connection
    meter.look()
    spent: list[float] = []
    took: list[float] = []
    for _ in range(turns):
        before, began = meter.spent(), time.perf_counter()
        await act()
        took.append(time.perf_counter() - began)
        spent.append(meter.spent() - before)
    return round(min(spent) * 1e3, 3), round(min(took) * 1e3, 3)


def _acts(many: int) -> dict[str, Act]:
    """What is measured, by name."""
    nowhere = Connection(Access(name=CLUSTER, server="http://127.0.0.1:9"))
    cluster = clusters.assemble(CLUSTER, nowhere, kinds=KindFilter())
    middle = models.Episode.objects.get(id=many // 2)
    deep = _cursor(many * 4 // 10)
    found: dict[str, Act] = {}
    for name, filters in {**FILTERS, "slower than most": Filters(slower=_threshold())}.items():
        found[f"page, {name}"] = _page(cluster, filters, "")
        found[f"page, {name}, deep"] = _page(cluster, filters, deep)
    found["page, open"] = _page(cluster, Filters(ended="open"), "")
    found["page, a workload"] = _page(cluster, Filters(object=middle.object), "")
    found["API, 50"] = lambda: reading.episodes(CLUSTER)
    found["API, 500"] = lambda: reading.episodes(CLUSTER, limit=500)
    found["permalink"] = lambda: reading.episode(CLUSTER, middle.key)
    found["forecast, own past"] = lambda: usual(CLUSTER, _about(middle.object))
    found["forecast, its kind's"] = lambda: usual(CLUSTER, _about(f"apps/{middle.kind}/{middle.namespace}/new"))
    found["batch of 50"] = lambda: asyncio.to_thread(write, batch())
    found["60 rows by key"] = lambda: asyncio.to_thread(_by_key, many // 2)
    return found


def _page(cluster: clusters.Cluster, filters: Filters, before: str) -> Act:
    return lambda: kept.past(cluster, filters, PAGE, before)


def _cursor(id: int) -> str:
    opened = models.Episode.objects.values_list("opened", flat=True).get(id=id)
    return f"{opened!r}_{id}"


def _threshold() -> float:
    ended = models.Episode.objects.filter(cluster=CLUSTER, took__isnull=False).order_by("-took")
    return float(ended.values_list("took", flat=True)[FEW] or 0)


def _by_key(id: int) -> None:
    """The floor: as many rows as a page's, with their hops, by their ids."""
    list(models.Episode.objects.filter(id__in=range(id, id + PAGE)).prefetch_related("hops"))


def _about(object: str) -> Episode:
    return Episode(
        key="new", object=object, uid="new", kind="change", opened=NOW, generation=1, verdict=Verdict.CONVERGING
    )


def batch() -> wire.Batch:
    """Fifty episodes that have just ended, of workloads that are there."""
    state = wire.RunState("run", EDITS, NOW, watches=True)
    told = tuple(_told(number) for number in range(BATCH))
    return wire.Batch(id=uuid.uuid4().hex, cluster=CLUSTER, at=NOW, run=state, episodes=told)


def _told(number: int) -> wire.Told:
    kind, namespace, name = historymade.workload(number % BUSY)
    opened = NOW - number
    episode = Episode(
        key=f"new/{uuid.uuid4().hex}", object=f"apps/{kind}/{namespace}/{name}", uid="new", kind="change",
        opened=opened, generation=2, closed=opened + 9, ended=Ended.CONVERGED, verdict=Verdict.CONVERGED,
        by="helm", changes=(Change("spec.replicas", 2, 3),),
        hops=tuple(Hop(hop, opened + 1, 1, "core/Pod/shop/web-1", "3 of 3 Pods") for hop in HOPS),
        samples=SAMPLES,
    )  # fmt: skip
    return wire.Told(0, number, episode, "apps", kind, namespace, name)
