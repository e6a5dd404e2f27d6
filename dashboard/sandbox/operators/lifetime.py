"""How long a process lives: until a signal, or until whoever started it has gone."""

from __future__ import annotations

import asyncio
import signal
import sys


async def until_told(*, stdin: bool) -> None:
    """Return at SIGTERM or SIGINT, and with `stdin` when standard input ends."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    following = asyncio.create_task(until_stdin_closes(told)) if stdin else None
    await told.wait()
    if following is not None:
        following.cancel()


async def until_stdin_closes(told: asyncio.Event) -> None:
    """Set `told` when standard input ends; what it says is of no interest."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        continue
    told.set()
