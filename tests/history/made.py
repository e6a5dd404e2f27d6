"""Episodes and rows for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connection

from dashboard.core.model import Change, Ended, Episode, Hop, Row, Sample, Verdict
from dashboard.history import wire

T = TypeVar("T")
NOW = 1_790_000_000.0
HOPS = (
    Hop("accepted", NOW, 0.0, "apps/Deployment/shop/web"),
    Hop("observed", NOW + 0.5, 0.5, "apps/Deployment/shop/web", "generation 2"),
    Hop("ready", NOW + 9, 8.5, "core/Pod/shop/web-1", "3 of 3 Pods"),
)
SAMPLES = (Sample(NOW, 3, 0, 2, 2), Sample(NOW + 4.5, 3, 2, None, 2, 1))


def row(name: str = "web", namespace: str = "shop", kind: str = "Deployment") -> Row:
    """The row of an object."""
    id = f"apps/{kind}/{namespace}/{name}"
    return Row(
        id=id,
        group="apps",
        kind=kind,
        namespace=namespace,
        name=name,
        uid=f"uid-{name}",
        verdict=Verdict.CONVERGING,
        reason="",
        since=None,
        at_least=False,
        glance="",
        images="",
        bar=None,
        cause="",
        cause_at="",
        cause_reason="",
        owner="",
        drives="",
        revision="",
        created=None,
    )


def episode(key: str = "uid-web/2", *, took: float | None = None, **changed: Any) -> Episode:
    """An episode, open unless it `took` some seconds."""
    opened = changed.pop("opened", NOW)
    given: dict[str, Any] = {
        "object": "apps/Deployment/shop/web",
        "uid": "uid-web",
        "kind": "change",
        "generation": 2,
        "verdict": Verdict.CONVERGING if took is None else Verdict.CONVERGED,
        "reason": "Progressing",
        "cause": "1 of 3 is ready",
        "changes": (Change("spec.replicas", 2, 3),),
        "by": "kubectl",
        "closed": None if took is None else opened + took,
        "ended": None if took is None else Ended.CONVERGED,
        "hops": HOPS,
        "samples": SAMPLES,
    }
    return Episode(key=key, opened=opened, **{**given, **changed})


def told(episode: Episode, number: int = 1, version: int = 1, on: Row | None = None) -> wire.Told:
    """It, as it is sent."""
    return wire.told(number, version, episode, on or row())


def batch(*episodes: wire.Told, id: str = "b1", run: str = "r1", at: float = NOW, **more: Any) -> wire.Batch:
    """A batch of a run that has told of as many as the highest number in it."""
    last = max((each.number for each in episodes), default=0)
    state = more.pop("state", wire.RunState(run, last, NOW))
    return wire.Batch(id=id, cluster=more.pop("cluster", "c"), at=at, run=state, episodes=episodes, **more)


async def away(work: Callable[..., T], *given: Any) -> T:
    """What `work` gives, in a thread: databases are none of an event loop's business."""

    def ask() -> T:
        try:
            return work(*given)
        finally:
            connection.close()

    return await asyncio.to_thread(ask)
