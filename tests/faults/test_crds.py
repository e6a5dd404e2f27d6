"""Custom kinds that come, change and go while they are watched, also behind our back."""

from __future__ import annotations

from tests.cluster.mirror import eventually
from tests.faults.proxy import Proxy, watching
from tests.faults.sandbox import CRDS, WIDGETS, Sandbox, Writer, widget
from tests.faults.whole import Looking, looking, right

ONE = "example.com/Widget/shop/one"
CRD = f"{CRDS}/widgets.example.com"


async def put(writer: Writer, name: str, path: str = WIDGETS) -> None:
    """Create a widget as soon as its kind is served."""
    made = ""
    while made != name:
        made = (await writer.call("POST", path, widget(name)))["metadata"].get("name", "")


def shows(seen: Looking, id: str) -> bool:
    return seen.board.row(id) is not None


async def test_added_changed_and_deleted(sandbox: Sandbox, proxy: Proxy, writer: Writer) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        await writer.define()
        await put(writer, "one")
        await right(seen, sandbox.url)
        assert shows(seen, ONE)
        await writer.define("v2")
        await put(writer, "two", WIDGETS.replace("v1", "v2"))
        await right(seen, sandbox.url)
        await writer.define("v2", status=False)
        await eventually(lambda: not shows(seen, ONE))
        await right(seen, sandbox.url)
        await writer.define("v2")
        await eventually(lambda: shows(seen, ONE))
        await right(seen, sandbox.url)
        await writer.call("DELETE", CRD)
        await right(seen, sandbox.url)
        assert not shows(seen, ONE)


async def test_added_and_deleted_while_nobody_could_tell_us(sandbox: Sandbox, proxy: Proxy, writer: Writer) -> None:
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        await proxy.stop()
        await writer.define()
        await put(writer, "one")
        await proxy.start()
        await right(seen, sandbox.url)
        assert shows(seen, ONE)
        await proxy.stop()
        await writer.call("DELETE", CRD)
        await proxy.start()
        await right(seen, sandbox.url)
        assert not shows(seen, ONE)


async def test_deleted_and_defined_again_while_its_watch_had_expired(
    sandbox: Sandbox, proxy: Proxy, writer: Writer
) -> None:
    await writer.define()
    await put(writer, "one")
    async with looking(proxy.url) as seen:
        await right(seen, sandbox.url)
        assert shows(seen, ONE)
        proxy.refuse(watching("customresourcedefinitions"), 410)
        proxy.refuse(watching("widgets"), 410)
        proxy.cut()
        await writer.call("DELETE", CRD)
        await writer.define()
        await put(writer, "other")
        await right(seen, sandbox.url)
        assert not shows(seen, ONE)
