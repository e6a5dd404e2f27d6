"""A hub over a board, with a freshness that a test sets and objects that a test holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dashboard.core.objects import ResourceType
from dashboard.live.board import Board
from dashboard.live.hub import Hub
from tests.live.factory import Clock, Obj


@dataclass
class Kind:
    resource: ResourceType
    state: str = "live"
    note: str = ""
    last_proof: float | None = None
    objects: int = 0
    relists: int = 0


@dataclass
class Fresh:
    state: str = "live"
    last_proof: float | None = None
    error: str = ""
    kinds: list[Kind] = field(default_factory=list)


class Held:
    """A hub, and what is behind it."""

    def __init__(self, name: str = "sandbox", board: Board | None = None, *, allow_edits: bool = True) -> None:
        self.clock = Clock()
        self.board = board if board is not None else Board(self.clock)
        self.fresh = Fresh(last_proof=self.clock.now)
        self.objects: dict[str, Obj] = {}
        self.fetched: list[str] = []
        self.failing: Exception | None = None
        self.hub = Hub(
            name,
            self.board,
            fetch=self.fetch,
            freshness=lambda: self.fresh,
            clock=self.clock,
            allow_edits=allow_edits,
        )

    async def fetch(self, id: str) -> dict[str, Any] | None:
        self.fetched.append(id)
        if self.failing is not None:
            raise self.failing
        return self.objects.get(id)

    def step(self, seconds: float = 0.2) -> None:
        self.clock.now += seconds
        self.hub.step(self.clock.now)
