"""Everything at once, by a seed: `CHAOS_SEED` repeats a run, `CHAOS_FAULTS` makes it longer (`just chaos`)."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.faults.chaos import Chaos
from tests.faults.proxy import Proxy
from tests.faults.sandbox import Sandbox, Writer
from tests.faults.test_clock import Wall
from tests.faults.whole import looking, right

AT_A_TIME = 50
"""Faults before the board is compared with a fresh list."""


async def test_chaos_ends_with_zero_differences(sandbox: Sandbox, proxy: Proxy, writer: Writer, tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(10**9))
    faults = int(os.environ.get("CHAOS_FAULTS") or AT_A_TIME)
    print(f"CHAOS_SEED={seed} CHAOS_FAULTS={faults}")
    wall = Wall()
    chaos = Chaos(sandbox, proxy, writer, wall, tmp_path, random.Random(seed))
    chaos.rotate()
    async with looking(proxy.url, seed=seed, wall=wall, token_file=chaos.token) as seen:
        await right(seen, sandbox.url)
        for at in range(0, faults, AT_A_TIME):
            await chaos.run(min(AT_A_TIME, faults - at))
            await chaos.calm()
            await right(seen, sandbox.url, seconds=30)
            print(f"zero differences after {len(chaos.done)} faults, {len(seen.board)} objects")
    assert len(chaos.done) == faults
