"""Each measurement in a process of its own: memory and the collector remember what was done before."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

PATIENCE = 300.0


def run(module: str, function: str, **arguments: Any) -> dict[str, Any]:
    """What a coroutine function of a module here returns, when called in a new process.

    Raises subprocess.CalledProcessError when it fails; its words are on standard error.
    """
    command = [sys.executable, "-m", __name__, module, function, orjson.dumps(arguments).decode()]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=PATIENCE)
    found: dict[str, Any] = orjson.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def wire(blocks: int, events: int = 0) -> Iterator[str]:
    """The address of an API with so many blocks of objects, in a process of its own."""
    command = [sys.executable, "-m", f"{__package__}.wire", str(blocks), str(events)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a pipe was asked for")
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def main() -> None:
    """Call what the command line names and write what it returns."""
    module, function, arguments = sys.argv[1:]
    act = getattr(importlib.import_module(f"{__package__}.{module}"), function)
    print(orjson.dumps(asyncio.run(act(**orjson.loads(arguments)))).decode(), flush=True)


if __name__ == "__main__":
    main()
