"""`manage.py wait GROUP/KIND/NAMESPACE/NAME`: until an object of any kind has converged, for scripts and pipelines."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import ClusterError
from dashboard.core.objects import ObjectKey
from dashboard.core.quantities import duration
from dashboard.management.waiting import CONVERGED, NoSuchKindError, Waiting

MISUSED = 3
"""What it exits with where it could not wait at all: a bad argument, no such kind, no cluster."""


class Command(BaseCommand):
    """Print the hops of the loop as they happen; exit 0 converged, 1 stalled, 2 timed out, 3 could not wait."""

    help = "Wait until an object has converged (exit 0) or stalled (1), or no longer than --timeout (2)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which object, where, and for how long."""
        parser.add_argument("object", help="GROUP/KIND/NAMESPACE/NAME: core for no group, - for no namespace")
        parser.add_argument("--timeout", default="5m", help="such as 90s, 5m or 1h30m (default: %(default)s)")
        parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="default: KUBECONFIG, else ~/.kube/config")
        parser.add_argument("--context", help="a context of the kubeconfig (default: its current one)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait, and exit with what became of it."""
        key, timeout = _key(options["object"]), _timeout(options["timeout"])
        try:
            code = asyncio.run(self._wait(key, timeout, options["kubeconfig"], options["context"]))
        except ClusterError as error:
            raise CommandError(str(error), returncode=MISUSED) from error
        except NoSuchKindError as error:
            told = f"object {options['object']!r}: the API serves no kind {key.kind!r} in group {key.group or 'core'!r}"
            raise CommandError(told, returncode=MISUSED) from error
        if code != CONVERGED:
            sys.exit(code)

    async def _wait(self, key: ObjectKey, patience: float, kubeconfig: Path | None, context: str | None) -> int:
        connection = await Connection.find(kubeconfig, context)
        try:
            return await Waiting(connection, key, self._say).run(patience)
        finally:
            await connection.close()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _key(given: str) -> ObjectKey:
    try:
        key = ObjectKey.parse(given)
    except ValueError as error:
        raise CommandError(f"object {error}", returncode=MISUSED) from error
    if (key.group, key.kind.lower()) == ("", "secret"):
        raise CommandError(f"object {given!r}: Secrets are never read", returncode=MISUSED)
    return key


def _timeout(given: str) -> float:
    seconds = duration(given)
    if seconds is None or not 0 < seconds <= 7 * 86400:
        accepted = "a time such as 90s, 5m or 1h30m, at most 7d"
        raise CommandError(f"--timeout {given!r} is not {accepted}", returncode=MISUSED)
    return float(seconds)
