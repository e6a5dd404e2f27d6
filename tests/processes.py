"""The product's commands as processes of their own, as a user starts them; ended and accounted for by the test."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
"""Seconds before a condition that does not come true fails the test."""


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
        return number


def eventually(look: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """The first true answer of `look`; AssertionError naming `what` when none comes."""
    end = time.monotonic() + patience
    while not (seen := look()):
        assert time.monotonic() < end, f"not within {patience:.0f} s: {what}"
        time.sleep(0.02)
    return seen


@dataclass
class Process:
    """One `manage.py` command that is running, and all that it has said."""

    child: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """Everything it has printed."""
        return "".join(self.lines)

    def find(self, pattern: str, patience: float = PATIENCE) -> str:
        """The first group of the first match in what it says, waited for."""

        def look() -> re.Match[str] | None:
            found = re.search(pattern, self.said)
            assert found or self.child.poll() is None, f"it ended ({self.child.returncode}): {self.said}"
            return found

        return eventually(look, f"{pattern!r} in {self.said!r}", patience)[1]

    def children(self) -> list[int]:
        """The process ids of its direct children."""
        path = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal it and return its exit code."""
        self.child.send_signal(number)
        return self.child.wait(timeout=PATIENCE)


@contextlib.contextmanager
def manage(*arguments: str, **variables: str) -> Iterator[Process]:
    """`manage.py ARGUMENTS` as a process; killed at the end of the block if it still runs."""
    data = tempfile.mkdtemp(prefix="viz-data-")  # what other runs kept is none of a test's business
    child = subprocess.Popen(
        [sys.executable, "-u", "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "RECONCILERVIZ_DATA": data, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        with heard(child) as process:
            try:
                yield process
            finally:
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=10)
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextlib.contextmanager
def heard(child: subprocess.Popen[str]) -> Iterator[Process]:
    """All that a process says is read while it runs; it is killed at the end of the block."""
    process = Process(child)
    reader = threading.Thread(target=lambda: process.lines.extend(child.stdout or ()), daemon=True)
    reader.start()
    try:
        yield process
    finally:
        child.kill()
        child.wait()
        reader.join(timeout=5)
        if child.stdout:
            child.stdout.close()


def get(url: str, **headers: str) -> tuple[int, str]:
    """Status and body of a GET, redirects followed; errors are answers too."""
    return _answer(urllib.request.Request(url, headers=headers))


def post(url: str, fields: dict[str, str], **headers: str) -> tuple[int, str]:
    """Status and body of a form's POST."""
    return _answer(urllib.request.Request(url, urllib.parse.urlencode(fields).encode(), headers))


def _answer(request: urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
