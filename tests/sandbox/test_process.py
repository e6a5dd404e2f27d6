"""The sandbox as a process: it says when it is ready, and stops when told."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dashboard.sandbox", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT)


def ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"sandbox ready on http://127\.0\.0\.1:(\d+)\n", line)
    assert found, line
    return found[1]


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_stops_on_a_signal(name: signal.Signals) -> None:
    began = time.monotonic()
    process = start("--empty")
    ready(process)
    assert time.monotonic() - began < 5
    process.send_signal(name)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize("after", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("arguments", [("--empty",), ()])
def test_stops_when_its_owner_goes(arguments: tuple[str, ...], after: float) -> None:
    """Whatever the loops are in the middle of."""
    process = start(*arguments, "--until-stdin-closes")
    ready(process)
    time.sleep(after)
    _, errors = process.communicate(input="", timeout=10)
    assert (process.returncode, errors) == (0, "")


def test_a_busy_port_is_said() -> None:
    first = start("--empty")
    port = ready(first)
    second = start("--empty", "--port", port)
    _, errors = second.communicate(timeout=10)
    assert second.returncode == 1
    assert errors.startswith("sandbox: ")
    assert "Traceback" not in errors
    first.terminate()
    first.communicate(timeout=10)


def test_a_bad_speed_is_said() -> None:
    process = start("--speed", "0")
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (1, "sandbox: speed must be greater than 0, got 0.0\n")
