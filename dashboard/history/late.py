"""Celery, imported when it is first needed, and used by one thread at a time until it has started.

It takes half a second to import, which a start has no time for. Its modules import each other in circles and late, and
two threads that enter such a circle from two sides get modules that are half there.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_lock = threading.Lock()


@contextmanager
def using(name: str) -> Iterator[ModuleType]:
    """The module of that full name, and nobody else's use of one for the length of the block."""
    with _lock:
        yield importlib.import_module(name)
