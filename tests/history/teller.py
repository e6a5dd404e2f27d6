"""A process that tells of episodes, for tests that kill it: `python -m tests.history.teller DATA LOG SEED [--alone]`.

Each key is in the log before it is told of: `run KEY`. With `--alone` worker and beat run within it. It tells until it
is killed, or until its standard input ends: then it says how it stands, once nothing is held any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
import time
from pathlib import Path

import django

MANY, EVERY = 4, 0.02
"""Episodes at once, and seconds between."""


async def tell(data: Path, log: Path, seed: int, alone: bool) -> None:
    from dashboard.history import courier, inprocess
    from dashboard.history.recording import Recording
    from tests.history.made import episode, row

    courier.RESEND, courier.RESEND_MOST = 1.0, 2.0  # the test has less patience than the product
    chance = random.Random(seed)
    found = Recording("c", data=data)
    running = asyncio.create_task(found.run())
    loop = asyncio.get_running_loop()
    ended = loop.run_in_executor(None, sys.stdin.read)
    open_ones: list[str] = []
    count = 0
    async with contextlib.AsyncExitStack() as stack:
        if alone:
            (await stack.enter_async_context(inprocess.running()))()
        with log.open("a", buffering=1) as lines:
            print("telling", flush=True)
            while not ended.done():
                for _ in range(MANY):
                    count += 1
                    key = f"{found.run_id}-{count}"
                    lines.write(f"{found.run_id} {key}\n")
                    found.episode(episode(key, opened=time.time()), row())
                    open_ones.append(key)
                    if chance.random() < 0.7:
                        key = open_ones.pop(chance.randrange(len(open_ones)))
                        found.episode(episode(key, opened=time.time() - 5, took=5), row())
                await asyncio.sleep(EVERY)
        while found.counts().buffered:  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.05)
        counts = found.counts()
        print(f"settled {counts.lost} {counts.dropped_episodes}", flush=True)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "reconcilerviz.settings"
    django.setup()
    asyncio.run(tell(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), "--alone" in sys.argv))
