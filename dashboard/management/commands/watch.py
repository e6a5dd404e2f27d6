"""`manage.py watch`: watch a cluster for any number of `web` processes, or stand by to."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from dashboard.cluster.connection import Connection
from dashboard.live.mirror_bus import connect
from dashboard.management.serving.command import ServingCommand
from dashboard.management.serving.leading import lead_or_stand_by
from dashboard.management.serving.options import add_cluster_options, redis_url, url_name
from dashboard.management.serving.process import interruptible, running, stop_signal


class Command(ServingCommand):
    """Take part in the election; the one that is elected watches the cluster and tells what it sees to Redis."""

    help = "Watch a cluster and tell `web` processes over Redis; of several, one watches and the others stand by."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which cluster."""
        add_cluster_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until Ctrl-C or SIGTERM; the lock is given up, so that the next one begins at once."""
        url = redis_url("watch")
        interruptible()

        async def run() -> None:
            connection = await Connection.find(options["kubeconfig"], options["context"])
            redis = connect(url)
            work = lead_or_stand_by(
                url_name(connection.name), connection, redis, kinds=settings.RECONCILERVIZ_KINDS, clock=time.time
            )
            try:
                async with stop_signal() as stopped, running(work, "watch") as watching:
                    self.say(f"watch: {connection.name} at {connection.server}")
                    waiting = asyncio.create_task(stopped.wait())
                    await asyncio.wait({waiting, watching}, return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
                    if watching.done():
                        watching.result()  # it ends by itself for a defect only: raise what ended it
            finally:
                await redis.aclose()
                await connection.close()

        self.run_until_stopped(run())
