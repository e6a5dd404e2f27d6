"""`manage.py up`: the pages for a cluster of your own, read-only unless `--allow-edits`."""

from __future__ import annotations

from contextlib import AsyncExitStack

from django.conf import settings

from dashboard.cluster.connection import Connection
from dashboard.management.serving.options import url_name
from dashboard.management.serving.pages_command import PagesCommand
from dashboard.web import clusters


class Command(PagesCommand):
    """Watch the cluster of a kubeconfig context, or the one that this Pod runs in, and serve its pages."""

    help = "Serve the pages for the current kubeconfig context, or for the cluster that this runs in."

    def cluster(self, connection: Connection, stack: AsyncExitStack, *, allow_edits: bool) -> clusters.Cluster:
        """Watched by this process."""
        name, kinds = url_name(connection.name), settings.RECONCILERVIZ_KINDS
        return clusters.assemble(name, connection, kinds=kinds, allow_edits=allow_edits)

    def greet(self, cluster: clusters.Cluster, connection: Connection, page: str) -> None:
        """For a person, who opens the address."""
        mode = "edits allowed" if cluster.allow_edits else "read-only"
        self.say(f"\n  ReconcilerViz  {page}")
        self.say(f"  cluster        {connection.name} at {connection.server}, {mode}")
        self.say("\n  The address holds the access token. Ctrl-C stops.\n")
