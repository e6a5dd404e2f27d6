"""The cluster on disk: one file of lines, a snapshot followed by every change since.

    {"format": "reconcilerviz-sandbox", "version": 1, "revision": 812}       the snapshot's revision
    {"s": "pods", "k": ["shop", "web-1"], "o": {…}}                          an object of the snapshot
    {"s": "pods", "k": ["shop", "web-1"], "o": {…} or null, "r": 813}        a change; null is a removal

What is promised:

- A change is handed to the operating system before anybody hears of it. A kill -9 therefore loses nothing that was
  acknowledged; of the last line, which nobody was told of, there may be a beginning, and it is cut off.
- What a power cut may lose is bounded by time, not by the number of writes: the file is synced every second, at every
  snapshot and at the end. A sync per write would cost a thousand times as much as the write.
- A snapshot is written beside the file, synced, and renamed over it: there is always one whole file.
- A change that cannot be written (no space) is refused as a 500 and has not happened.
- A second sandbox on the same file is refused, and so is a file that is damaged anywhere but at its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from dashboard.sandbox.failures import ApiFailure
from dashboard.sandbox.store import Key, Object, Store

FORMAT, VERSION = "reconcilerviz-sandbox", 1
SYNC_SECONDS = 1.0
LOCK_SECONDS = 2.0
"""How long a sandbox that is ending may still hold the file. Nothing is served yet: it is waited for."""
LEAST_REWRITE = 32 * 1024 * 1024
"""Bytes of changes below which no new snapshot is worth its while."""


class StateError(ValueError):
    """The file cannot be used; the message names it and says why."""


class State:
    """One state file, held by this process from `open` to `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = -1
        self._file = -1
        self._size = 0
        self._snapshot_size = 0
        self._dirty = False

    def open(self, store: Store) -> bool:
        """Take the file and fill an empty store from it; False where there is none yet. Raises StateError, OSError."""
        self._lock = os.open(f"{self.path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + LOCK_SECONDS
        while not _locked(self._lock):
            if time.monotonic() > end:
                raise StateError(f"--state {self.path}: another sandbox holds this file")
            time.sleep(0.05)
        if not self.path.exists():
            return False
        self._read(store)
        return True

    def begin(self, store: Store) -> None:
        """Write a snapshot, and every change of `store` from now on. Raises OSError."""
        self._rewrite(store)
        store.journal = lambda storage, key, obj, revision: self._append(store, storage, key, obj, revision)

    async def keep_synced(self) -> None:
        """Sync once a second what was written, for ever."""
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            if self._dirty:
                self._dirty = False
                await asyncio.to_thread(self._sync, os.dup(self._file))

    def close(self) -> None:
        """Sync and let go of the file."""
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                with contextlib.suppress(OSError):  # nothing is left to be told about it
                    os.fsync(descriptor)
                os.close(descriptor)
        self._file = self._lock = -1

    @staticmethod
    def _sync(descriptor: int) -> None:
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _append(self, store: Store, storage: str, key: Key, obj: Object | None, revision: int) -> None:
        line = orjson.dumps({"s": storage, "k": key, "o": obj, "r": revision}) + b"\n"
        try:
            if self._size - self._snapshot_size > max(LEAST_REWRITE, 3 * self._snapshot_size):
                self._rewrite(store)
            _write(self._file, line)
        except OSError as error:
            # Half a line would spoil the next one.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            message = f"the change cannot be written to {self.path}: {error.strerror}"
            raise ApiFailure(500, "InternalError", message) from error
        self._size += len(line)
        self._dirty = True

    def _rewrite(self, store: Store) -> None:
        beside = self.path.with_name(f"{self.path.name}.new")
        descriptor = os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            size = sum(_write(descriptor, line) for line in _snapshot(store))
            os.fsync(descriptor)
            beside.replace(self.path)
        except OSError:
            os.close(descriptor)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._size, self._snapshot_size = descriptor, size, size
        _sync_folder(self.path.parent)

    def _read(self, store: Store) -> None:
        with self.path.open("rb") as file:
            head = _parsed(file.readline()) or {}
            if head.get("format") != FORMAT or head.get("version") != VERSION:
                raise StateError(f"--state {self.path}: this is no state of a sandbox of this version")
            store.revision = int(head.get("revision", 0))
            damaged = 0
            for number, line in enumerate(file, start=2):
                if damaged:
                    raise StateError(f"--state {self.path}: line {damaged} is damaged, and not the last one")
                if not _restored(store, _parsed(line)):
                    damaged = number
        store.compact()


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The line's object, None where it is not whole."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) else None


def _restored(store: Store, entry: dict[str, Any] | None) -> bool:
    """Put one line's object into the store; False for a line that says none."""
    match entry:
        case {"s": str(storage), "k": [str(namespace), str(name)], "o": dict() | None as obj, **more}:
            store.restore(storage, (namespace, name), obj)
            revision = more.get("r")
            store.revision = revision if isinstance(revision, int) else store.revision
            return True
    return False


def _snapshot(store: Store) -> Iterator[bytes]:
    yield orjson.dumps({"format": FORMAT, "version": VERSION, "revision": store.revision}) + b"\n"
    for storage, key, obj in store.each():
        yield orjson.dumps({"s": storage, "k": key, "o": obj}) + b"\n"


def _write(descriptor: int, line: bytes) -> int:
    """All of it, however many calls that takes; its length."""
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    return len(line)


def _sync_folder(folder: Path) -> None:
    """So that a rename outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
