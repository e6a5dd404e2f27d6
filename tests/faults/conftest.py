"""An API server, what lies before it, and somebody who writes to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.faults.proxy import Proxy
from tests.faults.sandbox import Sandbox, Writer, living


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox of the test's own, as a process."""
    with living(tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
async def writer(sandbox: Sandbox) -> AsyncIterator[Writer]:
    """Somebody who has opened a shop in it."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        writer = Writer(sandbox.url, session)
        await writer.open_shop()
        yield writer


@pytest.fixture
async def proxy(sandbox: Sandbox, writer: Writer) -> AsyncIterator[Proxy]:
    """What lies between us and it."""
    async with Proxy(sandbox.url) as proxy:
        yield proxy
