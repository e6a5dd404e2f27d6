"""Who has an episode, and who leaves it to an owner to speak."""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache

from dashboard.live.entries import Entries, Entry

SPOKEN_FOR = frozenset({
    ("", "Pod"), ("apps", "ReplicaSet"), ("apps", "ControllerRevision"), ("discovery.k8s.io", "EndpointSlice"),
})  # fmt: skip
"""Kinds whose objects have no episode while their owner is on the board."""

SPEAKERS = frozenset({
    ("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("batch", "Job"),
    ("batch", "CronJob"), ("", "ReplicationController"),
})  # fmt: skip
"""Kinds of owners that are watched wherever they are served: not on the board, they are yet to come, or gone."""

SILENT = frozenset({("coordination.k8s.io", "Lease"), ("", "Endpoints"), ("discovery.k8s.io", "EndpointSlice")})
"""Kinds that are written all the time and converge to nothing."""


def speaks(entry: Entry, entries: Entries, watched: Container[tuple[str, str]]) -> bool:
    """Whether the owner of an object is followed in its place. A Node speaks for none of its static Pods."""
    kind = _kind_of(entry.row.owner)
    if kind == ("", "Node"):
        return False
    return kind in SPEAKERS or kind in watched or entries.owner(entry) is not None


@lru_cache(maxsize=4096)
def _kind_of(id: str) -> tuple[str, str]:
    """Group and kind of an id that this program made."""
    group, kind = id.split("/", 2)[:2]
    return ("" if group == "core" else group), kind
