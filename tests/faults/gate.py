"""The proxy for tests that have no event loop of their own: it lives in a thread's."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tests.faults.proxy import Proxy

T = TypeVar("T")


class Gate:
    """A proxy, and whom to ask to do something to it."""

    def __init__(self, proxy: Proxy, loop: asyncio.AbstractEventLoop) -> None:
        self.proxy = proxy
        self._loop = loop

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Have it done in the proxy's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def call(self, work: Callable[[], T]) -> T:
        """The same for what does not wait."""

        async def done() -> T:
            return work()

        return self.wait(done())

    def stop(self) -> None:
        """Refuse connections, and cut those there are."""
        self.wait(self.proxy.stop())

    def start(self) -> None:
        """Listen again."""
        self.wait(self.proxy.start())

    def kubeconfig(self, folder: Path) -> str:
        """A kubeconfig that leads through it."""
        path = folder / "through-the-gate.yaml"
        context = {"cluster": "gate", "user": "nobody"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "gate", "cluster": {"server": self.proxy.url}}],
            "users": [{"name": "nobody", "user": {}}],
            "contexts": [{"name": "gate", "context": context}],
            "current-context": "gate",
        }
        path.write_text(yaml.safe_dump(config))
        return str(path)


@contextlib.contextmanager
def gate(upstream: str) -> Iterator[Gate]:
    """A proxy before `upstream`, until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="gate", daemon=True)
    thread.start()
    made = Gate(Proxy(upstream), loop)
    try:
        made.wait(made.proxy.__aenter__())
        yield made
    finally:
        made.wait(made.proxy.__aexit__())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
