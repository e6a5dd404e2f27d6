"""`manage.py vendor`: fetch the browser libraries now, as the image build does, rather than on the first run."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard.web import vendor


class Command(BaseCommand):
    """Fails where `demo` and `up` would go on without: an image must hold what its pages need."""

    help = "Fetch and bundle the browser libraries into static/vendor."

    def handle(self, *args: Any, **options: Any) -> None:
        """Fetch unless they are in place."""
        if not vendor.ensure(self.stdout.write):
            raise CommandError("the browser libraries are not in place")
