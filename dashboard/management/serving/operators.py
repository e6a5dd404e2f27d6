"""The sandbox's operators, and the object store that one of them maps to, as processes beside the demo."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from dashboard.management.serving.child_process import ChildError, ChildProcess
from dashboard.management.serving.sandbox_process import SandboxProcess

MODULE = "dashboard.sandbox.operators"
OPERATORS = ("database", "bucket")


async def operate(sandbox: SandboxProcess, kubeconfig: Path, ready: asyncio.Event, say: Callable[[str], None]) -> None:
    """Once `ready` is set, run the operators until cancelled; the demo goes on without those that do not start.

    Not earlier: they take a second of a core, which the first page would wait for.
    """
    await ready.wait()
    with tempfile.TemporaryDirectory(prefix="reconcilerviz-buckets-") as root:
        store = StoreAddress()
        shelf = ChildProcess(
            "the bucket store",
            f"{MODULE}.bucket_store",
            "bucket store ready",
            lambda: ["--root", root, "--port", str(store.port)],
            store.noticed,
            say,
        )
        operators = ChildProcess(
            "the operators",
            MODULE,
            "operators ready",
            lambda: _options(kubeconfig, store, examples=not sandbox.empty),
            lambda _: None,
            say,
        )
        try:
            async with shelf.serving(), operators.serving():
                # A new sandbox knows neither their kinds nor their objects: they begin again.
                sandbox.child.followers.append(operators)
                say(f"  operators      database and bucket are running; buckets are folders below {root}")
                await asyncio.Event().wait()
        except ChildError as error:
            say(f"  operators      {error}")


class StoreAddress:
    """Where the store serves: any free port first, then the same one again."""

    port = 0

    def noticed(self, line: str) -> None:
        """Read the port from the line that the store prints."""
        self.port = int(line.rpartition(":")[2])

    @property
    def url(self) -> str:
        """Its address for the operator."""
        return f"http://127.0.0.1:{self.port}"


def _options(kubeconfig: Path, store: StoreAddress, *, examples: bool) -> list[str]:
    options = [*OPERATORS, "--kubeconfig", str(kubeconfig.absolute()), "--store", store.url, "--install"]
    return [*options, "--examples"] if examples else options
