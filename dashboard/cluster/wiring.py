"""What all reflectors of a cluster share, who takes their objects, and what they report of themselves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

from dashboard.cluster.connection import Connection
from dashboard.cluster.pulse import Pulse
from dashboard.cluster.timing import Timing
from dashboard.core.objects import ResourceType


class Sink(Protocol):
    """Who takes the objects. Called synchronously, in order, with apiVersion and kind filled in.

    `begin` may come again before `end` (a list that broke off and starts anew): only the pages since the
    last `begin` count.
    """

    def begin(self, resource: ResourceType) -> None:
        """A list starts."""

    def page(self, resource: ResourceType, objects: list[dict[str, Any]]) -> None:
        """Some of its objects, which are the sink's to keep. Their managedFields may be bytes that nobody decoded."""

    def end(self, resource: ResourceType) -> None:
        """It is complete: whatever was in none of its pages is gone."""

    def apply(self, resource: ResourceType, type: str, obj: dict[str, Any]) -> None:
        """One change: ADDED, MODIFIED or DELETED."""

    def drop(self, resource: ResourceType) -> None:
        """The kind vanished or is no longer watched: forget its objects."""


@dataclass(frozen=True, slots=True)
class KindState:
    """How a kind is doing, for screens.

    `state`: listing, live, stale, forbidden, vanished, counted or failing. `last_proof` is when its stream
    last proved to live (Unix seconds). `objects` are held, or counted where the state says so.
    """

    resource: ResourceType
    state: str
    objects: int
    note: str
    last_proof: float | None
    relists: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the picture can be trusted. `state`: live, stale or connecting; `last_proof` Unix seconds or None."""

    state: str
    last_proof: float | None
    error: str
    kinds: tuple[KindState, ...]


@dataclass(slots=True)
class Counters:
    """What was asked of the API server: it must not depend on how many people look."""

    lists: int = 0
    pages: int = 0
    watches: int = 0
    relists: int = 0
    counts: int = 0
    events: int = 0
    probes: int = 0


@dataclass(frozen=True, slots=True)
class Tuning:
    """Sizes and times (seconds) of a reflector; tests make them small."""

    page: int = 250
    """Objects asked for at once: decoding a page holds everybody up, and 500 Pods of 10 KB take 20 ms."""
    watch_seconds: tuple[int, int] = (45, 60)
    """timeoutSeconds, drawn from this range so that forty kinds do not reopen together."""
    silence_margin: float = 5.0
    list_silence: float = 30.0
    backoff_base: float = 0.5
    backoff_cap: float = 15.0
    refused_cap: float = 60.0
    refused_grace: float = 15.0
    """A kind refused for this long loses its objects: a restarting API server refuses in error for a moment."""
    watch_settled: float = 1.0
    list_settled: float = 5.0
    """A stream that lived this long ends a run of failures (before a watch, before a list)."""
    count_interval: float = 60.0
    hold_limit: int = 20_000
    stale_after: float = 75.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """What all reflectors of one cluster share."""

    connection: Connection
    sink: Sink
    gate: asyncio.Semaphore
    pulse: Pulse
    counters: Counters
    timing: Timing
    tuning: Tuning
