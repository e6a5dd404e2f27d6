"""How fresh a picture is, as viewers and pages are told: the cluster, and every kind of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from dashboard.core.objects import ResourceType

MAX_KINDS = 100
"""Kinds in one frame; those that are not live come first."""


class KindFreshness(Protocol):
    """What is known of one kind's stream (cluster's KindState)."""

    @property
    def resource(self) -> ResourceType: ...
    @property
    def state(self) -> str: ...
    @property
    def objects(self) -> int: ...
    @property
    def note(self) -> str: ...
    @property
    def last_proof(self) -> float | None: ...
    @property
    def relists(self) -> int: ...


class ClusterFreshness(Protocol):
    """How fresh a cluster's picture is (cluster's Freshness)."""

    @property
    def state(self) -> str: ...
    @property
    def last_proof(self) -> float | None: ...
    @property
    def error(self) -> str: ...
    @property
    def kinds(self) -> Sequence[KindFreshness]: ...


def freshness_key(fresh: ClusterFreshness) -> object:
    """What of it is told at once when it changes; ages and numbers can wait for their turn."""
    others = tuple((kind.resource, kind.state, kind.note) for kind in fresh.kinds if kind.state != "live")
    return fresh.state, fresh.error, others


def freshness_frame(cluster: str, fresh: ClusterFreshness, now: float, revision: int) -> dict[str, Any]:
    """How fresh the picture is: ages in seconds, None where nothing was ever proven; `revision` is the picture's."""
    kinds = sorted(fresh.kinds, key=lambda kind: (kind.state == "live", kind.resource.group, kind.resource.kind))
    return {
        "t": "freshness",
        "cluster": cluster,
        "state": fresh.state,
        "age": _age(fresh.last_proof, now),
        "error": fresh.error[:500],
        "revision": revision,
        "of": len(kinds),
        "kinds": [
            {
                "id": f"{kind.resource.group or 'core'}/{kind.resource.kind}",
                "state": kind.state,
                "note": kind.note[:300],
                "age": _age(kind.last_proof, now),
                "objects": kind.objects,
                "relists": kind.relists,
            }
            for kind in kinds[:MAX_KINDS]
        ],
    }


def _age(proof: float | None, now: float) -> float | None:
    return None if proof is None else round(max(0.0, now - proof), 3)
