"""Python's cyclic collector, kept from walking fifty thousand objects over and over for nothing.

Nearly all that this program makes dies by reference count: a decoded object as soon as it has been judged, a row
when the next one takes its place. What cycles there are (tasks, exceptions, requests) are few and small. Measured:
decoding 50 MB of lists takes 1.6 to 2.1 s with the collector and 0.24 to 0.41 s without; an event on a board of
60,000 objects cost 1.4 times as much as on one of 6,000, all of it in collections.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (20_000, 20, 20)
"""Young objects until a collection, and collections until an older generation's. One decoded Pod is some hundred
containers, so the default of 700 collects with every second event and finds nothing."""

M_MMAP_THRESHOLD = -3
WHOLE_PAGES = 256 * 1024
"""From this size on, memory is the system's own (mallopt(3)): a page of a list has megabytes."""

WORTH_FREEZING = 100
"""Objects of a page from which on it pays to set them aside."""

WORTH_GIVING_BACK = 1000
"""Objects of a list whose bytes are worth a walk through all free memory."""


def relax() -> None:
    """Collect seldom, and what is there already never again. Of the whole process: called by who watches a cluster,
    which is what the process is for.

    And have the bytes of whole pages go back to the system when they are freed: glibc stops doing so once it has seen
    some come and go, and leaves holes of megabytes among what stays.
    """
    gc.set_threshold(*THRESHOLDS)
    tune = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if tune is not None:
        tune(M_MMAP_THRESHOLD, WHOLE_PAGES)
    set_aside(WORTH_FREEZING)


def set_aside(objects: int) -> None:
    """After a page: what is alive now is there to stay, and is not walked again. Reference counts free it as ever.

    Collected first: garbage in a cycle would otherwise be set aside with the rest and never go. Page by page that
    walks what one page left, half a millisecond; after a whole list it stopped everything for a seventh of a second.
    """
    if objects >= WORTH_FREEZING:
        gc.collect()
        gc.freeze()


def give_back(objects: int) -> None:
    """After a list: return free pages to the system, where the C library can (glibc). Its bytes, freed between what
    stays, would otherwise be kept. Measured: a tenth of what 57,500 objects weigh.
    """
    if objects < WORTH_GIVING_BACK:
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


_pauses = 0


@contextmanager
def paused() -> Iterator[None]:
    """No collection meanwhile: while a page is decoded and judged, which makes a quarter of a million young objects.

    It may be entered again, by another list in its turn. Leave it only when the page is gone: what has grown meanwhile
    is walked at once (measured: a seventh of what a list takes, when each fifty objects were a pause of their own).
    """
    global _pauses  # noqa: PLW0603 - the collector is one for the whole process
    _pauses += 1
    gc.disable()
    try:
        yield
    finally:
        _pauses -= 1
        if not _pauses:
            gc.enable()
