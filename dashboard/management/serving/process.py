"""One process that holds watch, board and web, from its first port to its clean end.

Both `demo` and `up` come down to `serve`: run what keeps the picture current, serve the pages, and on Ctrl-C or
SIGTERM stop all of it in reverse order. The second signal stops at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from django.conf import settings

from dashboard.history import inprocess
from dashboard.management.serving.web_server import WebServer, web_server
from dashboard.web import access, clusters
from dashboard.web.recording import record

STOPPING = (signal.SIGINT, signal.SIGTERM)
logger = logging.getLogger(__name__)


async def serve(
    cluster: clusters.Cluster,
    listener: socket.socket,
    policy: access.Policy,
    *,
    stopped: asyncio.Event,
    ready: Callable[[], None],
) -> None:
    """Serve `cluster` on a bound socket until `stopped` is set; `ready` is called once pages are answered."""
    access.install(policy)
    clusters.clusters[cluster.name] = cluster
    record(cluster)
    # Read when it is first imported: only now are the policy and the cluster in place.
    from reconcilerviz.asgi import application  # noqa: PLC0415

    server = web_server(application)
    async with inprocess.running() as begin_history, running(cluster.run(), "watch") as watch:
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="web")
        try:
            await _started(server, serving)
            ready()
            begin_history()  # not before: what it loads would be waited for
            waiting = asyncio.create_task(stopped.wait())
            await asyncio.wait({waiting, serving, watch}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if watch.done() and not stopped.is_set():
                watch.result()  # a watch that ended by itself is a defect: raise what ended it
        finally:
            server.should_exit = True
            await serving
            del clusters.clusters[cluster.name]


async def _started(server: WebServer, serving: asyncio.Task[None]) -> None:
    while not server.started:
        if serving.done():
            serving.result()
            raise RuntimeError("the web server ended before it served")
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def stop_signal() -> AsyncIterator[asyncio.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the second one ends the process as it always would."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        for number in STOPPING:
            loop.remove_signal_handler(number)

    for number in STOPPING:
        loop.add_signal_handler(number, stop)
    try:
        yield stopped
    finally:
        for number in STOPPING:
            loop.remove_signal_handler(number)


@contextlib.asynccontextmanager
async def running(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[asyncio.Task[None]]:
    """A task for the length of the block, cancelled and awaited at its end."""
    task: asyncio.Task[None] = asyncio.create_task(work, name=name)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def interruptible() -> None:
    """Until the event loop owns the signals, let SIGTERM unwind like Ctrl-C, so that nothing is left behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def allow_host(host: str) -> None:
    """Accept the bound address as a Host. Every address (`0.0.0.0`) is no name: those come from the settings."""
    if host not in ("0.0.0.0", "::", "") and host not in settings.ALLOWED_HOSTS:  # noqa: S104 - compared, not bound
        settings.ALLOWED_HOSTS.append(f"[{host}]" if ":" in host and not host.startswith("[") else host)
