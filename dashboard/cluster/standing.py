"""How one kind is doing: what its reflector has found out, and what screens are told of it."""

from __future__ import annotations

from dashboard.cluster.timing import Timing
from dashboard.cluster.wiring import KindState, Tuning
from dashboard.core.objects import ResourceType


class Standing:
    """The state of one kind, handed on from a reflector to the one that takes its place."""

    def __init__(self, resource: ResourceType, timing: Timing, tuning: Tuning, before: Standing | None) -> None:
        self.resource = resource
        self.held: bool = before.held if before else False
        """Whether the sink has objects of this kind."""
        self.objects: int = before.objects if before else 0
        self.relists: int = before.relists if before else -1
        self.state, self.note = "listing", ""
        self.odd = 0
        """Objects without a name, which were skipped."""
        self._timing, self._tuning = timing, tuning
        self.proven_at: float | None = before.proven_at if before else None
        """When something was last heard of it, steady clock."""
        self._refused_since: float | None = None

    def told(self) -> KindState:
        """What it looks like from outside. Ages are taken from the steady clock."""
        age = self._timing.steady() - self.proven_at if self.proven_at is not None else None
        state = self.state
        if state == "live" and age is not None and age > self._tuning.stale_after:
            state = "stale"
        notes = [self.note] if self.note else []
        if self.odd:
            notes.append(f"{self.odd} objects without a name skipped")
        proof = self._timing.wall() - age if age is not None else None
        return KindState(self.resource, state, self.objects, "; ".join(notes), proof, max(self.relists, 0))

    def prove(self) -> None:
        """Something was heard of it just now."""
        self.proven_at = self._timing.steady()

    def listing(self, objects: int, expected: int, *, more: bool) -> None:
        """So many objects of its list are here, and `more` pages are to come."""
        self.prove()
        self.objects = objects
        self.note = f"{objects:,} of {expected:,} listed" if more else ""

    def skipped(self, odd: int) -> None:
        """So many of those that are here have no name."""
        self.objects -= odd
        self.odd += odd

    def live(self) -> None:
        """Its stream is open."""
        self.prove()
        self.state, self.note = "live", ""
        self.accepted()

    def accepted(self) -> None:
        """The API lets us have it (again)."""
        self._refused_since = None

    def refused(self) -> bool:
        """The API will not let us have it: whether that has lasted too long for what is held to be believed."""
        now = self._timing.steady()
        if self._refused_since is None:
            self._refused_since = now
        return now - self._refused_since >= self._tuning.refused_grace
