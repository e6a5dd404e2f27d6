"""What is new in an episode that was just written, for whoever is told of such things: stalled, recovered, slow."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.core.forecast import slower
from dashboard.core.model import Ended, Episode
from dashboard.history import models

COMPARED = 20
"""How many of its workload's last episodes one is compared with."""


def tell(episode: Episode, before: models.Episode | None, row: models.Episode) -> None:
    """Say each thing that is new, in the transaction that writes it: what was said and what is kept go together."""
    for event in events(before, row):
        hear(row.cluster, episode, row, event)


def events(before: models.Episode | None, row: models.Episode) -> Iterator[str]:
    """`stalled`, `recovered`, `slower` (than usual): what this row says and the one before it did not."""
    if row.ended == Ended.STALLED and (before is None or before.ended != Ended.STALLED):
        yield "stalled"
    if row.recovered is not None and (before is None or before.recovered is None):
        yield "recovered"
    if row.ended == Ended.CONVERGED and (before is None or before.ended != Ended.CONVERGED) and unusual(row):
        yield "slower"


def unusual(row: models.Episode) -> bool:
    """Whether it took longer than this workload's last ones let expect."""
    past = models.Episode.objects.filter(cluster=row.cluster, object=row.object, ended=Ended.CONVERGED)
    before = past.filter(opened__lt=row.opened).order_by("-opened", "-id").values_list("took", flat=True)[:COMPARED]
    return slower([took for took in before if took is not None], row.took or 0.0)


def hear(cluster: str, episode: Episode, row: models.Episode, event: str) -> None:
    """Hand it on to whoever tells people. Not there: nobody is told."""
