"""People at the pages of several web processes: a WebSocket each, and what its frames amount to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from dashboard.management.benchmarks.crowd import Log, State, Viewer, connect, request
from tests.management.manyprocesses import CLUSTER, TOKEN

Rows = dict[str, tuple[str, str]]
ASKED: list[dict[str, Any]] = [
    {"query": {"kind": "Deployment"}, "start": 0, "count": 200},
    {"query": {"kind": "ReplicaSet"}, "start": 0, "count": 200},
    {"query": {"kind": "Pod"}, "start": 0, "count": 200},
    {"query": {"kind": "Pod", "verdict": "converged"}, "start": 0, "count": 200},
]


class Audience:
    """All who are looking. Each further one looks at something else than the one before."""

    def __init__(self) -> None:
        self.viewers: list[tuple[str, Viewer]] = []

    async def join(self, web: str, number: int) -> None:
        """So many more look at the pages of one web process."""
        port = urlsplit(web).port
        assert port
        for _ in range(number):
            query = len(self.viewers) % len(ASKED)
            viewer = Viewer(Log(), State(query), "/ws", request(query, ASKED, CLUSTER), query, token=TOKEN)
            self.viewers.append((web, await connect(port, viewer)))

    def differences(self, fresh: dict[str, Rows]) -> list[str]:
        """Who shows something else than fresh lists give: at which web process, what they asked for, what they show."""
        found = []
        for web, viewer in self.viewers:
            asked = ASKED[viewer.query]["query"]
            truth = {
                id: row for id, row in fresh[asked["kind"]].items() if row[0] == asked.get("verdict", row[0])
            }  # fmt: skip
            if viewer.lost or viewer.state is None or viewer.state.seen.broken or rows(viewer.state) != truth:
                found.append(f"{web} {asked}: {viewer.state and rows(viewer.state)} is not {truth}")
        return found

    def leave(self) -> None:
        """Go away."""
        for _, viewer in self.viewers:
            viewer.transport.abort()
        self.viewers.clear()


def rows(state: State) -> Rows:
    """What somebody who knows this sees of each object."""
    return {row["id"]: (row["verdict"], row["glance"]) for row in state.seen.rows}
