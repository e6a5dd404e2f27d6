#!/usr/bin/env python
"""The one entry to every command: `manage.py demo`, `up`, `sandbox`, `replay`, `score`, `bench`, …"""

from __future__ import annotations

import os
import sys

from dashboard.management.terminal import InertStream


def main() -> None:
    """Check the settings first, so that a bad variable is one sentence and not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconcilerviz.settings")
    os.environ.setdefault("DJANGO_COLORS", "nocolor")  # colours are escapes, and those are shown, not obeyed
    sys.stdout, sys.stderr = InertStream(sys.stdout), InertStream(sys.stderr)  # type: ignore[assignment]  # all they need
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.INSTALLED_APPS  # noqa: B018 - the first access reads the settings
    except ImproperlyConfigured as error:
        sys.exit(f"reconcilerviz: {error}")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `| head` has read enough; what is still buffered has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(141)


if __name__ == "__main__":
    main()
