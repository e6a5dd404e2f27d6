"""How far a kind's history has been followed, and whether what comes next can belong to it."""

from __future__ import annotations

from dashboard.cluster.reading import Event, number

BELIEVED = 3
"""Times that a history may go back: a foreign API server that does not keep to the rule is believed from then on."""


class History:
    """The version reached, and the one that the stream was asked to go on from."""

    def __init__(self) -> None:
        self.reached = ""
        self._since = ""
        self._backwards = 0

    def resume(self) -> str:
        """The version to watch from."""
        self._since = self.reached
        return self._since

    def went_back(self, event: Event) -> bool:
        """Whether the cluster's history was rewritten (a restored etcd): what comes must be newer than what was
        asked for, and bookmarks only ever grow.
        """
        since = number(self.reached if event.type == "BOOKMARK" else self._since)
        now = number(event.version)
        if now is None or since is None or now >= since or self._backwards >= BELIEVED:
            return False
        self._backwards += 1
        return True
