"""How many episodes a run has told of, in a file that outlives the process however that ends.

The count lies in a mapped page of a file: writing to it is writing to memory, and the kernel keeps the page when the
process is killed. Each run has its own file, locked while it runs; whoever starts next finds the files that nobody
holds, and what the database lacks of their numbers is what was lost.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_COUNT = struct.Struct("<Q")
_SUFFIX = ".told"


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A run that has ended, and how many it had told of."""

    run: str
    told: int


class Sequence:
    """The numbers of one run: 1, 2, 3, … Where the folder cannot be written they are counted in memory only.

    `problem` says so then, in a sentence without a path.
    """

    def __init__(self, folder: Path, run: str) -> None:
        self.problem = ""
        self._folder = folder
        self._path = folder / f"{run}{_SUFFIX}"
        self._told = 0
        self._page: mmap.mmap | None = None
        self._file = -1
        try:
            self._open()
        except OSError as error:
            self.problem = f"what is told of is counted in memory only: {error.strerror}"

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(self._file, _COUNT.size)
        self._page = mmap.mmap(self._file, _COUNT.size)

    @property
    def told(self) -> int:
        """The last number that was given."""
        return self._told

    def next(self) -> int:
        """The next number. It is in the file before it is anywhere else."""
        self._told += 1
        if self._page is not None:
            _COUNT.pack_into(self._page, 0, self._told)
        return self._told

    def left_over(self) -> list[LeftOver]:
        """The runs in the same folder that nobody holds any more."""
        try:
            paths = sorted(self._folder.glob(f"*{_SUFFIX}"))
        except OSError:
            return []  # it was said when this run could not be counted there
        found = []
        for path in paths:
            with _held(path) as file:
                if path != self._path and file is not None:
                    found.append(LeftOver(path.stem, _read(file)))
        return found

    def forget(self, run: str) -> None:
        """Remove the file of a run that has ended: the database knows its count by now."""
        path = self._folder / f"{run}{_SUFFIX}"
        with _held(path) as file:
            if file is not None:
                path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Remove the own file: all is written, and the database knows the count."""
        self.close()
        self.forget(self._path.stem)

    def close(self) -> None:
        """Let go of the file, which stays until its count is known to the database."""
        if self._page is not None:
            self._page.close()
            self._page = None
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


@contextmanager
def _held(path: Path) -> Iterator[int | None]:
    """The open file, locked; None while its run holds it, and when it is gone or unreadable."""
    file = -1
    try:
        file = os.open(path, os.O_RDONLY)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if file >= 0:
            os.close(file)
        yield None
        return
    try:
        yield file
    finally:
        os.close(file)


def _read(file: int) -> int:
    found = os.pread(file, _COUNT.size, 0)
    return int(_COUNT.unpack(found)[0]) if len(found) == _COUNT.size else 0
