"""`python -m dashboard.sandbox.operators database bucket hoge`: one or more operators in a process of their own.

Works on any cluster that a kubeconfig (or the Pod's service account) reaches. Prints `operators ready` when it
has been let in; stops on SIGINT, SIGTERM, or, with `--until-stdin-closes`, when whoever started it has gone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import logging
import math
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import kopf

from dashboard.sandbox.operators import install
from dashboard.sandbox.operators.bucket import handlers as bucket
from dashboard.sandbox.operators.bucket.client import StoreClient
from dashboard.sandbox.operators.database import handlers as database
from dashboard.sandbox.operators.kube import Kube, KubeError, credentials
from dashboard.sandbox.operators.lifetime import until_stdin_closes

OPERATORS = ("database", "bucket", "hoge")
PREFIX = "demo.reconcilerviz.io"
RETRY_SECONDS = 3.0
GRACE_SECONDS = 1.0


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.05 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.05 to 3600")
    return value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dashboard.sandbox.operators")
    parser.add_argument("operators", nargs="+", choices=OPERATORS, metavar="database|bucket|hoge")
    parser.add_argument("--kubeconfig", type=Path, help="default: the Pod's service account, then KUBECONFIG")
    parser.add_argument("--namespace", action="append", default=[], help="watch this one only; may be repeated")
    parser.add_argument("--store", metavar="URL", help="the bucket operator's object store")
    parser.add_argument("--poll", type=_seconds, default=5.0, help="seconds between two looks at the store")
    parser.add_argument("--install", action="store_true", help="create the CustomResourceDefinitions first")
    parser.add_argument("--examples", action="store_true", help="create one example of each kind first")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    args = parser.parse_args()
    if "bucket" in args.operators and not args.store:
        parser.error("bucket: --store names the object store that it maps to")
    return args


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    # What kopf remembers goes into annotations: a structural schema would prune it from the status.
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=PREFIX)
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=PREFIX)
    settings.persistence.finalizer = bucket.FINALIZER
    settings.execution.default_backoff = RETRY_SECONDS
    settings.posting.reporting_component = "reconcilerviz-operators"
    settings.watching.server_timeout = 60
    settings.process.ultimate_exiting_timeout = 20.0
    return settings


async def _run(args: argparse.Namespace) -> None:
    settings = _settings()

    def login(**_: Any) -> kopf.ConnectionInfo:
        return credentials(args.kubeconfig, settings)

    async with contextlib.AsyncExitStack() as stack:
        kube = Kube(login, f"{args.operators[0]}-operator" if len(args.operators) == 1 else "operators")
        stack.push_async_callback(kube.close)
        if args.install:
            await install.definitions(kube, args.operators)
        if args.examples:
            await install.examples(kube, args.operators)
        registry = kopf.get_default_registry()
        # hoge.py, which stands for itself, adds to this one when it is imported.
        kopf.on.login(registry=registry)(login)
        if "database" in args.operators:
            database.register(registry, kube)
        if "bucket" in args.operators:
            store = StoreClient(args.store)
            stack.push_async_callback(store.close)
            bucket.register(registry, kube, store, args.poll)
        if "hoge" in args.operators:
            importlib.import_module("dashboard.sandbox.operators.hoge.hoge")
        await _operate(registry, settings, args)


async def _operate(registry: kopf.OperatorRegistry, settings: kopf.OperatorSettings, args: argparse.Namespace) -> None:
    """kopf, until told otherwise."""
    ready, stop = asyncio.Event(), asyncio.Event()
    operating = asyncio.create_task(
        kopf.operator(
            registry=registry,
            settings=settings,
            standalone=True,  # no peering: one of each is enough
            clusterwide=not args.namespace,
            namespaces=args.namespace,
            ready_flag=ready,
            stop_flag=stop,
        )
    )

    async def tell() -> None:
        await ready.wait()
        # kopf's own handlers would wait 5 s for requests of which it has closed the connections.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        sys.stdout.write("operators ready\n")
        sys.stdout.flush()

    async def end() -> None:
        await stop.wait()
        # A watch that is cut off between two events may hold the loop's own end up: whatever hangs is not waited for.
        last = threading.Timer(2 * GRACE_SECONDS, os._exit, (0,))
        last.daemon = True
        last.start()
        await asyncio.sleep(GRACE_SECONDS)
        operating.cancel()

    def complain(loop: asyncio.AbstractEventLoop, about: dict[str, Any]) -> None:
        # kopf leaves its watches to the loop's end, which closes them while they may still be at work.
        if not (stop.is_set() and "asyncgen" in about):
            loop.default_exception_handler(about)

    asyncio.get_running_loop().set_exception_handler(complain)

    beside = [asyncio.create_task(tell()), asyncio.create_task(end())]
    if args.until_stdin_closes:
        beside.append(asyncio.create_task(until_stdin_closes(stop)))
    try:
        await operating
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
    finally:
        for task in beside:
            task.cancel()


def main() -> int:
    """Run until told to stop; 0, or 1 when the cluster cannot be reached or refuses."""
    args = _arguments()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("dashboard").setLevel(logging.INFO)
    # A retry is the ordinary course of things and told in the object's status; kopf would print each.
    logging.getLogger("kopf.objects").setLevel(logging.CRITICAL)
    try:
        asyncio.run(_run(args))
    except (OSError, KubeError, kopf.LoginError) as error:
        sys.stderr.write(f"operators: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
