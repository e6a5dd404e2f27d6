"""uvicorn in this event loop, on a socket that is already bound, stopped by us and not by its own signal handlers."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

PING_SECONDS = 30
SILENCE_SECONDS = 120
"""Seconds between pings, and after a ping until a viewer that has not answered is given up."""

GRACE_SECONDS = 2
"""How long open pages may take to go when the process stops."""


class WebServer(uvicorn.Server):
    """A uvicorn server without signal handlers: uvicorn's own raise the caught signal again after serving."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def web_server(application: Callable[..., Any]) -> WebServer:
    """A server for the ASGI `application`; call `.serve(sockets=[…])`, and set `.should_exit` to stop it."""
    return WebServer(
        uvicorn.Config(
            application,
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Whoever can connect could forge X-Forwarded-*; RECONCILERVIZ_PUBLIC_URL names a proxy's address instead.
            proxy_headers=False,
            ws_max_size=64 * 1024,
            ws_per_message_deflate=False,
            # A viewer that reads nothing cannot answer a ping either: a laptop that sleeps for a minute, a tab that is
            # being debugged. Its outbox is bounded, so it may stay, and is told the truth when it reads again.
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=SILENCE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def address(listener: socket.socket, host: str) -> str:
    """`http://127.0.0.1:8000` as a browser would write it."""
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{shown}:{port}"
