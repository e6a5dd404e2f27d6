"""`manage.py web`: the pages of a cluster that another process watches. Run as many as there are viewers for."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser

from dashboard.cluster.connection import Connection
from dashboard.live.mirror import Mirror
from dashboard.live.mirror_bus import Keys, connect
from dashboard.live.mirror_feed import Follower
from dashboard.management.serving import ports
from dashboard.management.serving.command import ServingCommand
from dashboard.management.serving.options import (
    FIRST_PORT,
    add_cluster_options,
    add_web_options,
    page_address,
    policy_for,
    redis_url,
    url_name,
)
from dashboard.management.serving.process import allow_host, interruptible, serve, stop_signal
from dashboard.management.serving.web_server import address
from dashboard.web import clusters, vendor


class Command(ServingCommand):
    """Serve pages from a mirror. The cluster is asked only for objects that somebody views, and to change them."""

    help = "Serve the pages of a cluster that `watch` processes watch, from what they tell over Redis."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which cluster, where to serve, and whether to let people change things."""
        add_cluster_options(parser)
        add_web_options(parser)
        parser.add_argument("--allow-edits", action="store_true", help="let holders of the access token change things")

    def handle(self, *args: Any, **options: Any) -> None:
        """Bind first, so that a busy port stops it before anything runs."""
        interruptible()
        url = redis_url("web")
        host: str = options["host"]
        policy_for(host, 0, open_on_loopback=False)
        listener = ports.bind(host, options["port"], FIRST_PORT, "--port")
        policy = policy_for(host, listener.getsockname()[1], open_on_loopback=False)
        allow_host(host)

        async def run() -> None:
            connection = await Connection.find(options["kubeconfig"], options["context"])
            name, redis, mirror = url_name(connection.name), connect(url), Mirror(time.time)
            follower = Follower(redis, Keys(name), mirror)
            cluster = clusters.shown(name, connection, follower, mirror, allow_edits=options["allow_edits"])

            def ready() -> None:
                self.say(f"web: {page_address(address(listener, host), policy)}")

            try:
                async with stop_signal() as stopped:
                    await serve(cluster, listener, policy, stopped=stopped, ready=ready)
            finally:
                await redis.aclose()
                await connection.close()

        try:
            vendor.ensure(self.say)
            self.run_until_stopped(run())
        finally:
            listener.close()
