"""What the leader says of how fresh its picture is: ages, for no two machines' clocks agree."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Protocol

from dashboard.core.objects import ResourceType
from dashboard.live.mirror_fields import KindReport, Report
from dashboard.live.picture import Kind


class KindTold(Protocol):
    """What the watch knows of one kind's stream (cluster's KindState)."""

    @property
    def resource(self) -> ResourceType: ...
    @property
    def state(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def last_proof(self) -> float | None: ...
    @property
    def objects(self) -> int: ...
    @property
    def relists(self) -> int: ...


class FreshnessTold(Protocol):
    """What the watch knows of a cluster (cluster's Freshness)."""

    @property
    def state(self) -> str: ...
    @property
    def last_proof(self) -> float | None: ...
    @property
    def error(self) -> str: ...
    @property
    def kinds(self) -> Sequence[KindTold]: ...


class Told(Protocol):
    """Whoever watches."""

    def freshness(self) -> FreshnessTold:
        """How far the picture can be trusted, now."""


def report(fresh: FreshnessTold, listed: Container[Kind], settled: bool, now: float) -> Report:
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
