"""The WebSocket: one browser's conversation with the hubs, through Channels but not through its channel layer.

A channel layer loses frames when a group is busy, and keeps the oldest (measured); each consumer here drains its
own viewer's outbox, and the socket's own back-pressure says how fast.
"""

from __future__ import annotations

import asyncio
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from dashboard.live.hub import Hub
from dashboard.live.session import Session
from dashboard.web import clusters
from dashboard.web.access import Role, role_of_scope

NO_ACCESS = 4401
OVERRUN = 1008
"""Policy violation: it sends and sends, and reads nothing."""


def role_in(scope: dict[str, Any]) -> Role | None:
    """Who opens this socket; the gate in front has refused foreign origins already."""
    return role_of_scope(scope)


def hub_of(name: str) -> Hub | None:
    """The hub of a cluster by name."""
    cluster = clusters.get(name)
    return cluster.hub if cluster is not None else None


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels comes without types
    """At `/ws`. The messages are described in `dashboard.live.session`."""

    session: Session | None = None
    sender: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Let in who has a token: nobody else gets as far as an open socket."""
        role = role_in(self.scope)
        if role is None:
            await self.close(code=NO_ACCESS)
            return
        await self.accept()
        self.session = Session(hub_of, may_edit=role == "edit")
        self.sender = asyncio.create_task(self._send_all(self.session), name="viewer")

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One message; its answer, if any, goes through the outbox."""
        if self.session is not None:
            self.session.receive(text_data if text_data is not None else bytes_data)

    async def disconnect(self, code: int) -> None:
        """Close whatever the viewer had open."""
        if self.session is not None:
            self.session.end()
        if self.sender is not None:
            self.sender.cancel()

    async def _send_all(self, session: Session) -> None:
        """Send the outbox's frames, each when the socket has taken the one before."""
        try:
            async for text in session.viewer.frames():
                await self.send(text_data=text)
            await self.close(code=OVERRUN)
        except OSError:
            return  # the browser is gone (uvicorn's ClientDisconnected); `disconnect` follows
