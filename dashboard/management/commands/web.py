"""`manage.py web`: the pages of a cluster that another process watches. Run as many as there are viewers for."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack

from dashboard.cluster.connection import Connection
from dashboard.live.mirror import Mirror
from dashboard.live.mirror_bus import Keys, connect
from dashboard.live.mirror_feed import Follower
from dashboard.management.serving.options import redis_url, url_name
from dashboard.management.serving.pages_command import PagesCommand
from dashboard.web import clusters


class Command(PagesCommand):
    """Serve pages from a mirror. The cluster is asked only for objects that somebody views, and to change them."""

    help = "Serve the pages of a cluster that `watch` processes watch, from what they tell over Redis."

    def require(self) -> None:
        """Without Redis there is nobody to hear from."""
        redis_url("web")

    def cluster(self, connection: Connection, stack: AsyncExitStack, *, allow_edits: bool) -> clusters.Cluster:
        """Watched by another process."""
        name, redis, mirror = url_name(connection.name), connect(redis_url("web")), Mirror(time.time)
        stack.push_async_callback(redis.aclose)
        follower = Follower(redis, Keys(name), mirror)
        return clusters.shown(name, connection, follower, mirror, allow_edits=allow_edits)

    def greet(self, cluster: clusters.Cluster, connection: Connection, page: str) -> None:
        """For whoever runs many of them: a line."""
        self.say(f"web: {page}")
