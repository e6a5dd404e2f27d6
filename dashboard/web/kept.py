"""What pages read of episodes: from history, and what is still on its way there from the picture."""

from __future__ import annotations

from dashboard.core.model import Episode
from dashboard.web.clusters import Cluster


async def episode(cluster: Cluster, key: str) -> Episode | None:
    """The episode of this key; None where none is known."""
    return None
