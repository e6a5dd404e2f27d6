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
def serving(module: str, *arguments: str) -> Iterator[str]:
    """What the server `python -m MODULE ARGUMENTS` writes first: where it serves, until its input is closed."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a pipe was asked for")
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def server(module: str, function: str, **arguments: Any) -> Iterator[int]:
    """The port of a server that is a coroutine function of a module here, in a process of its own."""
    with serving(__name__, module, function, orjson.dumps(arguments).decode()) as told:
        yield int(orjson.loads(told)["port"])


@contextmanager
def wire(blocks: int, events: int = 0) -> Iterator[str]:
    """The address of an API with so many blocks of objects, in a process of its own."""
    with serving(f"{__package__}.wire", str(blocks), str(events)) as url:
        yield url


def cost(module: str, option: str, blocks: int, events: int, rounds: int) -> tuple[float, float]:
    """CPU seconds of an event without an option of `events` in a module here, and with it: the best of some rounds."""
    seconds: dict[int, list[float]] = {0: [], 1: []}
    for _ in range(rounds):
        for chosen, found in seconds.items():
            with wire(blocks, events) as url:
                took = run(module, "events", url=url, **{option: chosen})
            found.append(took["seconds"] / took["events"])
    return min(seconds[0]), min(seconds[1])


def main() -> None:
    """Call what the command line names and write what it returns."""
    module, function, arguments = sys.argv[1:]
    act = getattr(importlib.import_module(f"{__package__}.{module}"), function)
    print(orjson.dumps(asyncio.run(act(**orjson.loads(arguments)))).decode(), flush=True)


if __name__ == "__main__":
    main()
