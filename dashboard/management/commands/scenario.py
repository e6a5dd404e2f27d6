"""`manage.py scenario NAME`: break a sandbox in one of its thirty ways, and say what the dashboard must then name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.cluster import sandbox
from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import ClusterError
from dashboard.core.objects import plain

Answer = dict[str, Any]


class Command(BaseCommand):
    """Start, clear or list scenarios of a sandbox; anything but a sandbox is refused."""

    help = "Break a sandbox in a way that the dashboard must explain."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which scenario, in which sandbox."""
        parser.add_argument("name", nargs="?", help="the scenario, as --list names it")
        parser.add_argument("--list", action="store_true", help="what scenarios there are, and how far they are")
        parser.add_argument("--clear", action="store_true", help="take the scenario back instead of starting it")
        parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="the sandbox's (default: KUBECONFIG)")

    def handle(self, *args: Any, **options: Any) -> None:
        """One request to the sandbox, and what it says."""
        name: str | None = options["name"]
        if bool(name) == options["list"]:
            raise CommandError("name one scenario, or use --list to see them")
        do = "clear" if options["clear"] else "start"

        async def ask(connection: Connection) -> list[Answer]:
            return [await sandbox.play(connection, name, do)] if name else await sandbox.scenarios(connection)

        try:
            answers = asyncio.run(_asked(options["kubeconfig"], ask))
        except ClusterError as error:
            raise CommandError(str(error)) from error
        for each in answers:
            self.stdout.write(_line(each) if options["list"] else _told(each, do))


async def _asked(path: Path | None, ask: Callable[[Connection], Awaitable[list[Answer]]]) -> list[Answer]:
    connection = await Connection.from_kubeconfig(path)
    try:
        return await ask(connection)
    finally:
        await connection.close()


def _line(scenario: Answer) -> str:
    state = plain(scenario["run"]["state"])
    return f"{plain(scenario['name']):<24} {plain(scenario['title'])}{f' ({state})' if state else ''}"


def _told(scenario: Answer, do: str) -> str:
    name = plain(scenario["name"])
    if do == "clear":
        return f"{name} is cleared: its namespace and its faults go."
    lines = [f"{name}: {plain(scenario['teaches'])}", "", f"Look at namespace {name}. The dashboard will say:"]
    for each in scenario["expects"]:
        after = f" (after {each['after']} s)" if each["after"] else ""
        cause = f": {plain(each['cause'])}" if each["cause"] else ""
        lines.append(f"  {plain(each['object'])} {plain(each['verdict'])}{cause}{after}")
    return "\n".join([*lines, "", f"Take it back with: manage.py scenario {name} --clear"])
