"""`manage.py replay FILE…`: does the sandbox do what a real control plane did? See dashboard/sandbox/replay.py."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dashboard.sandbox import replay


class Command(BaseCommand):
    """Replay recordings of a control plane against a sandbox and compare."""

    help = "Replay recordings of a real control plane against a fresh sandbox, and compare what happens."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which recordings, and how to print the result."""
        replay.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with 0 (as recorded), 1 (something differs) or 2 (nothing could be replayed)."""
        sys.exit(replay.run(options["files"], as_json=options["json"], jobs=options["jobs"]))
