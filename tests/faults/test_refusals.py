"""An API server that answers and refuses: expired versions, shed load with a time to come again, tokens that rotate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.mirror import eventually
from tests.faults.proxy import Matcher, Proxy, anything, listing, watching
from tests.faults.sandbox import DEPLOYMENTS, Sandbox, Writer
from tests.faults.whole import looking, right


@pytest.mark.parametrize(
    "where", [listing("pods"), listing("pods", later=True), watching("pods")], ids=["list", "middle", "watch"]
)
async def test_expired(sandbox: Sandbox, proxy: Proxy, writer: Writer, where: Matcher) -> None:
    await writer.scale("web-0", 9)
    await writer.until_pods(13)
    proxy.refuse(where, 410, times=2)
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        assert not proxy.refusals
        proxy.refuse(where, 410)
        proxy.refuse(watching("pods"), 410)
        proxy.cut()
        await writer.scale("web-0", 2)
        await right(seen, sandbox.url)
        assert seen.watcher.counters.relists > 0


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("watch", [False, True], ids=["list", "watch"])
async def test_come_again_later(sandbox: Sandbox, proxy: Proxy, writer: Writer, status: int, watch: bool) -> None:
    proxy.refuse(watching("pods") if watch else listing("pods"), status, retry_after="2")
    async with looking(proxy.url) as seen:
        await eventually(lambda: not proxy.refusals)
        await writer.scale("web-0", 4)
        await right(seen, sandbox.url)
    asked = [at for at, what in proxy.asked if "/pods?" in what and ("watch" in what) == watch]
    assert asked[1] - asked[0] >= 1.9


@pytest.mark.parametrize("status", [429, 503])
async def test_everything_is_refused_for_a_while(sandbox: Sandbox, proxy: Proxy, writer: Writer, status: int) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        proxy.refuse(anything, status, retry_after="1", times=40)
        proxy.cut()
        await writer.scale("web-0", 4)
        await writer.call("DELETE", f"{DEPLOYMENTS}/web-1")
        await right(seen, sandbox.url)


async def test_a_token_that_rotates(sandbox: Sandbox, proxy: Proxy, writer: Writer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    proxy.tokens = {"first"}
    async with looking(proxy.url, token_file=file) as seen:
        await right(seen, sandbox.url)
        for token in ("second", "third"):
            proxy.tokens = {token}
            proxy.cut()
            await eventually(lambda: "401" in seen.watcher.freshness().error, 12)
            await writer.scale("web-0", 4)
            file.write_text(token)
            await right(seen, sandbox.url)


async def test_a_token_that_is_exchanged_before_the_old_one_is_refused(
    sandbox: Sandbox, proxy: Proxy, writer: Writer, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    proxy.tokens = {"first"}
    async with looking(proxy.url, token_file=file) as seen:
        await right(seen, sandbox.url)
        file.write_text("second")
        proxy.tokens = {"second"}
        proxy.cut()
        await writer.scale("web-0", 4)
        await right(seen, sandbox.url)
        assert not seen.watcher.freshness().error
