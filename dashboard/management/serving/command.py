"""What every serving command is: a line said is a line seen, and a failed start is a sentence."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard.cluster.errors import ClusterError
from dashboard.management.serving.child_process import ChildError


class ServingCommand(BaseCommand):
    """A command that runs until it is told to stop."""

    def say(self, text: str) -> None:
        """A line for whoever started it, at once."""
        self.stdout.write(text)
        self.stdout.flush()

    def run_until_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in a loop of its own. Raises CommandError with the words of what could not start."""
        try:
            asyncio.run(work)
        except (ChildError, ClusterError) as error:
            raise CommandError(str(error)) from error
        finally:
            # All that is left goes with the process: looking through it for circles would take most of its end.
            gc.freeze()
