"""An API server that dies and returns: with its history, without it, as it was before, or as another cluster."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.mirror import eventually
from tests.faults.proxy import Proxy
from tests.faults.sandbox import DEPLOYMENTS, Sandbox, Writer
from tests.faults.whole import Looking, looking, right


async def noticed(seen: Looking) -> None:
    """Wait until the outage has been seen, and everything still shows."""
    await eventually(lambda: seen.watcher.freshness().error, 12)
    assert len(seen.board) > 10


async def test_gone_for_a_while_with_its_history_kept(sandbox: Sandbox, proxy: Proxy, writer: Writer) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        await proxy.stop()
        await writer.scale("web-0", 4)
        await writer.call("DELETE", f"{DEPLOYMENTS}/web-1")
        await noticed(seen)
        await proxy.start()
        await right(seen, sandbox.url)


async def test_killed_and_back_without_its_history(sandbox: Sandbox, writer: Writer) -> None:
    async with looking(sandbox.url) as seen:
        await right(seen, sandbox.url)
        await writer.scale("web-0", 4)
        sandbox.kill()
        await noticed(seen)
        sandbox.start()
        await writer.call("DELETE", f"{DEPLOYMENTS}/web-1")
        await right(seen, sandbox.url)


async def test_restored_from_a_backup(sandbox: Sandbox, writer: Writer, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    async with looking(sandbox.url) as seen:
        await right(seen, sandbox.url)
        sandbox.back_up(backup)
        await writer.call("DELETE", f"{DEPLOYMENTS}/web-1")
        for replicas in range(3, 9):
            await writer.scale("web-0", replicas)
        await right(seen, sandbox.url)
        sandbox.kill()
        sandbox.restore(backup)
        await noticed(seen)
        sandbox.start()
        await right(seen, sandbox.url)
        assert seen.board.row("apps/Deployment/shop/web-1") is not None


async def test_restored_and_grown_past_what_we_knew_behind_our_back(
    sandbox: Sandbox, proxy: Proxy, writer: Writer, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        sandbox.back_up(backup)
        await writer.call("DELETE", f"{DEPLOYMENTS}/web-1")
        await right(seen, sandbox.url)
        known = max(entry.version for entry in seen.board.entries.by_id.values())
        await proxy.stop()
        sandbox.kill()
        sandbox.restore(backup)
        sandbox.start()
        version = 0
        while version <= known + 5:
            changed = await writer.call("PATCH", f"{DEPLOYMENTS}/web-2", {"metadata": {"labels": {"at": str(version)}}})
            version = int(changed["metadata"]["resourceVersion"])
        await noticed(seen)
        await proxy.start()
        await right(seen, sandbox.url)
        assert seen.board.row("apps/Deployment/shop/web-1") is not None


async def test_another_cluster_at_the_same_address(sandbox: Sandbox, writer: Writer) -> None:
    async with looking(sandbox.url) as seen:
        await right(seen, sandbox.url)
        sandbox.kill()
        sandbox.forget()
        await noticed(seen)
        sandbox.start()
        await writer.call("POST", "/api/v1/namespaces", {"metadata": {"name": "elsewhere"}})
        await right(seen, sandbox.url)
        assert seen.board.row("apps/Deployment/shop/web-0") is None
        assert seen.board.row("core/Namespace/-/elsewhere") is not None
