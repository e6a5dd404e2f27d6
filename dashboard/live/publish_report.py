"""What the leader says of how fresh its picture is: ages, for no two machines' clocks agree."""

from __future__ import annotations

from collections.abc import Container

from dashboard.live.freshness import ClusterFreshness
from dashboard.live.mirror_fields import KindReport, Report
from dashboard.live.picture import Kind


def report(fresh: ClusterFreshness, listed: Container[Kind], settled: bool, now: float) -> Report:
    """The word that goes to the mirrors; `listed` are the kinds whose rows have all been told."""
    kinds = tuple(
        KindReport(
            kind.resource,
            kind.state,
            kind.objects,
            kind.note,
            _age(kind.last_proof, now),
            kind.relists,
            (kind.resource.group, kind.resource.kind) in listed,
        )
        for kind in fresh.kinds
    )
    return Report(fresh.state, _age(fresh.last_proof, now), fresh.error, settled, kinds)


def _age(proof: float | None, now: float) -> float | None:
    return None if proof is None else max(0.0, now - proof)
