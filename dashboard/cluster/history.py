"""How far a kind's history has been followed, and whether what comes next can belong to it."""

from __future__ import annotations

from dashboard.cluster.reading import Event, number

BELIEVED = 3
"""Times that a history may go back, or a list be older than what is known, before that is believed: there are foreign
API servers that do not keep to the rule, and restored backups."""


class History:
    """The version reached, and the one that the stream was asked to go on from."""

    def __init__(self) -> None:
        self.reached = ""
        self._since = ""
        self._backwards = 0
        self._older = 0

    def resume(self) -> str:
        """The version to watch from."""
        self._since = self.reached
        return self._since

    def is_older(self, listed: str) -> bool:
        """Whether a list of this version is of an API server that lags behind others (each has its own cache, and a
        load balancer chooses): what was seen is not taken back for it.
        """
        known, now = number(self.reached), number(listed)
        if known is None or now is None or now >= known or self._older >= BELIEVED:
            return False
        self._older += 1
        return True

    def take(self, listed: str) -> None:
        """A list of this version is complete."""
        self.reached, self._older = listed, 0

    def went_back(self, event: Event) -> bool:
        """Whether the cluster's history was rewritten (a restored etcd): what comes must be newer than what was
        asked for, and bookmarks only ever grow.
        """
        since = number(self.reached if event.type == "BOOKMARK" else self._since)
        now = number(event.version)
        if now is None or since is None or now >= since or self._backwards >= BELIEVED:
            return False
        self._backwards += 1
        self.reached = ""  # the list to come is right, however old
        return True
