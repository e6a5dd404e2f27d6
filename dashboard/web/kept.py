"""What pages read of episodes: from history, and what the picture knows newer. Where it cannot be read, in words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.core.model import Episode
from dashboard.history import reading
from dashboard.history.filters import Filters
from dashboard.history.reading import HistoryError
from dashboard.history.values import Distribution, EditMade
from dashboard.web.clusters import Cluster

MAX_EDITS = 20


@dataclass(frozen=True, slots=True)
class Past:
    """A page of history. `before` is where the next page begins, "" for none; `looked` how far back was looked where
    that did not fill the page; `lost` counts what was told and never written; `problem` says why there is nothing, ""
    where there may be.
    """

    episodes: tuple[Episode, ...] = ()
    workloads: Mapping[str, Distribution] = field(default_factory=dict)
    edits: tuple[EditMade, ...] = ()
    before: str = ""
    looked: float | None = None
    lost: int = 0
    problem: str = ""


async def episode(cluster: Cluster, key: str, of: str = "") -> Episode | None:
    """The episode of this key, as new as it is known; None where none is. Raises HistoryError.

    `of` is the id of its object, where somebody knows it: the picture has the episode before it is written down.
    """
    seen = cluster.board.episode(of) if of else None
    if seen is not None and seen.key == key:
        return seen
    found = await reading.episode(cluster.name, key)
    return newest(cluster, found.episode) if found is not None else None


def newest(cluster: Cluster, episode: Episode) -> Episode:
    """The same episode as the picture has it, which is ahead of what is kept; else as it is kept."""
    seen = cluster.board.episode(episode.object)
    return seen if seen is not None and seen.key == episode.key else episode


async def past(cluster: Cluster, wanted: Filters, limit: int, before: str) -> Past:
    """Episodes that the filters let through, newest first, their workloads' pasts, and the edits made from here.

    Raises CursorError for a `before` that no page gave.
    """
    try:
        page = await reading.episodes(cluster.name, wanted, limit, before)
        objects = list(dict.fromkeys(each.episode.object for each in page.episodes))
        workloads, edits, lost = await asyncio.gather(
            reading.distributions(cluster.name, objects),
            reading.edits(cluster.name, wanted.object, MAX_EDITS),
            reading.lost(cluster.name),
        )
    except HistoryError as problem:
        return Past(problem=str(problem))
    episodes = tuple(newest(cluster, each.episode) for each in page.episodes)
    return Past(episodes, workloads, edits, page.before, page.looked, lost)
