"""A clock that jumps: ages stay what they are, verdicts are those of the new time, and nothing is listed again."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from tests.faults.proxy import Proxy
from tests.faults.sandbox import Sandbox, Writer
from tests.faults.whole import looking, right


@dataclass
class Wall:
    """A wall clock that somebody sets."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.mark.parametrize("jumps", [(3600.0, -3600.0), (-86400.0, 2 * 86400.0)], ids=["an hour", "a day"])
async def test_the_clock_jumps(sandbox: Sandbox, proxy: Proxy, writer: Writer, jumps: tuple[float, float]) -> None:
    wall = Wall()
    async with looking(proxy.url, wall=wall) as seen:
        await right(seen, sandbox.url)
        for jump in jumps:
            wall.ahead += jump
            fresh = seen.watcher.freshness()
            assert fresh.state == "live"
            assert fresh.last_proof is not None
            assert abs(wall() - fresh.last_proof) < 10
            await writer.scale("web-0", 3 if jump > 0 else 1)
            await right(seen, sandbox.url)
        proxy.cut()
        await right(seen, sandbox.url)
