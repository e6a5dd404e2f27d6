"""Something that may be done so often: what viewers can make this program ask of the cluster's API."""

from __future__ import annotations


class Pace:
    """At most `rate` times a second, and as often at once after a second of rest."""

    def __init__(self, rate: float) -> None:
        self._rate = self._left = rate
        self._at: float | None = None

    def may(self, now: float) -> bool:
        """Whether it may be done at `now`, in Unix seconds; it then counts as done. A clock that is set back stops
        nothing."""
        if self._at is not None:
            self._left = min(self._rate, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
