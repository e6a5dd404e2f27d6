"""Streams that break in every way: the board is what a fresh list gives, without another list where none is needed."""

from __future__ import annotations

from tests.cluster.mirror import eventually
from tests.faults.proxy import GARBAGE, Proxy
from tests.faults.sandbox import DEPLOYMENTS, Sandbox, Writer
from tests.faults.whole import Looking, looking, right


def relists(seen: Looking) -> int:
    return seen.watcher.counters.relists


async def test_nothing_breaks(sandbox: Sandbox, proxy: Proxy, writer: Writer) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        await writer.scale("web-0", 4)
        await right(seen, sandbox.url)
        assert relists(seen) == 0


async def test_every_connection_is_cut_again_and_again(sandbox: Sandbox, proxy: Proxy, writer: Writer) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        for replicas in (4, 1, 3):
            await eventually(proxy.streams)
            proxy.cut()
            await writer.scale("web-0", replicas)
        await right(seen, sandbox.url)


async def test_one_stream_is_cut(sandbox: Sandbox, proxy: Proxy, writer: Writer) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        proxy.cut("pods")
        await writer.scale("web-0", 4)
        await right(seen, sandbox.url)
        assert relists(seen) == 0


async def test_a_stream_goes_silent(sandbox: Sandbox, proxy: Proxy, writer: Writer) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        for flow in proxy.streams("pods") + proxy.streams("deployments"):
            flow.held = True
        await writer.scale("web-0", 4)
        await right(seen, sandbox.url)
        assert relists(seen) == 0


async def test_every_connection_goes_silent_and_speaks_again(sandbox: Sandbox, proxy: Proxy, writer: Writer) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        proxy.freeze()
        await writer.scale("web-0", 4)
        await eventually(lambda: seen.watcher.freshness().error, 12)
        proxy.thaw()
        await right(seen, sandbox.url)


async def test_half_a_line(sandbox: Sandbox, proxy: Proxy, writer: Writer) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        torn = proxy.streams()
        for flow in torn:
            flow.torn = True
        await writer.scale("web-0", 4)
        await writer.call("DELETE", f"{DEPLOYMENTS}/web-1")
        await eventually(
            lambda: len(proxy.flows & set(torn)) <= len(torn) - 4
        )  # Deployments, ReplicaSets, Pods, Events
        await right(seen, sandbox.url)


async def test_a_line_of_garbage(sandbox: Sandbox, proxy: Proxy, writer: Writer) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        await writer.scale("web-0", 4)
        for flow in proxy.streams():
            await flow.inject(GARBAGE)
        await writer.scale("web-0", 2)
        await right(seen, sandbox.url)
        assert relists(seen) > 0
