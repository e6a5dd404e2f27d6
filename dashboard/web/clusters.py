"""The clusters that this process shows. The composition root fills `clusters`; views and consumers read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from dashboard.cluster.connection import Connection
from dashboard.cluster.discovery import KindFilter
from dashboard.cluster.errors import ClusterError, Forbidden, NotFound
from dashboard.cluster.watcher import Watcher
from dashboard.core.objects import ObjectKey, ResourceType
from dashboard.history.recording import Recording
from dashboard.live.board import Board
from dashboard.live.freshness import ClusterFreshness
from dashboard.live.hub import Hub
from dashboard.live.panel import FetchError
from dashboard.live.picture import Picture
from dashboard.web.usual import usual

FETCH_TIMEOUT = 10.0
"""Seconds to wait for one object that somebody wants to look at."""

NEVER_FETCHED = frozenset({("", "Secret")})


class Source(Protocol):
    """Where the picture comes from: the watch, or the stream of another process that watches."""

    async def run(self) -> None:
        """Keep the picture current until cancelled."""

    def freshness(self) -> ClusterFreshness:
        """How far the picture can be trusted, now."""

    def resource(self, group: str, kind: str) -> ResourceType | None:
        """The type of a kind; None when the API does not serve it, and for Secrets always."""


@dataclass(slots=True)
class Cluster:
    """One cluster: how it is reached, what is known of it, where that comes from, and who is told.

    `name` is the URL's; `context` the kubeconfig context, `server` the API's address. `allow_edits` is False in
    read-only mode, where controls are absent and endpoints refuse. `recording` keeps its history; None where none is
    kept.
    """

    name: str
    context: str
    server: str
    sandbox: bool
    allow_edits: bool
    connection: Connection
    source: Source
    board: Picture
    hub: Hub
    recording: Recording | None = None

    @property
    def watcher(self) -> Watcher:
        """The watch itself, where this process holds it. Raises LookupError where another one does."""
        if not isinstance(self.source, Watcher):
            raise LookupError(f"{self.name} is watched by another process")
        return self.source

    async def run(self) -> None:
        """Keep it current and tell until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.source.run())
            group.create_task(self.hub.run())
            if self.recording is not None:
                group.create_task(self.recording.run())

    async def panel_view(self, id: str, *, may_edit: bool = True) -> dict[str, Any] | None:
        """The ObjectView of an object, read from the API unless it is being viewed already; None for no such object.

        `may_edit` is False for a visitor who may only look. Raises FetchError when the API cannot be asked.
        """
        return await self.hub.panels.view(id, may_edit=may_edit)


clusters: dict[str, Cluster] = {}
"""By name. Filled once, before serving starts."""


def get(name: str) -> Cluster | None:
    """The cluster of that name, None when there is none: never another one."""
    return clusters.get(name)


def assemble(
    name: str,
    connection: Connection,
    *,
    kinds: KindFilter,
    sandbox: bool = False,
    allow_edits: bool = False,
    clock: Callable[[], float] = time.time,
) -> Cluster:
    """Wire a connection to a watcher, a board and a hub. Nothing runs yet: see `Cluster.run`."""
    board = Board(clock)
    watcher = Watcher(connection, board, kinds=kinds, clock=clock)
    return shown(name, connection, watcher, board, sandbox=sandbox, allow_edits=allow_edits, clock=clock)


def shown(
    name: str,
    connection: Connection,
    source: Source,
    board: Picture,
    *,
    sandbox: bool = False,
    allow_edits: bool = False,
    clock: Callable[[], float] = time.time,
) -> Cluster:
    """Wire a picture that `source` keeps current to a hub, and the connection to what is viewed and edited."""
    hub = Hub(
        name,
        board,
        fetch=fetcher(connection, source),
        freshness=source.freshness,
        clock=clock,
        allow_edits=allow_edits,
    )
    hub.panels.forecast = partial(usual, name)
    return Cluster(name, connection.name, connection.server, sandbox, allow_edits, connection, source, board, hub)


def fetcher(connection: Connection, source: Source) -> Callable[[str], Awaitable[dict[str, Any] | None]]:
    """A function that reads one object by id; None for what does not exist or may not be read, and for Secrets.

    What it returns raises FetchError when the API cannot be asked, ValueError for an id that is not one.
    """

    async def fetch(id: str) -> dict[str, Any] | None:
        key = ObjectKey.parse(id)
        resource = source.resource(key.group, key.kind)
        if resource is None or (key.group, key.kind) in NEVER_FETCHED:
            return None
        path = resource.object_path(key.namespace, key.name)
        try:
            response = await connection.request("GET", path, timeout=FETCH_TIMEOUT)
        except (NotFound, Forbidden):
            return None
        except ClusterError as problem:
            raise FetchError(str(problem)) from problem
        return {**response.object(), "apiVersion": resource.api_version, "kind": resource.kind}

    return fetch
