"""`python -m dashboard.sandbox`: the embedded cluster as a process of its own.

Prints one line `sandbox ready on http://127.0.0.1:PORT` when it serves; stops on SIGINT, SIGTERM, or, with
`--until-stdin-closes`, when whoever started it has gone.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from aiohttp import web

from dashboard.sandbox import bootstrap
from dashboard.sandbox.api import Api
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.server.app import Server
from dashboard.sandbox.state import State

log = logging.getLogger("dashboard.sandbox")


def _arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dashboard.sandbox", description="A small Kubernetes in memory.")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than real its world runs")
    parser.add_argument("--empty", action="store_true", help="without the shop of workloads")
    parser.add_argument("--no-controllers", action="store_true", help="the API alone, nothing acts on it")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the cluster in this file over restarts")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    return parser.parse_args(argv)


async def _serve(args: argparse.Namespace) -> None:
    clock = Clock(args.speed)
    api = Api(clock)
    state = State(args.state) if args.state is not None else None
    again = state is not None and state.open(api.store)
    bootstrap.fill(api, again=again)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    tasks = [] if args.no_controllers else bootstrap.controllers(api, clock)
    if not args.empty and not again:
        tasks += bootstrap.shop(api)
    if state is not None:
        # Only now: a file that exists holds all that a new cluster begins with.
        state.begin(api.store)
        tasks.append(asyncio.create_task(state.keep_synced()))
    server = Server(api, args.host)
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.5, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, args.host, args.port)
    await site.start()
    server.port = runner.addresses[0][1]
    shown = f"[{args.host}]" if ":" in args.host else args.host
    sys.stdout.write(f"sandbox ready on http://{shown}:{server.port}\n")
    sys.stdout.flush()
    if args.until_stdin_closes:
        tasks.append(await _watch_stdin(stop))
    for task in tasks:
        task.add_done_callback(_tell)
    await stop.wait()
    api.store.close()
    await runner.cleanup()
    await _end_all()
    if state is not None:
        state.close()


async def _watch_stdin(stop: asyncio.Event) -> asyncio.Task[None]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def drain() -> None:
        while await reader.read(1024):
            continue
        stop.set()

    return asyncio.create_task(drain())


def _tell(task: asyncio.Task[None]) -> None:
    """A loop that dies says so at once: nothing else would."""
    if not task.cancelled() and (error := task.exception()):
        log.error("a loop of the sandbox has died", exc_info=error)


async def _end_all() -> None:
    """End every other task. More than once: before Python 3.12, wait_for may lose a cancellation."""
    me = asyncio.current_task()
    while others := {task for task in asyncio.all_tasks() if task is not me}:
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=0.2)


def main() -> int:
    """Run until told to stop; 0, or 1 when the port is taken, 2 for bad arguments."""
    args = _arguments()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        asyncio.run(_serve(args))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
