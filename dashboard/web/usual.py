"""How long such episodes usually take: what history keeps of the same object, else of its kind in its namespace."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dashboard.core.forecast import comparable, forecast, percentile, slower
from dashboard.core.model import Episode
from dashboard.core.objects import ObjectKey
from dashboard.history import reading
from dashboard.history.reading import HistoryError
from dashboard.live.view import Usual
from dashboard.web.response import length

FEW = 3
"""Episodes of the object itself from which on others of its kind need not be asked."""


async def usual(cluster: str, episode: Episode) -> Usual | None:
    """How this one compares with those before it, None where none are kept or they cannot be read now."""
    try:
        durations, of = await _past(cluster, ObjectKey.parse(episode.object), episode.opened)
    except (HistoryError, ValueError):
        return None  # the history page says what is wrong with it; here there is nothing to say it from
    return compare(episode, durations, of, time.time())


async def _past(cluster: str, key: ObjectKey, before: float) -> tuple[Sequence[float], str]:
    own = await reading.durations(cluster, key.id, before=before)
    if len(own) >= FEW:
        return own, f"{key.kind} {key.name}"
    near = await reading.durations(cluster, kind=key.kind, namespace=key.namespace, before=before)
    if len(near) > len(own):
        return near, f"{key.kind}s in {key.namespace}" if key.namespace else f"{key.kind}s"
    return own, f"{key.kind} {key.name}"


def compare(episode: Episode, durations: Sequence[float], of: str, now: float) -> Usual | None:
    """An episode beside such durations: those of what converged, in seconds."""
    if not durations:
        return None
    elapsed = length(episode, now if episode.closed is None else None)
    ordered = sorted(comparable(durations) or durations)
    more = forecast(durations, elapsed, of) if episode.closed is None else None
    return Usual(
        p50=percentile(ordered, 0.5),
        p90=percentile(ordered, 0.9),
        count=len(ordered),
        of=of,
        slower=slower(durations, elapsed),
        more=None if more is None else (more.p50, more.p90),
    )
